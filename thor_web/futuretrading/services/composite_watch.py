"""The composite as an alert looks at it, in a process that has no hub: brought up to date whenever it is asked for."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import orjson

from collectors import keys
from collectors.bus import Bus, BusError
from thor_fast import parse_batch, register_source
from thor_web.futuretrading.services.announcement import follow
from thor_web.futuretrading.services.enrichment import Enricher
from thor_web.futuretrading.services.market_state import catch_up, restore_market
from thor_web.timezones.interface import Feed

__all__ = ["COMPOSITE", "CompositeWatch"]

COMPOSITE: Final = "TOTAL"
FIRST_ENTRIES: Final = 2_000
"""Where `thor signals` has left nothing, so many entries tell what the symbols stand at."""
FRESH_S: Final = 60.0
"""Not asked for longer, it begins anew from what `thor signals` has seen: that is less to read."""


class CompositeWatch:
    """Gives TOTAL's signal weight sum, the figure that its signal is the class of, as a feed."""

    def __init__(
        self, bus: Bus, *, stale_after_ms: int, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._bus = bus
        self._stale_after_ms = stale_after_ms
        self._now = now
        self._enricher = Enricher.shipped(stale_after_ms=stale_after_ms)
        self._asked_at = float("-inf")

    async def run(self) -> None:
        """Keep to the configuration that holds, until cancelled."""
        async for configuration in follow(self._bus):
            self._enricher.configure(configuration)

    async def feeds(self, named: Collection[str]) -> list[Feed]:
        """TOTAL, where it is among the symbols that are named; none while Redis is away or nothing has been quoted."""
        if COMPOSITE not in named:
            return []
        try:
            await self._bring_up_to_date()
        except BusError:
            return []
        now = self._now()
        total = orjson.loads(self._enricher.total(round(now.timestamp() * 1_000)))
        if not total["n_used"]:
            return []
        return [Feed(COMPOSITE, market="", last=Decimal(total["signal_weight_sum"]), received_at=now)]

    async def _bring_up_to_date(self) -> None:
        loop_s = asyncio.get_running_loop().time()
        anew, self._asked_at = loop_s - self._asked_at > FRESH_S, loop_s
        for source in await self._bus.sources():
            with suppress(ValueError):
                register_source(source)
        if anew:
            configuration = self._enricher.configuration
            self._enricher = Enricher(configuration, stale_after_ms=self._stale_after_ms)
            await restore_market(self._bus, self._enricher)
        if self._enricher.core.position == "0-0":
            await self._begin()
        await catch_up(self._bus, self._enricher)

    async def _begin(self) -> None:
        for entry in await self._bus.newest_entries(keys.UNIFIED_STREAM, count=FIRST_ENTRIES):
            batch, _ = parse_batch([entry.data or b""])
            self._enricher.observe(batch, [entry.id] * len(batch))
