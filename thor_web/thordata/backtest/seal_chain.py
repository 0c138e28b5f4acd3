"""The hash chain of what was shown: how a block of signals becomes its next link. Pure; live and proof share it.

A line says which event and which signal: `source|microseconds|seq|signal`, with nothing where there is none.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

__all__ = ["Key", "Line", "beginning", "line_of", "lines_of", "linked", "packed", "unpacked"]

LEVEL: Final = 6

Key = tuple[str, int, int | None]
"""Source, instant in microseconds UTC, sequence: which event of a symbol."""
Line = tuple[Key, str | None]
"""An event and the signal that was shown with it."""


def beginning(symbol: str, trade_date: date) -> bytes:
    """The link before the first block."""
    return hashlib.sha256(f"{symbol}|{trade_date.isoformat()}".encode()).digest()


def linked(before: bytes, lines: bytes) -> bytes:
    """The link behind some lines."""
    return hashlib.sha256(before + lines).digest()


def line_of(line: Line) -> bytes:
    """One line as bytes."""
    (source, ts_us, seq), signal = line
    return f"{source}|{ts_us}|{'' if seq is None else seq}|{signal or ''}\n".encode()


def lines_of(lines: Iterable[Line]) -> bytes:
    """Lines as bytes, in their order."""
    return b"".join(map(line_of, lines))


def packed(lines: bytes) -> bytes:
    """As they are kept."""
    return zlib.compress(lines, LEVEL)


def unpacked(kept: bytes) -> tuple[bytes, list[Line]]:
    """Kept lines as bytes and as values. Raises ValueError for what was never packed here."""
    try:
        lines = zlib.decompress(kept)
    except zlib.error as error:
        raise ValueError(f"lines cannot be unpacked: {error}") from error
    return lines, list(_values(lines))


def _values(lines: bytes) -> Iterator[Line]:
    for text in lines.decode().splitlines():
        source, ts_us, seq, signal = text.split("|")
        yield (source, int(ts_us), int(seq) if seq else None), signal or None
