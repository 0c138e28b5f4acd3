"""What Excel's COM really returned, kept as lines and played back: `--record FILE` and `--replay-com FILE`.

The first line says what was read; each later one is one read that differed from the one before it: the values as COM
gave them, or the COM error it failed with. Floats and integers stay apart, since COM gives errors as integers.
"""

import base64
import gzip
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Final

from collectors.sources.base import SourceError
from collectors.sources.excel_session import ExcelBusyError, ExcelGoneError, ExcelSession, ExcelTarget, Rows

__all__ = ["ComRecording", "Frame", "Player", "RecordedSession"]

FORMAT: Final = "thor-com"
VERSION: Final = 1
GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Frame:
    """One read: its values, or the error (`hresult`, and `scode` where Excel gave one of its own)."""

    at_us: int
    rows: Rows | None
    hresult: int | None = None
    scode: int | None = None
    gone: bool = False


class ComRecording:
    """A recording that is being written, line by line, so that a crash loses none."""

    def __init__(
        self, path: Path, target: ExcelTarget, *, clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000
    ) -> None:
        self._path = path
        self._target = target
        self._clock_us = clock_us
        self._begun = False
        self._last: object = None

    def listen(self, session: ExcelSession) -> "RecordedSession":
        """A session that reads as the given one and writes down what it read."""
        if not self._begun:
            self._write(
                {
                    "format": FORMAT,
                    "version": VERSION,
                    "workbook": self._target.workbook,
                    "sheet": self._target.sheet,
                    "range": self._target.cell_range,
                    "excel": session.version(),
                    "throttle_ms": session.throttle_ms(),
                }
            )
        return RecordedSession(session, self)

    def keep(self, what: dict[str, Any]) -> None:
        """Write one read down, unless it is what the last one was."""
        if what != self._last:
            self._last = what
            self._write({"at_us": self._clock_us()} | what)

    def _write(self, line: dict[str, Any]) -> None:
        try:
            with self._path.open("ab" if self._begun else "wb") as file:
                file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        except OSError as error:
            raise SourceError(f"The file {self._path} cannot be written: {error.strerror}.") from error
        self._begun = True


class RecordedSession(ExcelSession):
    """Passes everything through."""

    def __init__(self, session: ExcelSession, recording: ComRecording) -> None:
        self._session = session
        self._recording = recording

    def read(self) -> Rows:
        """What the session reads, written down."""
        try:
            rows = self._session.read()
        except (ExcelBusyError, ExcelGoneError) as error:
            self._recording.keep(_error_line(error))
            raise
        self._recording.keep({"rows": [[_kept(value) for value in row] for row in rows]})
        return rows

    def throttle_ms(self) -> int | None:
        """As the session says."""
        return self._session.throttle_ms()

    def version(self) -> str:
        """As the session says."""
        return self._session.version()


class Player:
    """A recording that is played back. `speed` is a multiple of its pace; None: each read gets the next frame."""

    def __init__(self, path: Path, *, speed: float | None, clock_s: Callable[[], float] = time.monotonic) -> None:
        head, self._frames = _load(path)
        self.workbook: str = head["workbook"]
        self.sheet: str | None = head["sheet"]
        self.cell_range: str = head["range"]
        self.excel: str = head.get("excel") or "16.0"
        self.throttle_ms: int = head.get("throttle_ms") or 2_000
        self._speed = speed
        self._clock_s = clock_s
        self._started: float | None = None
        self._next = 0

    def read(self) -> Frame:
        """The frame of this read: the next one if it is due, else the last one again."""
        if self._next < len(self._frames) and self._is_due(self._frames[self._next]):
            self._next += 1
        return self._frames[max(0, self._next - 1)]

    def excel_is_open(self) -> bool:
        """Whether Excel is there to attach to; asking is what makes it come back where time is not played."""
        if self._next == 0 or not self._frames[self._next - 1].gone:
            return True
        return self._next < len(self._frames) and self._is_due(self._frames[self._next])

    def now_us(self) -> int:
        """The recorded time of the newest read, microseconds UTC."""
        return self._frames[max(0, self._next - 1)].at_us

    def ended(self) -> bool:
        """Whether every frame was read."""
        return self._next >= len(self._frames)

    def _is_due(self, frame: Frame) -> bool:
        if self._speed is None:
            return True
        now = self._clock_s()
        if self._started is None:
            self._started = now
        return (frame.at_us - self._frames[0].at_us) / 1e6 <= (now - self._started) * self._speed


def _load(path: Path) -> tuple[dict[str, Any], Sequence[Frame]]:
    try:
        with _opened(path) as file:
            head, *lines = (json.loads(line) for line in file if line.strip())
        if head.get("format") != FORMAT or head.get("version") != VERSION:
            raise ValueError(f"it does not begin with {FORMAT} {VERSION}")
        frames = [_frame(line) for line in lines]
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.") from error
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"The file {path} is no recording of Excel: {error}.") from error
    if not frames:
        raise SourceError(f"The recording {path} is empty.")
    return head, frames


def _opened(path: Path) -> IO[bytes]:
    """The recording for reading; it may have been packed with gzip afterwards."""
    with path.open("rb") as file:
        is_packed = file.read(2) == GZIP_MAGIC
    if is_packed:
        packed: Any = gzip.GzipFile(path)
        unpacked: IO[bytes] = packed
        return unpacked
    return path.open("rb")


def _frame(line: dict[str, Any]) -> Frame:
    if "rows" in line:
        rows = tuple(tuple(_given(value) for value in row) for row in line["rows"])
        return Frame(int(line["at_us"]), rows)
    return Frame(int(line["at_us"]), None, int(line["hresult"]), line.get("scode"), bool(line.get("gone")))


def _error_line(error: ExcelBusyError | ExcelGoneError) -> dict[str, Any]:
    cause = error.__cause__
    info = getattr(cause, "excepinfo", None)
    scode = info[5] if isinstance(info, tuple) and len(info) > 5 else None
    gone = isinstance(error, ExcelGoneError)
    return {"hresult": getattr(cause, "hresult", 0), "scode": scode, "gone": gone}


def _kept(value: object) -> object:
    """A value as JSON can hold it without losing what kind of value it is."""
    match value:
        case None | str() | bool() | float():
            return value
        case int():
            return {"int": value}
        case Decimal():
            return {"currency": str(value)}
        case datetime():
            return {"time": value.isoformat()}
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
        case _:
            return {"other": repr(value)}


def _given(value: Any) -> object:
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    match kind:
        case "int":
            return int(inner)
        case "currency":
            return Decimal(inner)
        case "time":
            return datetime.fromisoformat(inner)
        case "bytes":
            return base64.b64decode(inner)
        case _:
            return str(inner)
