"""The process of a paper run: reads the unified stream, plays, and keeps the registry informed. Knows no Django.

A process that was stopped or died is gone on with by playing its stream once more from where the run began: the same
entries give the same state, whatever the strategy remembers. What the stream does not hold any more cannot be played
again, and then the run fails and says so.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from collectors import keys
from collectors.bus import Bus, BusUnavailable, Entry, parse_id
from thor_fast import QuoteBatch, parse_batch, register_source
from thor_web.thordata.backtest.asked import PaperSpecification
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.outcomes import Outcome
from thor_web.thordata.backtest.paper import PaperRun
from thor_web.thordata.backtest.runs import Runs

__all__ = ["Taken", "play_paper", "stream_place"]

log = logging.getLogger(__name__)

READ_COUNT: Final = 2_000
BLOCK_MS: Final = 250
TOLD_EACH_S: Final = 3.0
BEHIND_S: Final = 10.0
"""So long after its end a run ends although nothing came that is later."""
BACKOFF_S: Final = (0.1, 5.0)


async def stream_place(bus: Bus, start: datetime | None) -> str:
    """After which entry a paper run begins: the newest; for one of the past the first, or what came in by then."""
    if start is None:
        return await bus.last_id(keys.UNIFIED_STREAM)
    if await bus.is_kept(keys.UNIFIED_STREAM, (0, 0)):
        return "0-0"
    return f"{int(start.timestamp() * 1_000)}-0"


@dataclass(frozen=True, slots=True)
class Taken:
    """A paper run that a worker has taken, and where the registry is."""

    registry: Callable[[], Runs]
    number: int
    worker: str
    asked: PaperSpecification

    def tell(self, run: PaperRun) -> bool:
        """Hold it longer and say how far it is. False when it is to be ended."""
        with self.registry() as runs:
            return runs.renew(self.number, self.worker, work=run.progress())

    def finish(self, run: PaperRun) -> None:
        """Store what came of it. Raises BacktestError."""
        with self.registry() as runs:
            result = run.result(lambda data_hash: runs.trials(self.asked.strategy, data_hash))
            runs.finish(self.number, self.worker, Outcome.of_run(result))


async def play_paper(bus: Bus, taken: Taken, *, modules: bool) -> None:
    """Play a run to its end, and store what came of it. Raises BacktestError.

    Cancelling the run in the registry ends it with what it has; cancelling this task leaves it to be gone on with.
    """
    run = PaperRun(taken.asked, modules=modules)
    if not await bus.is_kept(keys.UNIFIED_STREAM, parse_id(taken.asked.after)):
        raise BacktestError(
            "history_lost", f"the stream has lost entries after {taken.asked.after}, where the run began"
        )
    await _play(bus, run, taken)
    await asyncio.to_thread(taken.finish, run)


async def _play(bus: Bus, run: PaperRun, taken: Taken) -> None:
    """Until the span is over or the run is cancelled."""
    after, told_at, delay = taken.asked.after, 0.0, BACKOFF_S[0]
    ends_at = taken.asked.specification.span()[1].timestamp() + BEHIND_S
    while not run.is_over:
        try:
            entries = await bus.tail(keys.UNIFIED_STREAM, after, count=READ_COUNT, block_ms=BLOCK_MS)
        except BusUnavailable as error:
            log.warning("redis is away, trying again: %s", error)
            await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            delay = min(delay * 2, BACKOFF_S[1])
            continue
        delay = BACKOFF_S[0]
        if entries:
            await asyncio.to_thread(run.take, await _events(bus, entries))
            after = entries[-1].id
        elif time.time() > ends_at:
            return
        if time.monotonic() - told_at >= TOLD_EACH_S:
            if not await asyncio.to_thread(taken.tell, run):
                return
            told_at = time.monotonic()


async def _events(bus: Bus, entries: Sequence[Entry]) -> QuoteBatch:
    """What the entries hold; a source that nobody knew is asked for."""
    payloads = [entry.data or b"" for entry in entries]
    batch, rejects = parse_batch(payloads)
    if any(reject.code == "unknown_source" for reject in rejects):
        for source in await bus.sources():
            register_source(source)
        batch, _ = parse_batch(payloads)
    return batch
