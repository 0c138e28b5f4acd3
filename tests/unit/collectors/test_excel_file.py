"""A closed workbook: what is in it is told once a save, as of that save, and never as live."""

import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from collectors.instruments import Instruments
from collectors.sources import excel_file
from collectors.sources.base import CollectSpec, SourceError, UnknownSourceError
from collectors.sources.excel_file import ExcelFileSource, read_workbook
from thor_fast import QuoteBatch, parse_batch

HEADERS = ["Symbol", "Last", "Bid", "Ask"]
MakeWorkbook = Callable[..., Path]


def poll(source: ExcelFileSource) -> QuoteBatch:
    events, rejects = parse_batch(source.poll())
    assert not rejects
    return events


@pytest.mark.parametrize("state", [0, 1, 2])
def test_a_real_sheet_reads_the_same_from_a_workbook(
    instruments: Instruments, sheet_states: list[dict[str, Any]], make_workbook: MakeWorkbook, state: int
) -> None:
    given = sheet_states[state]
    path = make_workbook({"Notes": [["nothing here"]], given["sheet"]: given["grid"]})
    assert [list(row) for row in read_workbook(path, cell_range=given["range"])] == given["grid"]
    events = poll(ExcelFileSource(path, instruments))
    expected = ["YM", "ES", "NQ", "RTY"] if state == 0 else list(instruments.symbols)
    assert sorted(events.symbols()) == sorted(expected)


def test_every_event_is_stale_and_as_old_as_the_file(instruments: Instruments, make_workbook: MakeWorkbook) -> None:
    path = make_workbook(
        {"LiveData": [HEADERS, ["ES", 6708.5, 6708.25, 6708.75], ["ZB", "117'25", "117'25", "117'26"]]}
    )
    os.utime(path, ns=(0, 1_764_169_200_123_456_000))
    events = poll(ExcelFileSource(path, instruments))
    assert events.ts_us() == [1_764_169_200_123_456] * 2
    assert events.sources() == ["TOS", "TOS"]
    assert all(json.loads(event.meta or "{}")["stale"] is True for event in events)


def test_a_workbook_is_told_once_until_it_is_saved_again(instruments: Instruments, make_workbook: MakeWorkbook) -> None:
    path = make_workbook({"LiveData": [HEADERS, ["ES", 1, 2, 3]]})
    source = ExcelFileSource(path, instruments)
    assert len(poll(source)) == 1
    assert source.poll() == []
    make_workbook({"LiveData": [HEADERS, ["ES", 1, 2, 3], ["NQ", 1, 2, 3]]})
    assert poll(source).symbols() == ["ES", "NQ"]


def test_a_half_written_workbook_is_waited_for(instruments: Instruments, make_workbook: MakeWorkbook) -> None:
    path = make_workbook({"LiveData": [HEADERS, ["ES", 1, 2, 3]]})
    whole = path.read_bytes()
    source = ExcelFileSource(path, instruments)
    assert len(poll(source)) == 1
    for broken in (whole[: len(whole) // 2], b"", b"PK\x03\x04junk"):
        path.write_bytes(broken)
        assert source.poll() == []
        assert source.problem is not None
    path.write_bytes(whole + b"")
    os.utime(path, (1, 1))
    assert len(poll(source)) == 1
    assert source.problem is None


def test_a_sheet_in_the_middle_of_an_edit_is_waited_for(instruments: Instruments, make_workbook: MakeWorkbook) -> None:
    source = ExcelFileSource(make_workbook({"LiveData": [["no", "headers"]]}), instruments)
    assert source.poll() == []
    assert source.problem is not None
    assert "headers" in source.problem


def test_a_workbook_that_vanishes_for_a_moment_is_waited_for(
    instruments: Instruments, make_workbook: MakeWorkbook
) -> None:
    path = make_workbook({"LiveData": [HEADERS, ["ES", 1, 2, 3]]})
    source = ExcelFileSource(path, instruments)
    path.unlink()
    assert source.poll() == []


def test_errors_dates_and_words_in_cells_are_no_prices(instruments: Instruments, make_workbook: MakeWorkbook) -> None:
    path = make_workbook(
        {
            "LiveData": [
                HEADERS,
                ["ES", "#N/A", 6708.25, 6708.75],
                ["NQ", "loading", "N/A", 24745],
                ["CL", datetime(2025, 11, 26), 1, 2],  # noqa: DTZ001
            ]
        }
    )
    candidates = ExcelFileSource(path, instruments).poll()
    events, rejects = parse_batch(candidates)
    assert [(event.symbol, event.last) for event in events] == [("ES", None), ("NQ", None)]
    assert [(reject.code, reject.field) for reject in rejects] == [("bad_type", "last")]


def test_a_name_chosen_replaces_the_source(instruments: Instruments, make_workbook: MakeWorkbook) -> None:
    path = make_workbook({"LiveData": [HEADERS, ["$DXY", 99.741, None, None]]})
    events = poll(ExcelFileSource(path, instruments, rename="MOCK"))
    assert (events.symbols(), events.sources()) == (["DX"], ["MOCK"])


def test_the_sheet_is_the_named_one_or_the_usual_one_or_the_first(make_workbook: MakeWorkbook) -> None:
    both = make_workbook({"Other": [["o"]], "Futures": [["f"]], "LiveData": [["l"]]})
    assert read_workbook(both)[0][0] == "l"
    assert read_workbook(both, sheet="Other")[0][0] == "o"
    assert read_workbook(make_workbook({"One": [["1"]], "Two": [["2"]]}, "other.xlsx"))[0][0] == "1"


@pytest.mark.parametrize("cell_range", ["A1:", "1", "hello world", "A:N", "A0:B2"])
def test_a_wrong_range_is_one_sentence(make_workbook: MakeWorkbook, cell_range: str) -> None:
    path = make_workbook({"LiveData": [HEADERS]})
    with pytest.raises(SourceError, match="A range is written like"):
        read_workbook(path, cell_range=cell_range)


def test_a_missing_sheet_names_those_there_are(make_workbook: MakeWorkbook) -> None:
    with pytest.raises(SourceError, match="no sheet 'Live'; it has LiveData, Notes"):
        read_workbook(make_workbook({"LiveData": [HEADERS], "Notes": [[1]]}), sheet="Live")


def test_a_missing_file_and_a_file_of_another_kind_are_told_before_the_start(
    tmp_path: Path, instruments: Instruments
) -> None:
    with pytest.raises(UnknownSourceError, match="needs the workbook"):
        excel_file.create(CollectSpec("excel_file"), instruments)
    with pytest.raises(SourceError, match="There is no file"):
        excel_file.create(CollectSpec("excel_file", file=tmp_path / "none.xlsx"), instruments)
    (tmp_path / "text.xlsx").write_text("no workbook")
    with pytest.raises(SourceError, match="no workbook"):
        excel_file.create(CollectSpec("excel_file", file=tmp_path / "text.xlsx"), instruments)
