"""One collector's life: make the source, run it with its publisher and heartbeat, stop cleanly.

Whoever runs this cancels it to stop it (`asyncio.run` does so on Ctrl-C); what is in hand is then sent within a
grace time, or spooled.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import thor_fast
from collectors.bus import Bus, BusError
from collectors.errors import CollectorError
from collectors.health import Health
from collectors.instruments import load_instruments, register
from collectors.metrics import COLLECTOR_METRICS, served_metrics
from collectors.publisher import Publisher
from collectors.session_following import SessionFollower
from collectors.session_gate import SessionGate
from collectors.settings import CollectorSettings
from collectors.sources.base import CollectSpec, Source
from collectors.sources.registry import create_source
from collectors.spool import Spool, default_spool_folder

__all__ = ["CollectSpec", "collect", "run_collector"]

GRACE_S: Final = 3.0
LAST_BEAT_S: Final = 1.0
MIB: Final = 1024 * 1024

log = logging.getLogger(__name__)


async def run_collector(spec: CollectSpec, settings: CollectorSettings, *, metrics_port: int | None = None) -> None:
    """Collect until the source ends or this is cancelled, with `/metrics` at a port of its own where one is named.

    Raises CollectorError with one sentence for a person.
    """
    instruments = load_instruments()
    register(instruments)
    await collect(create_source(spec, instruments), settings, kind=spec.source, metrics_port=metrics_port)


async def collect(
    source: Source,
    settings: CollectorSettings,
    *,
    kind: str,
    metrics_port: int | None = None,
    time_s: Callable[[], float] = time.time,
) -> None:
    """Run one source with its publisher and heartbeat. `time_s` decides which sessions are on, seconds of UTC."""
    thor_fast.register_source(source.name)
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    spool = Spool(
        memory_events=settings.spool_memory_events,
        disk_bytes=settings.spool_disk_mib * MIB,
        # What can be read again needs no copy of itself.
        folder=default_spool_folder(settings.thor_state) / source.name if source.mode in {"live", "mock"} else None,
    )
    spool.open()
    # What was recorded is wanted whatever the time is now.
    follows = settings.follow_sessions and source.mode in {"live", "mock"}
    gate = SessionGate(bus, load_instruments(), time_s=time_s) if follows else None
    publisher = Publisher(bus, settings, spool, name=source.name, mode=source.mode, gate=gate)
    follower = SessionFollower(source, gate) if gate is not None else None
    health = Health(bus, source, publisher, kind=kind, follower=follower)
    state = "stopped"
    try:
        with served_metrics({"collector": COLLECTOR_METRICS}, bus.told, metrics_port):
            await _run(follower or source, publisher, health)
        state = "finished"
    finally:
        lost = await publisher.flush(GRACE_S)
        if lost:
            log.error("%d events could be neither sent nor spooled", lost)
        with suppress(BusError, TimeoutError):
            async with asyncio.timeout(LAST_BEAT_S):
                await health.beat(state)
        await bus.close()
        tally = publisher.tally
        log.info(
            "%s: %d events, %d rejects, %d dropped",
            state,
            tally.published,
            tally.rejects.total(),
            publisher.dropped,
        )


async def _run(source: Source | SessionFollower, publisher: Publisher, health: Health) -> None:
    try:
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(publisher.run())
            beating = tasks.create_task(health.run())
            async for candidates in source.batches():
                await publisher.offer(candidates)
            await publisher.finish()
            await sending
            beating.cancel()
    except ExceptionGroup as failures:
        told = failures.subgroup(CollectorError)
        if told is None:
            raise
        raise _first(told) from failures


def _first(group: BaseExceptionGroup[CollectorError]) -> CollectorError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
