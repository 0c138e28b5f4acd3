"""What an event, a symbol and a client cost: processor time of each process and room, between stretches of steady load.

Processor time does not depend on what else the machine does, as far as its caches allow; so the figures hold on a busy
one too. What is measured is told in docs/scaling.md.
"""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from tests.faults.rig import Rig

__all__ = ["measure_costs"]

STREAM: Final = b"GET /api/quotes/stream%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
SETTLED_S: Final = 2.0
MANY: Final = tuple(f"S{number:03}" for number in range(500))


class Crowd(threading.Thread):
    """Clients that read what they get, and throw it away."""

    def __init__(self, connections: Sequence[socket.socket]) -> None:
        super().__init__(daemon=True)
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        for connection in connections:
            self._selector.register(connection, selectors.EVENT_READ)
        self._connections = connections

    def run(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.2):
                with suppress(OSError):
                    key.fileobj.recv(1 << 18)  # type: ignore[union-attr]

    def leave(self) -> None:
        self._over.set()
        self.join(5)
        for connection in self._connections:
            connection.close()


def measure_costs(rig: Rig, *, stretch_s: float, rate: float, clients: int, say: Callable[[str], None]) -> None:
    """Stretches of `stretch_s`: at rest; at `rate`; at `rate` over 500 symbols; with clients at 200 events a second."""
    rig.feeder.rest(resting=True)
    rest = _stretch(rig, stretch_s)
    say(f"at rest, ms of processor time a second: {_each(rest[0], stretch_s / 1_000)}")
    room = rig.room()
    rig.feeder.go_on(rate)
    few, few_events = _stretch(rig, stretch_s)
    say(_per_event("3", few_events / stretch_s, _more(few, rest[0]), few_events))
    rig.feeder.go_on(rate, MANY)
    many, many_events = _stretch(rig, stretch_s)
    say(_per_event(str(len(MANY)), many_events / stretch_s, _more(many, rest[0]), many_events))
    say(f"room, bytes an event: {_room(room, rig.room())}")
    rig.feeder.go_on(200.0)
    before = _stretch(rig, stretch_s)
    memory = rig.usage()["web"][0]
    crowd = Crowd([rig.connect(STREAM % b"", reads=True) for _ in range(clients)])
    crowd.start()
    time.sleep(SETTLED_S)
    with_crowd = _stretch(rig, stretch_s)
    told = (with_crowd[0]["web"] - before[0]["web"]) / (with_crowd[1] * clients)
    more_kib = (rig.usage()["web"][0] - memory) * 1_024
    say(f"{clients} clients: {told * 1e6:.2f} us of web a message delivered, {more_kib / clients:.1f} KiB a client")
    crowd.leave()


def _stretch(rig: Rig, seconds: float) -> tuple[dict[str, float], int]:
    """Processor seconds of each process, and events, over a stretch of steady load."""
    time.sleep(SETTLED_S)
    before, sent = rig.usage(), rig.feeder.sent
    time.sleep(seconds)
    after, events = rig.usage(), rig.feeder.sent - sent
    return {name: cpu - before.get(name, (0.0, 0.0))[1] for name, (_, cpu) in after.items()}, events


def _per_event(symbols: str, rate: float, spent: Mapping[str, float], events: int) -> str:
    return f"{rate:.0f} events/s of {symbols} symbols, us of processor time an event: {_each(spent, events / 1e6)}"


def _more(spent: Mapping[str, float], rest: Mapping[str, float]) -> dict[str, float]:
    return {name: seconds - rest.get(name, 0.0) for name, seconds in spent.items()}


def _each(spent: Mapping[str, float], count: float) -> str:
    return ", ".join(f"{name} {seconds / count:.1f}" for name, seconds in sorted(spent.items()))


def _room(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    rows = after["rows"] - before["rows"]
    return ", ".join(f"{name} {(after[name] - before[name]) / rows:.0f}" for name in sorted(after) if name != "rows")
