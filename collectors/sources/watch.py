"""Noticing that a file changed, and reading it whole. Not for recordings, which are read once from the front."""

from dataclasses import dataclass
from pathlib import Path

from collectors.sources.base import SourceError

__all__ = ["FileVersion", "FileWatch"]


@dataclass(frozen=True, slots=True)
class FileVersion:
    """One state of a file: when it was written, in nanoseconds since 1970, and its size."""

    mtime_ns: int
    size: int

    @property
    def mtime_us(self) -> int:
        return self.mtime_ns // 1_000


class FileWatch:
    """Tells one file's versions apart by time and size."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def require(self) -> None:
        """Raise SourceError unless the file is there: a name that is wrong from the start never becomes right."""
        if not self.path.is_file():
            raise SourceError(f"There is no file {self.path}.")

    def version(self) -> FileVersion | None:
        """The file's present version. None while it is missing: programs replace a file by removing it first."""
        try:
            state = self.path.stat()
        except OSError:
            return None
        return FileVersion(state.st_mtime_ns, state.st_size)

    def read(self, version: FileVersion) -> bytes | None:
        """The whole of that version, None where the file changed or vanished meanwhile."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        return content if self.version() == version and len(content) == version.size else None
