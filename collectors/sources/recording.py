"""A recording of events as lines: plain, gzip or zstandard, told apart by content. Reads in constant memory.

It knows lines and one field of them, the source, because a replay may be told to say another name. It judges nothing.
"""

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import zstandard

from collectors.sources.base import SourceError

__all__ = ["LONGEST_LINE", "read_lines", "rename_source"]

LONGEST_LINE: Final = 64 * 1024
"""Size in bytes an event may have. Of a longer line one byte more is kept, so that it is refused as too large."""

_BLOCK: Final = 256 * 1024
_PACKED_BLOCK: Final = 16 * 1024
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"

# How Thor itself writes an event: the source is the fourth field.
_CANONICAL_SOURCE: Final = re.compile(rb'\{"v":1,"symbol":"[^"\\]*","ts":(?:"[^"\\]*"|-?\d+),"source":("[^"\\]*")')
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]')
_AFTER_KEY: Final = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")


def read_lines(path: Path) -> Iterator[bytes]:
    """Each line that is not blank, without its newline. Raises SourceError when the file cannot be read to its end."""
    told = 0
    try:
        with path.open("rb") as file:
            for line in _lines(_decompressed(file)):
                told += 1
                yield line
    except FileNotFoundError as error:
        raise SourceError(f"There is no file {path}.") from error
    except OSError as error:
        # gzip.BadGzipFile is an OSError of another kind: it has no errno.
        reason = error.strerror or f"damaged after {told} lines"
        raise SourceError(f"The file {path} cannot be read: {reason}.") from error
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        raise SourceError(f"The file {path} is damaged or cut short after {told} lines.") from error


def rename_source(line: bytes, name: str) -> bytes:
    """The line with its top-level source replaced, every other byte as it was. A line without one is returned as is."""
    canonical = _CANONICAL_SOURCE.match(line)
    span = canonical.span(1) if canonical is not None else _find_source(line)
    if span is None:
        return line
    return b'%b"%b"%b' % (line[: span[0]], name.encode(), line[span[1] :])


def _decompressed(file: io.BufferedReader) -> Iterator[bytes]:
    magic = file.peek(4)[:4]
    if magic.startswith(_GZIP_MAGIC):
        return _blocks(gzip.GzipFile(fileobj=file))
    if magic == _ZSTD_MAGIC:
        return _zstd_blocks(file)
    return _blocks(file)


def _blocks(stream: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _zstd_blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Every frame of the file. Raises EOFError where the last one is cut short, which zstandard's own reader hides."""
    frame = None
    while packed := file.read(_PACKED_BLOCK):
        while packed:
            if frame is None:
                frame = zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(packed)
            packed = frame.unused_data
            if frame.eof:
                frame = None
    if frame is not None:
        raise EOFError


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    kept = b""
    for block in blocks:
        *whole, rest = (kept + block).split(b"\n")
        yield from (line[: LONGEST_LINE + 1] for line in whole if line.strip())
        # A file without newlines must not fill the memory: what is too long already needs no more of itself.
        kept = rest[: LONGEST_LINE + 1]
    if kept.strip():
        yield kept


def _find_source(line: bytes) -> tuple[int, int] | None:
    """Where the string value of the top-level key "source" stands, however the line is written."""
    depth = 0
    position = 0
    while (token := _TOKEN.search(line, position)) is not None:
        position = token.end()
        if token[0] in b"{[":
            depth += 1
        elif token[0] in b"}]":
            depth -= 1
        elif depth == 1 and (colon := _AFTER_KEY.match(line, position)) is not None:
            position = colon.end()
            value = _TOKEN.match(line, position)
            if _is_source(token[0]) and value is not None and value[0].startswith(b'"'):
                return value.span()
    return None


def _is_source(key: bytes) -> bool:
    try:
        return bool(json.loads(key) == "source")
    except ValueError:
        return False
