"""One attachment to a workbook that is open in Excel, through xlwings. Only attaches: it never starts or ends Excel.

Everything here belongs to the one thread that attached; COM objects must not wander. When to try again is decided by
excel_worker.py, so each call here tries once.
"""

import atexit
import importlib
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PureWindowsPath
from types import ModuleType
from typing import Any, Final

from collectors.sources.base import SourceError

__all__ = ["DEFAULT_SHEETS", "ExcelBusyError", "ExcelGoneError", "ExcelSession", "ExcelTarget", "WorkbookNotOpenError"]

DEFAULT_SHEETS: Final = ("LiveData", "Futures")
SLOW_THROTTLE_MS: Final = 500

_BUSY: Final = frozenset(
    {
        -2147418111,  # RPC_E_CALL_REJECTED: a cell is being edited or a dialog is open
        -2147417846,  # RPC_E_SERVERCALL_RETRYLATER
        -2146777998,  # VBA_E_IGNORE: as above, told by Excel itself
        -1712,  # errAETimeout: as above, on macOS
    }
)
_GONE: Final = frozenset(
    {
        -2147023174,  # RPC_S_SERVER_UNAVAILABLE
        -2147023170,  # RPC_S_CALL_FAILED
        -2147417848,  # RPC_E_DISCONNECTED
        -2147220995,  # CO_E_OBJNOTCONNECTED
        -2147221021,  # MK_E_UNAVAILABLE
        -2147221164,  # REGDB_E_CLASSNOTREG: no Excel on this machine any more
        -600,  # procNotFound: macOS runs no such program
        -609,  # connectionInvalid: it has ended
        -1728,  # errAENoSuchObject: the workbook was closed
    }
)
_NOT_ALLOWED: Final = -1743
"""errAEEventNotPermitted: macOS asks its user once, and the answer was no."""

log = logging.getLogger(__name__)

Rows = Sequence[Sequence[object]]


class ExcelBusyError(Exception):
    """Excel answers nobody just now; trying again soon may succeed."""


class ExcelGoneError(Exception):
    """Excel, or the workbook in it, is not there any more."""


class WorkbookNotOpenError(Exception):
    """No Excel of this user has the workbook open."""


@dataclass(frozen=True, slots=True)
class ExcelTarget:
    """What to read: a workbook by path or name, a sheet (None: the usual ones), a range such as A1:M20."""

    workbook: str
    sheet: str | None
    cell_range: str
    throttle_ms: int | None = None

    def means(self, name: str, full_name: str) -> bool:
        """Whether an open workbook is the one; a path is compared whole, without regard to case as Windows does."""
        wanted = PureWindowsPath(self.workbook)
        if len(wanted.parts) > 1:
            return PureWindowsPath(full_name) == wanted
        return name.casefold() == self.workbook.casefold()


class ExcelSession:
    """The range of one open workbook."""

    def __init__(self, app: Any, cells: Any) -> None:
        self._app = app
        self._cells = cells

    @classmethod
    def attach(cls, target: ExcelTarget) -> "ExcelSession":
        """Find the open workbook. Raises this module's errors, SourceError for a sheet or range that is not there."""
        xlwings = _load_xlwings()
        with _translated():
            for app in xlwings.apps:
                for book in app.books:
                    if target.means(str(book.name), str(book.fullname)):
                        session = cls(app, _range_of(book, target))
                        session._set_throttle(target.throttle_ms)
                        return session
        raise WorkbookNotOpenError(f"The workbook {target.workbook} is not open in Excel.")

    def read(self) -> Rows:
        """The values of the range as COM gives them, in one call; errors are its integers."""
        with _translated():
            values = self._cells.raw_value
        return _as_rows(values)

    def throttle_ms(self) -> int | None:
        """How often Excel updates RTD cells at most, None where it does not say (macOS)."""
        try:
            with _translated():
                return int(self._app.api.RTD.ThrottleInterval)
        except (AttributeError, TypeError, ValueError):
            return None

    def version(self) -> str:
        """Excel's version as it says it."""
        with _translated():
            return str(self._app.version)

    def _set_throttle(self, wanted_ms: int | None) -> None:
        found = self.throttle_ms()
        if found is None:
            return
        if wanted_ms is not None and wanted_ms != found:
            with _translated():
                self._app.api.RTD.ThrottleInterval = wanted_ms
            log.info("Excel's pause between RTD updates was %d ms and is now %d ms", found, wanted_ms)
        elif wanted_ms is None and found >= SLOW_THROTTLE_MS:
            log.warning(
                "Excel updates RTD cells every %d ms at most; EXCEL_RTD_THROTTLE_MS=100 would let it be faster", found
            )


