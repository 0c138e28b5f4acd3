"""Recordings as lines: whatever they are packed in, however long, and with another source's name."""

import gzip
import json
from pathlib import Path

import pytest
import zstandard

from collectors.sources.base import SourceError
from collectors.sources.recording import LONGEST_LINE, read_lines, rename_source

CANONICAL = (
    b'{"v":1,"symbol":"ES","ts":"2023-12-25T22:00:00.180087Z","source":"TOS","last":null,"bid":4799.0,'
    b'"ask":4799.5,"lastSize":null,"bidSize":16,"askSize":23,"meta":{"source":"TOS"}}'
)
LINES = [b'{"a":%d}' % number for number in range(100_000)]
CONTENT = b"\n".join(LINES) + b"\n"


@pytest.mark.parametrize("ending", [b"\n", b""])
def test_a_plain_file_is_read_line_by_line(tmp_path: Path, ending: bytes) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(LINES) + ending)
    assert list(read_lines(path)) == LINES


@pytest.mark.parametrize("name", ["events.jsonl", "events.gz", "events.zst"])
def test_packing_is_told_by_content_not_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    for packed in (CONTENT, gzip.compress(CONTENT), zstandard.compress(CONTENT)):
        path.write_bytes(packed)
        assert list(read_lines(path)) == LINES


def test_files_packed_in_pieces_are_read_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "events"
    half = len(CONTENT) // 2
    path.write_bytes(gzip.compress(CONTENT[:half]) + gzip.compress(CONTENT[half:]))
    assert list(read_lines(path)) == LINES
    path.write_bytes(zstandard.compress(CONTENT[:half]) + zstandard.compress(CONTENT[half:]))
    assert list(read_lines(path)) == LINES


def test_blank_lines_are_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b"\n  \n{}\r\n\n\t\n{}\n")
    assert list(read_lines(path)) == [b"{}\r", b"{}"]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b"")
    assert list(read_lines(path)) == []


def test_an_endless_line_is_cut_one_byte_past_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b"x" * (20 * LONGEST_LINE) + b"\n{}\n" + b"y" * (3 * LONGEST_LINE))
    first, second, third = read_lines(path)
    assert (first, second, third) == (b"x" * (LONGEST_LINE + 1), b"{}", b"y" * (LONGEST_LINE + 1))


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_file_cut_short_gives_what_it_has_and_then_says_so(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    packed: bytes = pack(CONTENT)
    path = tmp_path / "events"
    path.write_bytes(packed[: len(packed) // 2])
    told: list[bytes] = []
    with pytest.raises(SourceError, match=r"cut short|damaged"):
        told.extend(read_lines(path))
    lines = read_lines(path)
    assert next(lines) == LINES[0]


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(CONTENT))
    packed[len(packed) // 2] ^= 0xFF
    path = tmp_path / "events"
    path.write_bytes(bytes(packed))
    with pytest.raises(SourceError, match="damaged"):
        list(read_lines(path))


def test_a_missing_file_and_a_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        list(read_lines(tmp_path / "none"))
    with pytest.raises(SourceError, match="cannot be read"):
        list(read_lines(tmp_path))


def test_only_the_source_of_the_event_is_replaced() -> None:
    renamed = rename_source(CANONICAL, "PAPER")
    assert renamed == CANONICAL.replace(b'"source":"TOS","last"', b'"source":"PAPER","last"')


@pytest.mark.parametrize(
    "line",
    [
        b'{"source" : "TOS", "symbol":"ES"}',
        b'{"meta":{"source":"X"},"symbol":"ES","source":"TOS"}',
        b'{"symbol":"source","source":\t"T\\u004fS","a":["source","X",{"source":"Y"}]}',
        b'{"sour\\u0063e":"TOS","venue":"a \\" {[ \\\\"}',
    ],
)
def test_the_source_is_found_however_the_line_is_written(line: bytes) -> None:
    before, after = json.loads(line), json.loads(rename_source(line, "PAPER"))
    assert after == before | {"source": "PAPER"}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"not json",
        b'{"symbol":"ES"}',
        b'{"source":7}',
        b'["source","TOS"]',
        b'{"meta":{"source":"TOS"}}',
        b'{"source"',
    ],
)
def test_a_line_without_a_source_stays_as_it_is(line: bytes) -> None:
    assert rename_source(line, "PAPER") == line
