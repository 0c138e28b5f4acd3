"""The load: numbered events through the real publisher, at a steady rate, with its spool and its patience."""

import asyncio
import json
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import SecretStr

from collectors.bus import Bus
from collectors.publisher import Publisher
from collectors.settings import CollectorSettings
from collectors.spool import Spool

__all__ = ["POISON", "SOURCE", "Feeder"]

SOURCE: Final = "TOS"
SYMBOLS: Final = ("ES", "NQ", "YM")
POISON: Final = (b"\xff\xfe", b"", b"{}", b'{"v":1,"symbol":"ES","ts":"never"}', b"[" * 200, b"x" * 70_000)
TICK_S: Final = 0.02
YESTERDAY: Final = 300
"""So many of the first events are yesterday's, of a run of then."""
DAY: Final = timedelta(days=1)


class Feeder(threading.Thread):
    """Offers events until it is told to stop, then waits until all of them are sent."""

    def __init__(self, redis_url: str, rate: float) -> None:
        super().__init__(daemon=True)
        self._redis_url = redis_url
        self._rate = rate
        self._over = threading.Event()
        self._resting = threading.Event()
        self._wishes: list[Sequence[bytes]] = []
        self._run_id = time.time_ns() // 1_000_000
        self._symbols: Sequence[str] = SYMBOLS
        self._told: list[tuple[str, int]] = []
        self.offered: list[bytes] = []
        self.refused = 0
        self.fault: BaseException | None = None

    @property
    def sent(self) -> int:
        return len(self.offered)

    def keys(self) -> set[tuple[str, int]]:
        """Symbol and number of everything that was offered."""
        return set(self._told[: self.sent])

    def run(self) -> None:
        try:
            asyncio.run(self._feed())
        except BaseException as fault:  # noqa: BLE001 - the test's own thread raises it
            self.fault = fault

    def stop(self) -> None:
        """No more events; returns when Redis has all of them."""
        self._resting.clear()
        self._over.set()
        self.join(120)
        assert self.fault is None, self.fault
        assert not self.is_alive(), "the publisher cannot get rid of its events"

    def go_on(self, rate: float, symbols: Sequence[str] = SYMBOLS) -> None:
        """From now on so many events a second, over these symbols."""
        self._rate, self._symbols = rate, symbols
        self._resting.set()  # counting from now on, not from the beginning
        time.sleep(10 * TICK_S)
        self._resting.clear()

    def rest(self, *, resting: bool) -> None:
        """Pause, or go on."""
        if resting:
            self._resting.set()
        else:
            self._resting.clear()

    def poison(self) -> int:
        """Offer each kind of poison in every position of a batch of good events; how many refusals that makes."""
        size, count = 6, 0
        for kind in POISON:
            for position in range(size):
                self._wishes.append([kind if place == position else b"" for place in range(size)])
                count += 1
        return count

    def repeat(self, count: int) -> None:
        """Offer the first events once more, yesterday's among them, as a collector does that begins its day again."""
        self._wishes.append(self.offered[:count])

    async def _feed(self) -> None:
        settings = CollectorSettings(redis_url=SecretStr(self._redis_url))
        bus = Bus.from_url(self._redis_url)
        spool = Spool(memory_events=200_000, disk_bytes=0, folder=None)
        spool.open()
        publisher = Publisher(bus, settings, spool, name=SOURCE, mode="live")
        sending = asyncio.create_task(publisher.run())
        begun = time.monotonic()
        due = 0.0
        while not self._over.is_set():
            if self._resting.is_set():
                begun, due = time.monotonic(), 0.0
            elif self._wishes:
                await publisher.offer(self._with_good(self._wishes.pop(0)))
            else:
                wanted = int((time.monotonic() - begun) * self._rate - due)
                due += wanted
                if wanted:
                    await publisher.offer([self._next() for _ in range(wanted)])
            await asyncio.sleep(TICK_S)
        await publisher.finish()
        await sending
        self.refused = publisher.tally.rejects.total()
        assert publisher.dropped == 0
        await bus.close()

    def _with_good(self, wish: Sequence[bytes]) -> list[bytes]:
        """A poisoned batch with good events in its other places; a repeated one as it is."""
        if wish and wish[0] in self.offered[:1]:
            return list(wish)
        poisoned = next((place for place, word in enumerate(wish) if word), 0)
        return [word if place == poisoned else self._next() for place, word in enumerate(wish)]

    def _next(self) -> bytes:
        number = self.sent
        ago = DAY if number < YESTERDAY else timedelta(0)
        symbol = self._symbols[number % len(self._symbols)]
        self._told.append((symbol, number))
        event = {
            "v": 1,
            "symbol": symbol,
            "ts": (datetime.now(UTC) - ago).isoformat().replace("+00:00", "Z"),
            "source": SOURCE,
            "last": 4800 + number % 400 / 4,
            "bid": 4800.0,
            "ask": 4900.25,
            "lastSize": 1,
            "bidSize": number % 50,
            "askSize": 7,
            "seq": number,
            "meta": {"run": self._run_id - int(ago.total_seconds() * 1_000)},
        }
        self.offered.append(json.dumps(event, separators=(",", ":")).encode())
        return self.offered[-1]
