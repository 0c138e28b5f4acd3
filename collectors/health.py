"""The heartbeat of a collector: once a second it says how it goes, under `health:collector:<SOURCE>`."""

import asyncio
import json
import os
import time
from contextlib import suppress
from typing import Final

from collectors.bus import Bus, BusError
from collectors.instants import iso_from_us
from collectors.publisher import Publisher
from collectors.session_following import SessionFollower
from collectors.sources.base import Source

__all__ = ["Health"]

BEAT_S: Final = 1.0
EXPIRES_S: Final = 5
FINISHED_KEPT_S: Final = 600
"""A replay that has ended still shows for a while that it did, and what it sent."""
RATE_OVER_S: Final = 5.0


class Health:
    """Reads a source's and its publisher's counters; changes nothing of them."""

    def __init__(
        self, bus: Bus, source: Source, publisher: Publisher, *, kind: str, follower: SessionFollower | None = None
    ) -> None:
        self._bus = bus
        self._source = source
        self._publisher = publisher
        self._kind = kind
        self._follower = follower
        self._started_us = time.time_ns() // 1_000
        self._samples: list[tuple[float, int]] = [(time.monotonic(), 0)]

    async def run(self) -> None:
        """Beat until cancelled. A beat that Redis does not take is simply missed."""
        while True:
            with suppress(BusError, TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await self.beat("resting" if self._follower is not None and self._follower.resting else "running")
            await asyncio.sleep(BEAT_S)

    async def beat(self, state: str) -> None:
        """Say once how things are. Raises BusError."""
        expires = EXPIRES_S if state in {"running", "resting"} else FINISHED_KEPT_S
        await self._bus.heartbeat(f"collector:{self._source.name}", self.fields(state), ttl_s=expires)

    def fields(self, state: str) -> dict[str, str | int | float]:
        """The counters as Redis keeps them. Times are ISO 8601 in UTC, empty where there is none yet."""
        tally = self._publisher.tally
        return {
            "state": state if tally.waiting_for_redis is None else "waiting_for_redis",
            "kind": self._kind,
            "source": self._source.name,
            "mode": self._source.mode,
            "pid": os.getpid(),
            "tasks": len(asyncio.all_tasks()),
            "started_at": _iso(self._started_us),
            "updated_at": _iso(time.time_ns() // 1_000),
            "events": tally.published,
            "rate": self._rate(tally.published),
            "rejects": tally.rejects.total(),
            "rejects_by_code": json.dumps(dict(sorted(tally.rejects.items()))),
            "spooled": self._publisher.spooled,
            "dropped": self._publisher.dropped,
            "not_wanted": tally.not_wanted,
            "last_event_ts": _iso(tally.newest_ts_us),
            "last_published_at": _iso(tally.last_published_us),
            "problem": self._source.problem or "",
            **self._publisher.latency.fields(),
        }

    def _rate(self, published: int) -> float:
        """Events a second over the last few seconds."""
        now = time.monotonic()
        self._samples.append((now, published))
        while len(self._samples) > 2 and now - self._samples[1][0] >= RATE_OVER_S:
            del self._samples[0]
        since, before = self._samples[0]
        return round((published - before) / max(now - since, 1e-3), 1)


def _iso(us: int | None) -> str:
    return "" if us is None else iso_from_us(us)
