"""A simulated Excel: modules in pywin32's place and a small COM tree, for the real xlwings code to run without Windows.

It is simulated, and no more than `--replay-com` needs: one Excel with one workbook of one sheet, whose range answers
what a recording holds. What real COM does beyond what was recorded, this cannot show.
"""

import ctypes
import importlib
import sys
from collections.abc import Iterator
from datetime import datetime
from types import ModuleType, SimpleNamespace
from typing import Any, Final

from collectors.sources.base import SourceError
from collectors.sources.excel_recording import Player

__all__ = ["simulate"]

WINDOW: Final = 4711
CHILD: Final = 4712
PROCESS: Final = 1668


class ComError(Exception):
    """As pywintypes.com_error."""

    def __init__(self, hresult: int, text: str = "", excepinfo: Any = None, argerror: Any = None) -> None:
        super().__init__(hresult, text, excepinfo, argerror)
        self.hresult = hresult
        self.excepinfo = excepinfo


class CDispatch:
    """What xlwings takes for a COM object."""


class _Range(CDispatch):
    def __init__(self, desk: "_Desk") -> None:
        self._desk = desk

    @property
    def Value(self) -> object:  # noqa: N802 - Excel's own name
        frame = self._desk.player.read()
        if frame.rows is None:
            info = None if frame.scode is None else (0, "Microsoft Excel", "", "", 0, frame.scode)
            raise ComError(frame.hresult or 0, "recorded", info)
        rows = frame.rows
        return rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else rows


class _Sheet(CDispatch):
    def __init__(self, desk: "_Desk") -> None:
        self._desk = desk
        self.Name = desk.player.sheet or "LiveData"

    def Range(self, _address: str) -> _Range:  # noqa: N802
        return _Range(self._desk)


class _Collection(CDispatch):
    def __init__(self, *items: Any) -> None:
        self._items = items
        self.Count = len(items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __call__(self, key: int | str) -> Any:
        for at, item in enumerate(self._items, start=1):
            if key in {at, item.Name}:
                return item
        raise ComError(-2147352567, "no such item", (0, "Microsoft Excel", "", "", 0, -2147352565))


class _Book(CDispatch):
    def __init__(self, desk: "_Desk") -> None:
        self.FullName = desk.player.workbook
        self.Name = desk.player.workbook.replace("\\", "/").rpartition("/")[2]
        self.Worksheets = _Collection(_Sheet(desk))


class _Rtd(CDispatch):
    def __init__(self, throttle_ms: int) -> None:
        self.ThrottleInterval = throttle_ms


class _Application(CDispatch):
    def __init__(self, desk: "_Desk") -> None:
        self.Version = desk.player.excel
        self.Hwnd = WINDOW
        self.RTD = _Rtd(desk.player.throttle_ms)
        self.Workbooks = _Collection(_Book(desk))
        self.Application = self


class _Desk:
    """The one place that the simulated modules look at; a new player is a new desktop."""

    player: Player
    application: _Application

    def seat(self, player: Player) -> None:
        self.player = player
        self.application = _Application(self)


def simulate(player: Player) -> None:
    """Make xlwings see an Excel that plays the recording. Raises SourceError beside the real pywin32, or no xlwings."""
    if sys.platform == "win32":
        raise SourceError("--replay-com simulates Excel where there is none; on Windows it would hide the real one.")
    known = sys.modules.get("pywintypes")
    desk = getattr(known, "thor_desk", None)
    if desk is not None:
        desk.seat(player)
        return
    desk = _Desk()
    desk.seat(player)
    _install(desk)


def _install(desk: _Desk) -> None:
    try:
        xlwings = importlib.import_module("xlwings")
    except ImportError as error:
        raise SourceError("--replay-com needs xlwings: pip install 'thor[excel]'.") from error
    for module in _modules(desk):
        sys.modules[module.__name__] = module
    # These belong to ctypes on Windows alone; xlwings takes them at its import and not later.
    borrowed: Any = ctypes
    own_loader = borrowed.PyDLL
    borrowed.windll, borrowed.oledll, borrowed.PyDLL = _user32(desk), _oledll(), lambda _path: _pythoncom_library()
    try:
        windows = importlib.import_module("xlwings._xlwindows")
    finally:
        borrowed.PyDLL = own_loader
        del borrowed.windll, borrowed.oledll
    xlwings.engines.add(xlwings.main.Engine(impl=windows.engine))
    xlwings.engines.active = xlwings.engines["excel"]


def _modules(desk: _Desk) -> list[ModuleType]:
    nothing = lambda *_: None  # noqa: E731
    names: dict[str, dict[str, Any]] = {
        "pywintypes": {"com_error": ComError, "error": OSError, "TimeType": datetime, "IID": str, "thor_desk": desk},
        "pythoncom": {"CoInitialize": nothing, "CoUninitialize": nothing, "ole_error": ComError, "__file__": None},
        "win32api": {},
        "win32con": {"MB_OK": 0, "MB_OKCANCEL": 1, "MB_YESNO": 4, "MB_YESNOCANCEL": 3},
        "win32gui": {"FindWindowEx": lambda *_: CHILD},
        "win32process": {"GetWindowThreadProcessId": lambda _window: (1, PROCESS)},
        "win32timezone": {},
        "win32com": {},
        "win32com.client": {
            "CDispatch": CDispatch,
            "DispatchBaseClass": type("DispatchBaseClass", (), {}),
            "CoClassBaseClass": type("CoClassBaseClass", (), {}),
            "Dispatch": lambda _pointer: desk.application,
            "DispatchEx": nothing,
        },
    }
    found = {name: ModuleType(name, __doc__) for name in names}
    for name, members in names.items():
        vars(found[name]).update(members)
    vars(found["win32com"])["client"] = found["win32com.client"]
    return list(found.values())


def _user32(desk: _Desk) -> SimpleNamespace:
    def top_window(_parent: object) -> int:
        return WINDOW if desk.player.excel_is_open() else 0

    return SimpleNamespace(user32=SimpleNamespace(GetTopWindow=top_window, GetWindow=lambda _window, _command: 0))


def _oledll() -> SimpleNamespace:
    ole32 = SimpleNamespace(CLSIDFromString=lambda _text, _target: 0)
    return SimpleNamespace(ole32=ole32, oleacc=SimpleNamespace(AccessibleObjectFromWindow=lambda *_: 0))


def _pythoncom_library() -> SimpleNamespace:
    def from_unknown(*_arguments: object) -> object:
        return None

    return SimpleNamespace(PyCom_PyObjectFromIUnknown=from_unknown)
