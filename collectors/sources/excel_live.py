"""The excel_live source: the quotes of a thinkorswim sheet while Excel has it open.

What changed is published, with the time at which it was read: RTD gives no times. A row that stays as it was is told
again now and then beside one that moved, which shows the merge that the sheet is alive; a sheet on which nothing moves
is not vouched for, since thinkorswim may have gone away behind Excel. While the workbook is closed nothing is
published: its cells still show plausible prices, hours or weeks old.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from collectors.errors import CollectorError
from collectors.grid import GridError, GridRow, SheetReader, map_grid
from collectors.instants import iso_from_us
from collectors.instruments import Instruments
from collectors.settings import ExcelSettings
from collectors.sources.base import CollectSpec, Mode, SourceError, UnknownSourceError
from collectors.sources.excel_file import read_workbook
from collectors.sources.excel_recording import ComRecording, Player
from collectors.sources.excel_session import ExcelSession, ExcelTarget
from collectors.sources.excel_worker import ExcelWorker, Failed, Finished, Message, Read, Trouble
from collectors.sources.repeat import Repeater
from collectors.sources.watch import FileWatch

__all__ = ["ExcelLiveSource", "create"]

SOURCE: Final = "TOS"
WATCHDOG_S: Final = 10.0
"""Excel that neither answers nor refuses for so long is hung in a call; another thread then takes over."""
MOST_ABANDONED: Final = 3
JOIN_S: Final = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SavedState:
    """What a closed workbook holds: a remark for a person, and its rows as stale candidates."""

    remark: str
    candidates: Sequence[bytes]


class ExcelLiveSource:
    """Reads through one worker thread; this side runs in the event loop."""

    def __init__(
        self,
        attach: Callable[[], ExcelSession],
        instruments: Instruments,
        *,
        mode: Mode = "live",
        poll_s: float = 0.2,
        repeat_s: float = 2.0,
        watchdog_s: float = WATCHDOG_S,
        saved: Callable[[], SavedState] | None = None,
        once: bool = False,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
        ended: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = SOURCE
        self.mode: Mode = mode
        self.problem: str | None = None
        self._attach = attach
        self._reader = SheetReader(instruments, source=SOURCE)
        self._poll_s = poll_s
        self._watchdog_s = watchdog_s
        self._saved = saved
        self._once = once
        self._clock_us = clock_us
        self._ended = ended
        self._repeater = Repeater(repeat_s)
        self._told: dict[str, GridRow] = {}
        self._findings: frozenset[tuple[str, str]] = frozenset()
        self._abandoned = 0

    async def batches(self) -> AsyncGenerator[Sequence[bytes], None]:
        """What changed at each poll, and repeats. Raises SourceError where there is no Excel at all."""
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        worker = self._start(inbox)
        try:
            while True:
                message = await self._next(inbox)
                if isinstance(message, Finished):
                    return
                candidates = self._handle(message) if message is not None else []
                if candidates:
                    yield candidates
                if time.monotonic() - worker.answered_s > self._watchdog_s:
                    worker = self._replace(worker, inbox)
        finally:
            worker.abandon()
            await asyncio.to_thread(worker.join, JOIN_S)

    def _start(self, inbox: asyncio.Queue[Message]) -> ExcelWorker:
        loop = asyncio.get_running_loop()

        def deliver(message: Message) -> None:
            # The loop may be closed already while the thread still ends.
            if not loop.is_closed():
                loop.call_soon_threadsafe(inbox.put_nowait, message)

        worker = ExcelWorker(self._attach, deliver, poll_s=self._poll_s, clock_us=self._clock_us, ended=self._ended)
        worker.start()
        return worker

    def _replace(self, hung: ExcelWorker, inbox: asyncio.Queue[Message]) -> ExcelWorker:
        self._lose(f"Excel has not answered for {self._watchdog_s:.0f} s.")
        hung.abandon()
        self._abandoned += 1
        if self._abandoned > MOST_ABANDONED:
            raise SourceError(f"Excel hung {self._abandoned} times; close its dialogs and start the collector again.")
        log.error("Excel has not answered for %.0f s; attaching anew", self._watchdog_s)
        return self._start(inbox)

    async def _next(self, inbox: asyncio.Queue[Message]) -> Message | None:
        try:
            async with asyncio.timeout(min(1.0, self._watchdog_s / 4)):
                return await inbox.get()
        except TimeoutError:
            return None

    def _handle(self, message: Read | Trouble | Failed) -> list[bytes]:
        match message:
            case Failed(error):
                if self._saved is None or not self._once:
                    raise error
                return self._without_excel(str(error), self._saved())
            case Trouble(sentence, attached):
                if self._saved is None or attached:
                    self._lose(sentence)
                    return []
                return self._without_excel(sentence, self._saved())
            case Read():
                return self._changed(message)

    def _changed(self, read: Read) -> list[bytes]:
        try:
            reading = self._reader.read(read.rows)
        except GridError as error:
            self._lose(str(error))
            return []
        if self.problem is not None:
            log.info("reading Excel again")
            self.problem = None
        self._log_new({(finding.symbol, finding.code): finding.message for finding in reading.findings})
        candidates: list[bytes] = []
        for row in reading.rows:
            if self._told.get(row.symbol) != row:
                candidate = row.candidate(read.at_us)
                self._told[row.symbol] = row
                self._repeater.tell([row.symbol], [candidate])
                candidates.append(candidate)
        return [*candidates, *self._repeater.due()] if candidates else []

    def _lose(self, sentence: str) -> None:
        """Note trouble. What was told is told anew afterwards: meanwhile it may have become another's."""
        if self.problem != sentence:
            log.warning("%s", sentence)
        self.problem = sentence
        self._told.clear()
        self._repeater.forget()

    def _without_excel(self, sentence: str, saved: SavedState) -> list[bytes]:
        """The saved values for one look, marked stale; for a stream only the remark that there are some."""
        self._lose(f"{sentence} {saved.remark}")
        return list(saved.candidates) if self._once else []

    def _log_new(self, findings: dict[tuple[str, str], str]) -> None:
        for (symbol, code), message in findings.items():
            if (symbol, code) not in self._findings:
                log.info("%s: %s, %s", symbol, code, message)
        self._findings = frozenset(findings)


