"""The json source: a file that another program rewrites, read again whenever it changes.

Three shapes are read:

    [{"symbol": "ES", "last": 6708.5, ...}, ...]        an array of events
    {"symbol": "ES", "last": 6708.5, ...}               one event
    {"ES": {"last": 6708.5, ...}, "YM": {...}}          rows by symbol

A row is a canonical event that may leave things out: `source` is then JSON, `ts` the time the file was written, and
a missing price or size is unknown. Rows that say the same as before are not told again.
"""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from collectors.instruments import Instruments
from collectors.sources.base import CollectSpec, Mode, UnknownSourceError
from collectors.sources.watch import FileVersion, FileWatch

__all__ = ["DEFAULT_SOURCE", "JsonFileSource", "create", "read_rows"]

DEFAULT_SOURCE: Final = "JSON"
POLL_S: Final = 0.2
HALF_WRITTEN_S: Final = 2.0
"""A file that cannot be read may be half written; one that stays so for this long is wrong, and is refused as input."""
_PRICES_AND_SIZES: Final = ("last", "bid", "ask", "lastSize", "bidSize", "askSize")

Row = dict[str, Any]


def read_rows(content: bytes) -> list[object]:
    """The rows of a file in any of the three shapes, as they stand in it. Raises ValueError for what is not JSON."""
    document = json.loads(content)
    if isinstance(document, list):
        return document
    if isinstance(document, dict) and "symbol" not in document:
        return [{"symbol": symbol, **row} if isinstance(row, dict) else row for symbol, row in document.items()]
    return [document]


class JsonFileSource:
    """Tells the changed rows of each new version of the file."""

    mode: Mode = "file"

    def __init__(
        self,
        path: Path,
        instruments: Instruments,
        *,
        rename: str | None = None,
        clock_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = rename or DEFAULT_SOURCE
        self.problem: str | None = None
        self._watch = FileWatch(path)
        self._instruments = instruments
        self._rename = rename
        self._clock_s = clock_s
        self._sleep = sleep
        self._known: dict[str, list[Row]] = {}
        self._read_version: FileVersion | None = None
        self._unreadable: tuple[FileVersion, float] | None = None

    async def batches(self) -> AsyncIterator[Sequence[bytes]]:
        """What changed at each change of the file, for ever. Raises SourceError where there is none to begin with."""
        self._watch.require()
        while True:
            candidates = self.poll()
            if candidates:
                yield candidates
            await self._sleep(POLL_S)

    def poll(self) -> list[bytes]:
        """The rows that are new since the last poll, as candidate events."""
        version = self._watch.version()
        if version is None or version == self._read_version:
            return []
        content = self._watch.read(version)
        if content is None:
            return []
        try:
            rows = read_rows(content)
        except (ValueError, RecursionError) as error:
            return self._half_written(version, content, str(error))
        self._read_version = version
        self._unreadable = None
        self.problem = None
        return self._changed(rows, version)

    def _half_written(self, version: FileVersion, content: bytes, reason: str) -> list[bytes]:
        now = self._clock_s()
        if self._unreadable is None or self._unreadable[0] != version:
            self._unreadable = (version, now)
        if now - self._unreadable[1] < HALF_WRITTEN_S:
            return []
        self._read_version = version
        self.problem = f"{self._watch.path} is not JSON ({reason}); its last good state stands."
        # Handed on as it is: the one judge of input refuses it, and it is counted and kept like any other.
        return [content]

    def _changed(self, rows: Sequence[object], version: FileVersion) -> list[bytes]:
        candidates: list[bytes] = []
        known: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if not isinstance(row, dict):
                candidates.append(json.dumps(row).encode())
                continue
            event = self._normalised(row)
            symbol = str(event.get("symbol"))
            if event not in self._known.get(symbol, ()):
                candidates.append(json.dumps(self._completed(event, version)).encode())
            known[symbol].append(event)
        self._known = known
        return candidates

    def _normalised(self, row: Row) -> Row:
        event = {"source": self.name} | row if self._rename is None else row | {"source": self.name}
        symbol = row.get("symbol")
        if isinstance(symbol, str):
            known = self._instruments.resolve(str(event["source"]), symbol)
            if known is not None:
                event["symbol"] = known.instrument.symbol
        return event

    @staticmethod
    def _completed(event: Row, version: FileVersion) -> Row:
        missing: Row = dict.fromkeys(_PRICES_AND_SIZES)
        return missing | {"ts": version.mtime_us // 1_000} | event


def create(spec: CollectSpec, instruments: Instruments) -> JsonFileSource:
    """Checks that there is a file to read."""
    if spec.file is None:
        raise UnknownSourceError("json needs the file to read: thor collect json FILE.")
    FileWatch(spec.file).require()
    return JsonFileSource(spec.file, instruments, rename=spec.rename)
