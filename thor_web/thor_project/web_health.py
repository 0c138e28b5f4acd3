"""What a web process says of itself: once a second in Redis for `thor status`, and at `/metrics` for Prometheus.

Of several web processes one answers a request for `/metrics`; it tells of all of them, of the others what they last
said in Redis.
"""

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from collectors.bus import Bus, BusError
from thor_web.livedata.interface import Fanout, Hub

__all__ = ["HEALTH_STATE", "WebHealth", "exposition"]

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
LATENCY: Final = "thor_web_stream_latency_seconds"


class WebHealth:
    """Reads the counters of this process; changes nothing of them."""

    def __init__(self, bus: Bus, hub: Hub, fanout: Fanout, *, worker: str | None) -> None:
        self._bus = bus
        self._hub = hub
        self._fanout = fanout
        self.component = f"web:{socket.gethostname()}:{worker}" if worker else "web"

    @property
    def ready(self) -> bool:
        """Redis is there and has been read."""
        return self._hub.ready and not self._hub.degraded

    def fields(self) -> dict[str, str | int | float]:
        """The counters as Redis keeps them."""
        counts = self._fanout.counts
        return {
            "state": "degraded" if self._hub.degraded else "serving" if self._hub.ready else "starting",
            "time_ms": time.time_ns() // 1_000_000,
            "clients": len(self._fanout),
            "symbols": len(self._hub.newest),
            "skipped": self._hub.skipped,
            "pid": os.getpid(),
            **{name: getattr(counts, name) for name in COUNTERS},
            **counts.latency.fields(),
        }

    async def run(self) -> None:
        """Say each second that this web process lives, until cancelled."""
        while True:
            with suppress(BusError):
                await self._bus.heartbeat(self.component, self.fields(), ttl_s=TTL_S)
            await asyncio.sleep(BEAT_S)

    async def metrics(self) -> str:
        """The Prometheus page of every web process."""
        found: dict[str, Mapping[str, Any]] = {}
        with suppress(BusError):
            found |= {
                name: fields for name, fields in (await self._bus.health()).items() if name.split(":")[0] == "web"
            }
        return exposition(found | {self.component: self.fields()})


def exposition(processes: Mapping[str, Mapping[str, Any]]) -> str:
    """Health fields of web processes in Prometheus' text format."""
    return "\n".join([*_gauges(processes), *_counters(processes), *_histograms(processes)]) + "\n"


def _gauges(processes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "# HELP thor_web_streams Event streams open now."
    yield "# TYPE thor_web_streams gauge"
    for name, fields in processes.items():
        yield f'thor_web_streams{{process="{name}"}} {fields["clients"]}'
    yield "# HELP thor_web_degraded 1 while Redis is away."
    yield "# TYPE thor_web_degraded gauge"
    for name, fields in processes.items():
        yield f'thor_web_degraded{{process="{name}"}} {int(fields["state"] == "degraded")}'


def _counters(processes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for counter, text in (*COUNTERS.items(), ("skipped", "Entries of the unified stream that were no event.")):
        yield f"# HELP thor_web_{counter}_total {text}"
        yield f"# TYPE thor_web_{counter}_total counter"
        for name, fields in processes.items():
            yield f'thor_web_{counter}_total{{process="{name}"}} {fields[counter]}'


def _histograms(processes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"# HELP {LATENCY} From a collector to the clients' connections, once an event."
    yield f"# TYPE {LATENCY} histogram"
    for name, fields in processes.items():
        for bound_us, count in json.loads(fields["latency_buckets"]).items():
            yield f'{LATENCY}_bucket{{process="{name}",le="{int(bound_us) / 1e6:g}"}} {count}'
        yield f'{LATENCY}_bucket{{process="{name}",le="+Inf"}} {fields["latency_count"]}'
        yield f'{LATENCY}_sum{{process="{name}"}} {int(fields["latency_sum_us"]) / 1e6:g}'
        yield f'{LATENCY}_count{{process="{name}"}} {fields["latency_count"]}'
