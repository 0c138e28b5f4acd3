"""What waits for Redis: events in order, as the batches they came in, in memory first and on disk beyond that.

The policy at its bound: the oldest go, and are counted. A live price that is minutes old is worth least. Events that
are on disk, and those in memory when the collector is stopped, are found again at its next start and sent first.
Only one process at a time uses a source's folder; another one finds it locked and keeps to its memory.
"""

import logging
import os
import struct
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from thor_fast import QuoteBatch, parse_batch, register_source

__all__ = ["Spool", "Spooled", "default_spool_folder"]

LARGEST_SEGMENT: Final = 5_000
SMALLEST_MEMORY: Final = 100
FIRST_SEGMENT: Final = 1_000_000_000
"""Leaves room for segments that turn out to be older than the first."""
SUFFIX: Final = ".spool"
_RECORD: Final = struct.Struct("<qBI")
"""When the events were received, and the lengths of the source's name and of the events' lines; both follow."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spooled:
    """Events on their way to the stream of `source`, received together at `at_us`, microseconds UTC."""

    source: str
    events: QuoteBatch
    at_us: int

    def __len__(self) -> int:
        return len(self.events)


class _Queue:
    """Batches in order, taken by the number of their events."""

    def __init__(self) -> None:
        self._items: deque[Spooled] = deque()
        self._events = 0

    def __len__(self) -> int:
        return self._events

    def put(self, items: Iterable[Spooled]) -> None:
        for item in items:
            self._items.append(item)
            self._events += len(item)

    def take(self, most: int) -> list[Spooled]:
        taken: list[Spooled] = []
        left = min(most, self._events)
        self._events -= left
        while left:
            item = self._items.popleft()
            if len(item) > left:
                self._items.appendleft(replace(item, events=item.events[left:]))
                item = replace(item, events=item.events[:left])
            taken.append(item)
            left -= len(item)
        return taken

    def take_all(self) -> list[Spooled]:
        return self.take(self._events)


@dataclass(frozen=True, slots=True)
class _Segment:
    """A file of events that are older than everything in memory."""

    path: Path
    events: int
    size: int


def default_spool_folder(state: Path | None) -> Path:
    """Where spools live: in the state folder of a `thor up`, else where this system keeps a user's program state."""
    if state is not None:
        return state / "spool"
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        root = Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local" / "state"))
    return root / "thor" / "spool"


