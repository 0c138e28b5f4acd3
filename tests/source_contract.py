"""What every source must keep to, as tests: derive from SourceContract, say how to make the source and what stirs it.

A class, because the same tests run over every source; everything else in Thor's tests is a plain function.
"""

import asyncio
import json
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import pytest

from collectors.instruments import Instruments, load_instruments, register
from collectors.sources.base import Source
from thor_fast import parse_batch, register_source

__all__ = ["SourceContract"]

SOURCE_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,15}")
PATIENCE_S = 15.0
FUTURE_TOLERANCE_US = 2_000_000


class SourceContract(ABC):
    """Derive, name the class `Test…`, and pytest runs every test below."""

    @abstractmethod
    async def make(self, folder: Path, instruments: Instruments) -> Source:
        """A source with something to tell. `folder` is empty and this test's own."""

    async def stir(self) -> None:  # noqa: B027
        """Make the source have something new to tell, where it does not by itself."""

    async def finish(self) -> None:  # noqa: B027
        """Put away what `make` set up."""

    @pytest.fixture
    def instruments(self) -> Instruments:
        loaded = load_instruments()
        register(loaded)
        return loaded

    async def told(self, source: Source, *, batches: int = 1) -> list[Sequence[bytes]]:
        """The first batches of a source, which is then closed."""
        if SOURCE_NAME.fullmatch(source.name):
            register_source(source.name)
        found: list[Sequence[bytes]] = []
        coming = source.batches()
        async with asyncio.timeout(PATIENCE_S):
            async for candidates in coming:
                found.append(candidates)
                if len(found) == batches:
                    break
                await self.stir()
            await close(coming)
        return found

    async def test_its_name_and_mode_are_such_as_events_and_health_can_hold(
        self, tmp_path: Path, instruments: Instruments
    ) -> None:
        source = await self.make(tmp_path, instruments)
        try:
            assert SOURCE_NAME.fullmatch(source.name)
            assert source.mode in {"live", "mock", "replay", "file"}
            assert source.problem is None or source.problem.endswith(".")
        finally:
            await self.finish()

    async def test_every_candidate_is_an_event_that_the_core_takes(
        self, tmp_path: Path, instruments: Instruments
    ) -> None:
        source = await self.make(tmp_path, instruments)
        try:
            (candidates,) = await self.told(source)
        finally:
            await self.finish()
        assert all(isinstance(json.loads(candidate), dict) for candidate in candidates)
        events, rejects = parse_batch(list(candidates))
        assert len(events) > 0
        assert [(reject.code, reject.field, reject.message) for reject in rejects] == []

    async def test_its_events_name_it_its_canonical_symbols_and_no_time_to_come(
        self, tmp_path: Path, instruments: Instruments
    ) -> None:
        source = await self.make(tmp_path, instruments)
        try:
            (candidates,) = await self.told(source)
        finally:
            await self.finish()
        events, _ = parse_batch(list(candidates))
        if source.mode != "replay":
            assert set(events.sources()) == {source.name}
        # What the registry knows under another name must have come under its canonical one.
        for symbol in events.symbols():
            known = instruments.resolve(source.name, symbol)
            assert known is None or known.instrument.symbol == symbol
        assert max(events.ts_us()) < time.time_ns() // 1_000 + FUTURE_TOLERANCE_US

    async def test_a_stream_that_nobody_wants_any_more_leaves_nothing_behind(
        self, tmp_path: Path, instruments: Instruments
    ) -> None:
        source = await self.make(tmp_path, instruments)
        before = asyncio.all_tasks()
        try:
            await self.told(source)
        finally:
            await self.finish()
        async with asyncio.timeout(PATIENCE_S):
            while left_behind(before):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def test_cancelling_it_while_it_waits_ends_it(self, tmp_path: Path, instruments: Instruments) -> None:
        source = await self.make(tmp_path, instruments)
        coming = source.batches()
        try:
            waiting = asyncio.ensure_future(anext(coming))
            await asyncio.wait({waiting}, timeout=0.2)
            waiting.cancel()
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(waiting, return_exceptions=True)
                await close(coming)
        finally:
            await self.finish()


async def close(coming: object) -> None:
    """Close what `batches` gave, as the end of a collector does."""
    aclose = getattr(coming, "aclose", None)
    if aclose is not None:
        await aclose()


def left_behind(before: set["asyncio.Task[object]"]) -> list[object]:
    """Tasks and threads that a source started and did not end; the event loop's own helper threads are not its."""
    tasks = [task for task in asyncio.all_tasks() - before if not task.done()]
    threads = [thread for thread in threading.enumerate() if thread.name == "excel"]
    return [*tasks, *threads]
