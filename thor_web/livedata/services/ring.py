"""The newest merged events in memory, as frames that every stream of this process shares.

A frame has a running number; a client is a number, not a queue. Frames fall off the old end, so memory is
bounded however slow a client is.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Final

from thor_fast import QuoteEvent, parse_event

__all__ = ["Enrich", "Frame", "Position", "Ring", "notice"]

Position = tuple[int, int]
"""A stream id as numbers."""

Enrich = Callable[[QuoteEvent, str], bytes]
"""Makes the enriched record of an event: (event, id of its unified entry) -> JSON object."""


class Frame:
    """One event of the unified stream, or a notice to every client (then `symbol` is None).

    `sse` is the ready frame for a stream that takes each event; `data` its JSON alone. `at_us` is when its collector
    received the event, microseconds UTC, as far as that is known. `bars` are the symbol's newest bars after the event,
    a JSON object an interval, empty bytes where there is none; no bars at all where nobody had asked for any.
    """

    __slots__ = ("_record", "at_us", "bars", "id", "position", "sse", "symbol")

    def __init__(
        self, entry_id: str, position: Position, symbol: str | None, sse: bytes, at_us: int | None = None
    ) -> None:
        self.id = entry_id
        self.position = position
        self.symbol = symbol
        self.sse = sse
        self.at_us = at_us
        self.bars: Sequence[bytes] = ()
        self._record: bytes | None = None

    @property
    def data(self) -> bytes:
        """The event's JSON with `active_source`."""
        return self.sse[self.sse.index(b"\ndata: ") + 7 : -2]

    @property
    def has_record(self) -> bool:
        """Whether its record was made already."""
        return self._record is not None

    def record(self, enrich: Enrich) -> bytes:
        """The enriched record, made once for all clients. Only for events."""
        if self._record is None:
            # Read again from the frame: an event kept beside it would keep the columns of its whole batch.
            self._record = enrich(parse_event(self.data), self.id)
        return self._record

    def forget_record(self) -> None:
        """Have the record made anew when it is asked for next: what it is made with has changed."""
        self._record = None


def notice(event: str, data: bytes, position: Position) -> Frame:
    """A frame that goes to every client and is not part of the stream: it has no id to resume from."""
    return Frame("", position, None, b"event: " + event.encode() + b"\ndata: " + data + b"\n\n")


class Ring:
    """Frames numbered from 0 in the order they came; the oldest are dropped beyond the capacity."""

    _SLACK: Final = 2
    """Dropped in one cut when the list has grown this many times over: amortised, appending costs nothing."""

    def __init__(self, capacity: int, start: Position) -> None:
        self.capacity = capacity
        self._frames: list[Frame] = []
        self._first = 0
        self._floor = start

    @property
    def first(self) -> int:
        """The number of the oldest frame that is here."""
        return self._first

    @property
    def end(self) -> int:
        """The number that the next frame will get."""
        return self._first + len(self._frames)

    @property
    def floor(self) -> Position:
        """Every event after this position is here."""
        return self._floor

    @property
    def last_position(self) -> Position:
        """Position of the newest event, or of where the ring began."""
        return self._frames[-1].position if self._frames else self._floor

    def extend(self, frames: Sequence[Frame]) -> None:
        """Append frames, whose positions must not fall."""
        self._frames.extend(frames)
        if len(self._frames) > self._SLACK * self.capacity:
            surplus = len(self._frames) - self.capacity
            self._floor = self._frames[surplus - 1].position
            del self._frames[:surplus]
            self._first += surplus

    def since(self, number: int, *, until: int) -> Sequence[Frame] | None:
        """The frames from a number on, up to but not with `until`; None when that number has fallen off the ring."""
        if number < self._first:
            return None
        return self._frames[number - self._first : until - self._first]

    def number_after(self, position: Position) -> int | None:
        """Number of the first frame after a position; None when frames after it have fallen off the ring."""
        if position < self._floor:
            return None
        return self._first + bisect_right(self._frames, position, key=lambda frame: frame.position)
