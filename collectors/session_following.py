"""Runs a source while any of its quotes are wanted; which of them is what the publisher asks the same gate.

It is a level that starts and stops the source, so no edge can be missed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from collectors.session_gate import LOOK_S, SessionGate
from collectors.sources.base import Source

__all__ = ["SessionFollower"]

log = logging.getLogger(__name__)


class SessionFollower:
    """The batches of a source, as long as the gate wants any. `resting` while it does not."""

    def __init__(self, source: Source, gate: SessionGate, *, look_s: float = LOOK_S) -> None:
        self._source = source
        self._gate = gate
        self._look_s = look_s
        self.resting = False

    async def batches(self) -> AsyncIterator[Sequence[bytes]]:
        """Until the source ends by itself; it is begun anew after each rest."""
        while True:
            await self._rest()
            batches = self._source.batches()
            pending: asyncio.Future[Sequence[bytes] | None] | None = None
            try:
                looked_at = asyncio.get_running_loop().time()
                while True:
                    pending = pending or asyncio.ensure_future(anext(batches, None))
                    await asyncio.wait({pending}, timeout=self._look_s)
                    if pending.done():
                        candidates, pending = pending.result(), None
                        if candidates is None:
                            return
                        yield candidates
                    if asyncio.get_running_loop().time() - looked_at >= self._look_s:
                        looked_at = asyncio.get_running_loop().time()
                        if not await self._wanted():
                            break
            finally:
                if pending is not None:
                    pending.cancel()
                    with suppress(asyncio.CancelledError, StopAsyncIteration):
                        await pending
                close = getattr(batches, "aclose", None)
                if close is not None:
                    await close()

    async def _rest(self) -> None:
        while not await self._wanted():
            if not self.resting:
                log.info("%s rests: its markets are closed", self._source.name)
            self.resting = True
            await asyncio.sleep(self._look_s)
        if self.resting:
            log.info("%s is at work again", self._source.name)
        self.resting = False

    async def _wanted(self) -> bool:
        await self._gate.refresh()
        return self._gate.wants_any()