def create(spec: CollectSpec, instruments: Instruments) -> ExcelLiveSource:
    """From the settings EXCEL_…, or from a recording of Excel."""
    settings = ExcelSettings()
    if spec.replay_com is not None:
        return _replayed(spec, spec.replay_com, instruments, settings)
    workbook = spec.file or settings.excel_data_file
    if workbook is None:
        raise UnknownSourceError("excel_live needs the workbook: set EXCEL_DATA_FILE, or name it on the command line.")
    target = ExcelTarget(
        workbook=str(workbook),
        sheet=spec.sheet or settings.excel_sheet_name,
        cell_range=spec.cell_range or settings.excel_live_range,
        throttle_ms=settings.excel_rtd_throttle_ms,
    )
    recording = None if spec.record is None else ComRecording(spec.record, target)

    def attach() -> ExcelSession:
        session = ExcelSession.attach(target)
        return session if recording is None else recording.listen(session)

    return ExcelLiveSource(
        attach,
        instruments,
        poll_s=settings.excel_live_poll_ms / 1_000,
        repeat_s=settings.repeat_unchanged_ms / 1_000,
        saved=None if settings.excel_live_require_open else _saved(workbook, target, instruments),
        once=spec.once,
    )


def _replayed(spec: CollectSpec, recording: Path, instruments: Instruments, settings: ExcelSettings) -> ExcelLiveSource:
    from collectors.sources.com_simulation import simulate  # noqa: PLC0415 - puts modules in pywin32's place

    player = Player(recording, speed=spec.speed)
    target = ExcelTarget(player.workbook, player.sheet, player.cell_range)
    simulate(player)
    return ExcelLiveSource(
        lambda: ExcelSession.attach(target),
        instruments,
        mode="replay",
        poll_s=0.0 if spec.speed is None else settings.excel_live_poll_ms / 1_000,
        repeat_s=settings.repeat_unchanged_ms / 1_000,
        clock_us=player.now_us,
        ended=player.ended,
    )


def _saved(workbook: Path, target: ExcelTarget, instruments: Instruments) -> Callable[[], SavedState]:
    """What the closed workbook would say, with a remark that it is old."""

    def look() -> SavedState:
        version = FileWatch(workbook).version()
        if version is None:
            return SavedState(f"There is no file {workbook} either.", [])
        remark = f"Its saved values are of {iso_from_us(version.mtime_us)}: stale, and no events."
        try:
            grid = read_workbook(workbook, sheet=target.sheet, cell_range=target.cell_range)
            reading = map_grid(grid, instruments, source=SOURCE, stale=True)
        except CollectorError as error:
            return SavedState(f"Its saved values cannot be read: {error}", [])
        return SavedState(remark, reading.candidates(version.mtime_us))

    return look
