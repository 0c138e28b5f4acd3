"""Clients that want the same and have the same, so that one message serves all of them.

An `Audience` gets every event; its members have been sent all that the fan-out has sent. A `Rhythm` gets the newest of
each symbol a few times a second. Who falls behind leaves its group and comes back when it has caught up.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Generic, Protocol, TypeVar

from thor_web.livedata.services.client import Client
from thor_web.livedata.services.hub import Hub
from thor_web.livedata.services.messages import StreamRequest
from thor_web.livedata.services.ring import Frame

__all__ = ["Audience", "Group", "Groups", "Rhythm"]

STAGGER_S: Final = 0.004
"""How much later each further rhythm of the same kind begins: about what it takes to write to the clients of one."""


class Group(Protocol):
    """What audiences and rhythms have in common."""

    wanted: StreamRequest
    last_sent: float

    def __len__(self) -> int: ...
    def remove(self, client: Client) -> None:
        """Take a client out, leaving in it how far it got."""

    def send(self, message: bytes, now: float) -> None:
        """Send an encoded message to every member."""


class Audience:
    """Members that have been sent every frame before `number`, which the fan-out moves on for all audiences."""

    def __init__(self, wanted: StreamRequest, now: float) -> None:
        self.wanted = wanted
        self.last_sent = now
        self.number = 0
        self._members: set[Client] = set()

    def __len__(self) -> int:
        return len(self._members)

    def add(self, client: Client) -> None:
        """Take in a client that has been sent every frame before `number`."""
        self._members.add(client)

    def remove(self, client: Client) -> None:
        self._members.discard(client)
        client.number = self.number

    def send(self, message: bytes, now: float) -> None:
        self.last_sent = now
        # A copy: a client that does not take all of it leaves at once.
        for client in tuple(self._members):
            client.transport.write(message)


class Rhythm:
    """Members that get their messages at the same instants: at once after a pause, else at their own rate."""

    MOST: Final = 100

    def __init__(self, hub: Hub, wanted: StreamRequest, hz: float, index: int) -> None:
        self.wanted = wanted
        self.last_sent = asyncio.get_running_loop().time()
        self._hub = hub
        self._period_s = 1.0 / hz
        self._stagger_s = index * STAGGER_S % self._period_s
        self._position = hub.read_position
        self._number = hub.ring.end
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._members: set[Client] = set()
        self._joining: set[Client] = set()

    def __len__(self) -> int:
        return len(self._members) + len(self._joining)

    def add(self, client: Client) -> None:
        """Take in a client, whatever it lacks: its first message is of its own."""
        self._joining.add(client)
        self.wake()

    def remove(self, client: Client) -> None:
        if client in self._members:
            self._members.discard(client)
            client.position, client.number = self._position, self._number
        self._joining.discard(client)
        if not len(self) and self._timer is not None:
            self._timer.cancel()

    def wake(self) -> None:
        """Something that a member wants is there: send it as soon as the rhythm allows."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time() + self._stagger_s, self._due), self._beat)

    def send(self, message: bytes, now: float) -> None:
        self.last_sent = now
        for client in tuple(self._members):
            client.transport.write(message)

    def _beat(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        hub = self._hub
        frames = hub.newest_after(self._position)
        message = self.wanted.together(hub.notices_from(self._number), frames)
        self._position = frames[-1].position if frames else self._position
        self._number = hub.ring.end
        if message:
            self.send(message, now)
        joining = tuple(self._joining)
        self._joining.clear()
        self._members.update(joining)
        for client in joining:
            own = self.wanted.together(hub.notices_from(client.number), hub.newest_after(client.position))
            if own:
                client.send(own)
                message = own
        if message:
            self._due = now + self._period_s


GroupT = TypeVar("GroupT", bound=Group)


class Groups(Generic[GroupT]):
    """Groups by what they want, and which of them a batch of frames concerns."""

    def __init__(self) -> None:
        self._of_all: set[GroupT] = set()
        self._of_symbol: dict[str, set[GroupT]] = {}
        self._by_wanted: dict[StreamRequest, list[GroupT]] = {}

    def __iter__(self) -> Iterator[GroupT]:
        return (group for groups in tuple(self._by_wanted.values()) for group in tuple(groups))

    def alike(self, wanted: StreamRequest) -> Sequence[GroupT]:
        """The groups that want exactly this."""
        return self._by_wanted.get(wanted, ())

    def add(self, group: GroupT) -> None:
        self._by_wanted.setdefault(group.wanted, []).append(group)
        for found in self._sets_of(group.wanted):
            found.add(group)

    def remove(self, group: GroupT) -> None:
        self._by_wanted[group.wanted].remove(group)
        if not self._by_wanted[group.wanted]:
            del self._by_wanted[group.wanted]
        for found in self._sets_of(group.wanted):
            found.discard(group)
        for symbol in group.wanted.symbols or ():
            if not self._of_symbol[symbol]:
                del self._of_symbol[symbol]

    def touched(self, frames: Iterable[Frame]) -> Iterable[GroupT]:
        """The groups that want at least one of the frames."""
        if not self._of_symbol:
            return tuple(self._of_all)
        symbols = {frame.symbol for frame in frames}
        if None in symbols:
            return tuple(self)
        found = set(self._of_all)
        for symbol in symbols:
            found |= self._of_symbol.get(symbol or "", set())
        return found

    def _sets_of(self, wanted: StreamRequest) -> list[set[GroupT]]:
        if wanted.symbols is None:
            return [self._of_all]
        return [self._of_symbol.setdefault(symbol, set()) for symbol in wanted.symbols]
