"""A JSON file read again at each change: its shapes, what is told of it, and half-written states."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.instruments import Instruments
from collectors.sources import json_file
from collectors.sources.base import CollectSpec, SourceError, UnknownSourceError
from collectors.sources.json_file import JsonFileSource
from thor_fast import QuoteBatch, Reject, parse_batch, register_source

ES = {"symbol": "ES", "ts": "2025-11-26T15:00:00Z", "source": "TOS", "last": 6708.5, "bid": 6708.25, "ask": 6708.5}
MTIME_S = 1_764_169_200


class File:
    """The watched file, whose every writing is a second later than the one before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mtime_s = MTIME_S

    def write(self, content: bytes | object) -> None:
        self.path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        self.mtime_s += 1
        os.utime(self.path, (self.mtime_s, self.mtime_s))


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "quotes.json")


@pytest.fixture
def source(file: File, instruments: Instruments, clock: Any) -> JsonFileSource:
    register_source("JSON")
    return JsonFileSource(file.path, instruments, clock_s=clock, sleep=clock.sleep)


def poll(source: JsonFileSource) -> tuple[QuoteBatch, list[Reject]]:
    return parse_batch(source.poll())


@pytest.mark.parametrize(
    "content",
    [
        [ES, ES | {"symbol": "NQ"}],
        {"ES": {key: value for key, value in ES.items() if key != "symbol"}, "NQ": ES | {"symbol": "NQ"}},
    ],
)
def test_an_array_and_rows_by_symbol_say_the_same(file: File, source: JsonFileSource, content: object) -> None:
    file.write(content)
    events, rejects = poll(source)
    assert not rejects
    assert events.symbols() == ["ES", "NQ"]
    assert (events[0].source, events[0].last) == ("TOS", Decimal("6708.5"))


def test_one_event_is_a_file_too(file: File, source: JsonFileSource) -> None:
    file.write(ES)
    assert poll(source)[0].symbols() == ["ES"]


def test_what_a_row_leaves_out_is_filled_in(file: File, source: JsonFileSource) -> None:
    file.write({"/ES:XCME": {"last": 6708.5}, "$DXY": {"bid": 99.7}})
    events, rejects = poll(source)
    assert not rejects
    assert [(event.symbol, event.source, event.last, event.bid, event.ask_size) for event in events] == [
        ("ES", "JSON", Decimal("6708.5"), None, None),
        ("$DXY", "JSON", None, Decimal("99.7"), None),
    ]
    assert events.ts_us() == [(MTIME_S + 1) * 1_000_000] * 2


def test_the_name_in_a_row_is_read_as_its_source_means_it(file: File, source: JsonFileSource) -> None:
    file.write([ES | {"symbol": "$DXY"}, ES | {"symbol": "ES", "source": "SCHWAB"}])
    assert poll(source)[0].symbols() == ["DX", "ES"]


def test_only_changed_rows_are_told_again(file: File, source: JsonFileSource) -> None:
    file.write({"ES": {"last": 1}, "NQ": {"last": 2}})
    assert poll(source)[0].symbols() == ["ES", "NQ"]
    assert source.poll() == []
    file.write({"ES": {"last": 1}, "NQ": {"last": 3}, "YM": {"last": 4}})
    assert poll(source)[0].symbols() == ["NQ", "YM"]
    file.write({"ES": {"last": 1}, "NQ": {"last": 2}})
    assert poll(source)[0].symbols() == ["NQ"]


def test_several_events_of_a_symbol_are_each_told_once(file: File, source: JsonFileSource) -> None:
    file.write([{"symbol": "ES", "last": 1}, {"symbol": "ES", "last": 2}])
    assert [event.last for event in poll(source)[0]] == [1, 2]
    file.write([{"symbol": "ES", "last": 1}, {"symbol": "ES", "last": 2}, {"symbol": "ES", "last": 3}])
    assert [event.last for event in poll(source)[0]] == [3]


def test_a_half_written_file_waits_and_the_last_good_state_stands(
    file: File, source: JsonFileSource, clock: Any
) -> None:
    file.write({"ES": {"last": 1}, "NQ": {"last": 2}})
    source.poll()
    file.write(b'{"ES": {"last": 1}, "NQ": {"la')
    assert source.poll() == []
    clock.now += 1
    assert source.poll() == []
    assert source.problem is None
    file.write({"ES": {"last": 1}, "NQ": {"last": 3}})
    assert poll(source)[0].symbols() == ["NQ"]


def test_a_file_that_stays_wrong_is_refused_once(file: File, source: JsonFileSource, clock: Any) -> None:
    file.write(b'{"ES": oops}')
    assert source.poll() == []
    clock.now += 3
    events, rejects = poll(source)
    assert len(events) == 0
    assert [(reject.code, reject.data) for reject in rejects] == [("bad_json", b'{"ES": oops}')]
    assert source.problem is not None
    assert "last good state" in source.problem
    clock.now += 3
    assert source.poll() == []
    file.write({"ES": {"last": 1}})
    assert poll(source)[0].symbols() == ["ES"]
    assert source.problem is None


def test_a_file_that_vanishes_for_a_moment_is_waited_for(file: File, source: JsonFileSource) -> None:
    file.write({"ES": {"last": 1}})
    source.poll()
    file.path.unlink()
    assert source.poll() == []
    file.write({"ES": {"last": 2}})
    assert poll(source)[0].symbols() == ["ES"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ([7], "bad_type"),
        ({"ES": 7}, "bad_type"),
        ([{"last": 1}], "missing_field"),
        ([{"symbol": "no such", "last": 1}], "bad_symbol"),
        ([{"symbol": "ES", "last": "1"}], "bad_type"),
        (b'[{"symbol": "ES", "last": NaN}]', "bad_json"),
    ],
)
def test_a_wrong_row_is_refused_and_the_others_go_on(
    file: File, source: JsonFileSource, content: object, code: str
) -> None:
    file.write(content)
    events, rejects = poll(source)
    assert len(events) == 0
    assert [reject.code for reject in rejects] == [code]


def test_a_new_name_replaces_the_source_of_every_row(file: File, instruments: Instruments) -> None:
    register_source("PAPER")
    file.write([ES, {"symbol": "NQ"}])
    source = JsonFileSource(file.path, instruments, rename="PAPER")
    assert poll(source)[0].sources() == ["PAPER", "PAPER"]


async def test_batches_are_told_as_the_file_changes(file: File, source: JsonFileSource) -> None:
    file.write({"ES": {"last": 1}})
    told: list[str] = []
    async for batch in source.batches():
        told.extend(parse_batch(batch)[0].symbols())
        if len(told) == 2:
            break
        file.write({"ES": {"last": 1}, "NQ": {"last": 1}})
    assert told == ["ES", "NQ"]


def test_a_missing_file_is_told_before_the_start(tmp_path: Path, instruments: Instruments) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        json_file.create(CollectSpec("json", file=tmp_path / "none.json"), instruments)
    with pytest.raises(UnknownSourceError, match="needs the file"):
        json_file.create(CollectSpec("json"), instruments)
