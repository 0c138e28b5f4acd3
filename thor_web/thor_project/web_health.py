"""What a web process says of itself: once a second in Redis for `thor status`, and at `/metrics` for Prometheus.

Whichever web process answers a request for `/metrics` tells of every process of Thor, of the others what they last
said in Redis.
"""

import asyncio
import os
import socket
import time
from contextlib import suppress
from typing import Any, Final

from collectors.bus import Bus, BusError
from collectors.instruments import Instruments
from collectors.metrics import COLLECTOR_METRICS, Family, Heartbeat, Tables, is_state, latency, metrics_page, number
from thor_web.futuretrading.interface import Enricher
from thor_web.livedata.interface import MERGER_METRICS, Fanout, Hub
from thor_web.thor_project.health_document import health_document
from thor_web.thor_project.market_health import CLOCK_METRICS, MARKET_METRICS, SIGNALS_METRICS, market_health
from thor_web.thordata.interface import INGESTOR_METRICS

__all__ = ["HEALTH_STATE", "METRICS", "WebHealth"]

HEALTH_STATE: Final = "health"
"""Name under which the server keeps it in the ASGI state."""
BEAT_S: Final = 1.0
TTL_S: Final = 5
COUNTERS: Final = {
    "opened": "Event streams opened.",
    "refused": "Event streams refused because there were too many.",
    "conflated": "Clients that were too slow for every event.",
    "reset": "Clients whose position was no longer kept.",
    "stuck": "Clients cut off because they took nothing for a minute.",
    "from_redis": "Events that resuming clients were sent from Redis.",
}
WEB_METRICS: Final = (
    Family("thor_web_streams", "gauge", "Event streams open now.", number("clients")),
    Family("thor_web_degraded", "gauge", "1 while Redis is away.", is_state("degraded")),
    *(Family(f"thor_web_{name}", "counter", text, number(name)) for name, text in COUNTERS.items()),
    Family("thor_web_skipped", "counter", "Entries of the unified stream that were no event.", number("skipped")),
    Family(
        "thor_web_stream_latency_seconds",
        "histogram",
        "End to end: from a collector to the clients' connections, once an event.",
        latency(),
    ),
)
METRICS: Final[Tables] = {
    "collector": COLLECTOR_METRICS,
    "merger": MERGER_METRICS,
    "ingestor": INGESTOR_METRICS,
    "signals": SIGNALS_METRICS,
    "clock": CLOCK_METRICS,
    "web": WEB_METRICS,
    "market": MARKET_METRICS,
}
"""Of each kind of process, by the first part of its component's name: what `/metrics` tells."""


class WebHealth:
    """Reads the counters of this process; changes nothing of them."""

    def __init__(
        self,
        bus: Bus,
        hub: Hub,
        fanout: Fanout,
        enricher: Enricher,
        instruments: Instruments,
        *,
        worker: str | None,
        stale_after_ms: int,
    ) -> None:
        self.bus = bus
        self._hub = hub
        self._fanout = fanout
        self._enricher = enricher
        self._instruments = instruments
        self._stale_after_ms = stale_after_ms
        self.component = f"web:{socket.gethostname()}:{worker}" if worker else "web"

    @property
    def ready(self) -> bool:
        """Redis is there and has been read."""
        return self._hub.ready and not self._hub.degraded

    def fields(self) -> dict[str, str | int | float]:
        """The counters as they are now."""
        counts = self._fanout.counts
        return {
            "state": "degraded" if self._hub.degraded else "serving" if self._hub.ready else "starting",
            "time_ms": time.time_ns() // 1_000_000,
            "clients": len(self._fanout),
            "symbols": len(self._hub.newest),
            "skipped": self._hub.skipped,
            "pid": os.getpid(),
            **{name: getattr(counts, name) for name in COUNTERS},
            **counts.latency.totals(),
        }

    async def run(self) -> None:
        """Say each second that this web process lives, until cancelled."""
        while True:
            with suppress(BusError):
                fields = self.fields() | self._fanout.counts.latency.fields()
                await self.bus.heartbeat(self.component, fields, ttl_s=TTL_S)
            await asyncio.sleep(BEAT_S)

    async def document(self) -> dict[str, Any]:
        """How everything stands, for the health page."""
        return await health_document(
            self.bus, self._hub, self._enricher, self._instruments, stale_after_ms=self._stale_after_ms
        )

    async def metrics(self) -> bytes:
        """The Prometheus page of every process that lives."""
        found: dict[str, Heartbeat] = {}
        with suppress(BusError):
            found |= await self.bus.health()
        market = await market_health(self.bus, self._hub, self._enricher, self._instruments)
        return metrics_page(METRICS, found | {self.component: self.fields(), "market": market})
