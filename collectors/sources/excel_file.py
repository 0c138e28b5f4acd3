"""The excel_file source: a workbook that no Excel has open, read through openpyxl whenever it is saved.

What such a file holds is what thinkorswim said when Excel last wrote it, hours or weeks ago. So its events carry the
time the file was written and `meta.stale`, and never stand for a live price.
"""

import asyncio
import io
import logging
import warnings
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from collectors.grid import GridError, GridReading, map_grid
from collectors.instruments import Instruments
from collectors.sources.base import CollectSpec, Mode, SourceError, UnknownSourceError
from collectors.sources.excel_session import DEFAULT_SHEETS
from collectors.sources.watch import FileVersion, FileWatch

__all__ = ["DEFAULT_RANGE", "ExcelFileSource", "create", "read_workbook"]

SOURCE: Final = "TOS"
DEFAULT_RANGE: Final = "A1:AZ200"
POLL_S: Final = 1.0

log = logging.getLogger(__name__)

Grid = list[tuple[object, ...]]


class _UnreadableError(Exception):
    """The file is no workbook just now; it may be half written."""


def read_workbook(path: Path, *, sheet: str | None = None, cell_range: str | None = None) -> Grid:
    """The values of a range as they were when the workbook was saved.

    Without a sheet's name the first of LiveData, Futures and the workbook's first sheet is read. Raises SourceError
    where the file, the sheet or the range is not there.
    """
    try:
        return _read_grid(path.read_bytes(), sheet, cell_range)
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.") from error
    except OSError as error:
        raise SourceError(f"The file {path} cannot be read: {error.strerror}.") from error
    except _UnreadableError as error:
        raise SourceError(f"The file {path} is no workbook that can be read: {error}.") from error


class ExcelFileSource:
    """Tells the whole grid once for each time the file is written."""

    mode: Mode = "file"

    def __init__(
        self,
        path: Path,
        instruments: Instruments,
        *,
        sheet: str | None = None,
        cell_range: str | None = None,
        rename: str | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = rename or SOURCE
        self.problem: str | None = None
        self._watch = FileWatch(path)
        self._instruments = instruments
        self._sheet = sheet
        self._cell_range = cell_range
        self._sleep = sleep
        self._told: FileVersion | None = None

    async def batches(self) -> AsyncIterator[Sequence[bytes]]:
        """The rows at each save, for ever. Raises SourceError where the file, sheet or range is not there."""
        self._watch.require()
        while True:
            candidates = await asyncio.to_thread(self.poll)
            if candidates:
                yield candidates
            await self._sleep(POLL_S)

    def poll(self) -> list[bytes]:
        """The rows of a version not told yet, as candidate events. Nothing while the file cannot be read."""
        version = self._watch.version()
        if version is None or version == self._told:
            return []
        content = self._watch.read(version)
        if content is None:
            return []
        try:
            reading = self._map(_read_grid(content, self._sheet, self._cell_range))
        except (_UnreadableError, GridError) as error:
            # Half written, or being edited: what was told before stands, and the next look may succeed.
            self.problem = f"{self._watch.path} cannot be read just now: {error}"
            return []
        self._told = version
        self.problem = None
        for finding in reading.findings:
            log.info("row %d, %s: %s, %s", finding.row, finding.symbol, finding.code, finding.message)
        return reading.candidates(version.mtime_us)

    def _map(self, grid: Grid) -> GridReading:
        # The names in the sheet are thinkorswim's, whatever the events are to be called.
        return map_grid(grid, self._instruments, source=SOURCE, publish_as=self.name, stale=True)


def create(spec: CollectSpec, instruments: Instruments) -> ExcelFileSource:
    """Reads the sheet once, so that a wrong name or range is told before anything starts."""
    if spec.file is None:
        raise UnknownSourceError("excel_file needs the workbook to read: thor collect excel_file FILE.")
    read_workbook(spec.file, sheet=spec.sheet, cell_range=spec.cell_range)
    return ExcelFileSource(spec.file, instruments, sheet=spec.sheet, cell_range=spec.cell_range, rename=spec.rename)


def _read_grid(content: bytes, sheet: str | None, cell_range: str | None) -> Grid:
    first_column, first_row, last_column, last_row = _bounds(cell_range or DEFAULT_RANGE)
    try:
        with warnings.catch_warnings():
            # openpyxl warns of drawings and validations that it does not keep; only values are read here.
            warnings.simplefilter("ignore")
            # From memory: an open handle would keep Excel from saving the file on Windows.
            workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            try:
                worksheet = workbook[_sheet_name(workbook, sheet)]
                return list(
                    worksheet.iter_rows(
                        min_row=first_row,
                        max_row=last_row,
                        min_col=first_column,
                        max_col=last_column,
                        values_only=True,
                    )
                )
            finally:
                workbook.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, EOFError, OSError) as error:
        raise _UnreadableError(str(error) or type(error).__name__) from error


def _sheet_name(workbook: Workbook, wanted: str | None) -> str:
    names = workbook.sheetnames
    if wanted is None:
        return next((name for name in DEFAULT_SHEETS if name in names), names[0])
    if wanted not in names:
        raise SourceError(f"The workbook has no sheet {wanted!r}; it has {', '.join(names)}.")
    return wanted


def _bounds(cell_range: str) -> tuple[int, int, int, int]:
    try:
        bounds = range_boundaries(cell_range)
    except (ValueError, TypeError) as error:
        raise SourceError(f"A range is written like A1:N13, was {cell_range!r}.") from error
    if any(bound is None or bound < 1 for bound in bounds):
        raise SourceError(f"A range is written like A1:N13, was {cell_range!r}.")
    first_column, first_row, last_column, last_row = (int(bound) for bound in bounds if bound is not None)
    return first_column, first_row, last_column, last_row