@contextmanager
def com_initialised() -> Iterator[None]:
    """COM in this thread, where there is COM."""
    _load_xlwings()
    pythoncom: Any = sys.modules.get("pythoncom")
    if pythoncom is None:
        yield
        return
    pythoncom.CoInitialize()
    try:
        yield
    finally:
        pythoncom.CoUninitialize()


def _load_xlwings() -> ModuleType:
    """xlwings, made harmless. Raises SourceError where it or Excel's engine is absent."""
    try:
        xlwings = importlib.import_module("xlwings")
    except ImportError as error:
        raise SourceError("excel_live needs xlwings: pip install 'thor[excel]'.") from error
    windows: Any = sys.modules.get("xlwings._xlwindows")
    if windows is not None and windows.N_COM_ATTEMPTS != 1:
        # 0 means to retry for ever, without a pause, while somebody edits a cell. We try once and wait ourselves.
        windows.N_COM_ATTEMPTS = 1
        # At the end of the process xlwings would kill every Excel it does not list. Never on a trader's machine.
        atexit.unregister(windows.cleanup)
    if not any(engine.name == "excel" for engine in xlwings.engines):
        raise SourceError(
            "There is no Excel to read here: excel_live runs on Windows or macOS. "
            "A closed workbook is read by excel_file, a recording of Excel by --replay-com."
        )
    return xlwings


def _range_of(book: Any, target: ExcelTarget) -> Any:
    names = [str(sheet.name) for sheet in book.sheets]
    sheet = target.sheet or next((name for name in DEFAULT_SHEETS if name in names), names[0])
    if sheet not in names:
        raise SourceError(f"The workbook has no sheet {sheet!r}; it has {', '.join(names)}.")
    try:
        return book.sheets[sheet].range(target.cell_range)
    except Exception as error:
        if _hresult(error) is None or _hresult(error) in _BUSY | _GONE:
            raise
        raise SourceError(f"A range is written like A1:M20, was {target.cell_range!r}.") from error


def _as_rows(values: object) -> Rows:
    if not isinstance(values, tuple | list):
        return ((values,),)
    if not values or not isinstance(values[0], tuple | list):
        return (tuple(values),)
    return values


@contextmanager
def _translated() -> Iterator[None]:
    """COM's and xlwings' errors as ours."""
    try:
        yield
    except (SourceError, ExcelBusyError, ExcelGoneError):
        raise
    except Exception as error:
        code = _hresult(error)
        if code in _BUSY or type(error).__name__ == "ExcelBusyError":
            raise ExcelBusyError("Excel is busy: a cell is being edited or a dialog is open.") from error
        if code == _NOT_ALLOWED:
            raise SourceError(
                "macOS does not let this program speak to Excel: allow it under Privacy & Security, Automation."
            ) from error
        if code is not None:
            # Whatever else is said of a book that was readable: it is closed, or Excel is.
            raise ExcelGoneError(f"Excel does not answer any more ({code}).") from error
        raise


def _hresult(error: BaseException) -> int | None:
    """The number of a COM error, or of macOS' own; of a wrapped one the number that Excel itself gave."""
    code = getattr(error, "hresult", getattr(error, "errornumber", None))
    if not isinstance(code, int):
        return None
    inner = getattr(error, "excepinfo", None)
    scode = inner[5] if isinstance(inner, tuple) and len(inner) > 5 else None
    return scode if isinstance(scode, int) and scode in _BUSY else code