class Spool:
    """A queue with a bound: `memory_events` in memory (100 at least) and `disk_bytes` in `folder`, if there is one."""

    def __init__(self, *, memory_events: int, disk_bytes: int, folder: Path | None) -> None:
        self._memory_events = max(memory_events, SMALLEST_MEMORY)
        self._segment_events = min(LARGEST_SEGMENT, self._memory_events // 2)
        self._disk_bytes = disk_bytes
        self._folder = folder if disk_bytes > 0 else None
        self._lock: IO[bytes] | None = None
        self._segments: deque[_Segment] = deque()
        self._reading: Path | None = None
        self._head = _Queue()
        self._tail = _Queue()
        self._next_segment = FIRST_SEGMENT
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._head) + sum(segment.events for segment in self._segments) + len(self._tail)

    def open(self) -> None:
        """Take the folder and find what an earlier run left there. Without the folder, memory is all there is."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = _lock(self._folder / "lock")
        except OSError as error:
            self._folder = None
            log.warning("nothing is spooled to disk: %s", error)
            return
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            number, _, events = path.stem.partition("-")
            self._segments.append(_Segment(path, int(events), path.stat().st_size))
            self._next_segment = int(number) + 1
        if self._segments:
            log.info("%d events of an earlier run are sent first", len(self))

    def put(self, items: Iterable[Spooled]) -> None:
        """Add the newest events, moving the oldest to disk or out where there is no room."""
        self._tail.put(items)
        while len(self._tail) > self._memory_events:
            excess = len(self._tail) - self._memory_events
            count = excess if self._folder is None else min(self._segment_events, len(self._tail))
            oldest = self._tail.take(count)
            if not self._write(oldest):
                self.dropped += count

    def take(self, most: int) -> list[Spooled]:
        """Remove and return the oldest events. Their file goes once everything in it was taken and asked beyond."""
        if not len(self._head):
            self._forget_read_segment()
            self._load_segment()
        return (self._head if len(self._head) else self._tail).take(most)

    def close(self, in_hand: Iterable[Spooled] = ()) -> int:
        """Put what is left on disk, `in_hand` first, for the next start. Returns how many could not be kept."""
        first = [*in_hand, *self._head.take_all()]
        last = self._tail.take_all()
        # What was in hand came from the segment being read, or from memory before any present segment was written.
        older_than_segments = self._reading is not None or bool(self._segments)
        lost = 0
        if older_than_segments:
            lost += self._keep_before_segments(first)
        else:
            last = first + last
        if last and not self._write(last):
            lost += _events(last)
        if self._lock is not None:
            self._lock.close()
        return lost

    def _keep_before_segments(self, items: list[Spooled]) -> int:
        number = _number(self._reading or self._segments[0].path)
        try:
            if items:
                _write_segment(self._segment_path(number - 1, _events(items)), items)
            self._forget_read_segment()
        except OSError as error:
            log.warning("spooling to disk failed: %s", error)
            return 0 if self._reading is not None else _events(items)
        return 0

    def _write(self, items: list[Spooled]) -> bool:
        if self._folder is None:
            return False
        path = self._segment_path(self._next_segment, _events(items))
        try:
            size = _write_segment(path, items)
        except OSError as error:
            log.warning("spooling to disk failed: %s", error)
            return False
        self._next_segment += 1
        self._segments.append(_Segment(path, _events(items), size))
        self._stay_within_bound()
        return True

    def _stay_within_bound(self) -> None:
        while len(self._segments) > 1 and sum(segment.size for segment in self._segments) > self._disk_bytes:
            oldest = self._segments.popleft()
            oldest.path.unlink(missing_ok=True)
            self.dropped += oldest.events

    def _load_segment(self) -> None:
        if self._segments:
            segment = self._segments.popleft()
            self._head.put(_read_segment(segment.path))
            self._reading = segment.path

    def _forget_read_segment(self) -> None:
        if self._reading is not None:
            self._reading.unlink(missing_ok=True)
            self._reading = None

    def _segment_path(self, number: int, events: int) -> Path:
        if self._folder is None:
            raise OSError("a spool without a folder has no segments")
        return self._folder / f"{number:012d}-{events}{SUFFIX}"


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[0])


def _events(items: Iterable[Spooled]) -> int:
    return sum(len(item) for item in items)


def _write_segment(path: Path, items: Iterable[Spooled]) -> int:
    parts: list[bytes] = []
    for item in items:
        lines = item.events.to_json_lines()
        parts += (_RECORD.pack(item.at_us, len(item.source), len(lines)), item.source.encode(), lines)
    content = b"".join(parts)
    # Whole or not at all: a segment cut short by a crash would lose its end without a word.
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    unfinished.replace(path)
    return len(content)


def _read_segment(path: Path) -> Iterator[Spooled]:
    content = path.read_bytes()
    position = 0
    while position + _RECORD.size <= len(content):
        at_us, source_length, lines_length = _RECORD.unpack_from(content, position)
        start = position + _RECORD.size
        position = start + source_length + lines_length
        lines = content[start + source_length : position]
        if position > len(content):
            lines = lines[: lines.rfind(b"\n") + 1]
        source = content[start : start + source_length].decode()
        if not lines:
            return
        # An earlier run may have told of a source that this one does not know yet.
        register_source(source)
        events, rejects = parse_batch(lines)
        if rejects:
            log.warning("%d spooled events cannot be read: %s", len(rejects), rejects[0].message)
        if len(events):
            yield Spooled(source, events, at_us)


def _lock(path: Path) -> IO[bytes]:
    """Hold a file's lock until it is closed. Raises OSError where another process holds it."""
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - exists on Windows only

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - exists on Unix only

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise OSError(f"another collector uses {path.parent}") from error
    return file
