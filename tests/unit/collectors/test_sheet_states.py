"""Each recorded state of a real thinkorswim sheet, every figure of it written out by hand beside its cells."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from collectors.grid import map_grid
from collectors.instruments import Instruments
from thor_fast import QuoteEvent, parse_batch

FIGURES = ("last", "bid", "ask", "bid_size", "ask_size")
DAY = ("open", "high", "low", "close", "netChange", "volume")

LOADING = {
    "YM": ("46429", "46425", "46429", 1, 1, "46126", "46518", "45605", "46381", "269", None),
    "ES": ("6711", "6710.75", "6711.75", 4, 2, "6659.25", "6718", "6571.25", "6702.5", "42.25", None),
    "NQ": ("25033.5", "25006", "25048", 1, 1, "24793.75", "25055.75", "24410", "24986.5", "202.25", None),
    "RTY": ("2469.6", "2469.4", "2469.8", 1, 2, "2479.4", "2484.3", "2430.4", "2464.4", "-12.1", None),
}
"""18 October 2025: seven of eleven rows are blank or 0, the volume is not there yet."""
FULL = {
    "YM": ("46669", "46661", "46663", 2, 2, "46509", "46856", "46401", "46514", "155", 47202),
    "ES": ("6708.5", "6708.25", "6708.5", 17, 6, "6726.25", "6732.5", "6674.5", "6721.25", "-12.75", 578740),
    "NQ": ("24745", "24744.75", "24745.5", 1, 1, "24966.25", "24986.5", "24602", "24948.25", "-203.25", 294102),
    "RTY": ("2440.6", "2440", "2440.2", 3, 6, "2422.4", "2448.1", "2411.2", "2418.8", "21.8", 92375),
    "CL": ("57.23", "57.22", "57.23", 17, 7, "58.89", "58.96", "57.14", "58.84", "-1.61", 168009),
    "SI": ("51.275", "51.27", "51.275", 1, 3, "51.825", "52.18", "50.96", "50.96", "0.315", 72988),
    "HG": ("5.1005", "5.1", "5.101", 5, 4, "5.0865", "5.192", "5.0785", "5.053", "0.0475", 41379),
    "GC": ("4161.1", "4161.1", "4161.6", 1, 1, "4170.3", "4189", "4143.2", "4130.8", "30.3", 151426),
    "VX": ("20.2", "20.2", "20.25", 38, 240, "19.9", "20.75", "19.85", "19.8948", "0.25", 26733),
    "DX": ("99.741", None, None, None, None, "100.211", "100.261", "99.734", "100.142", "-0.401", None),
    "ZB": ("117.78125", "117.78125", "117.8125", 776, 961, "117.40625", "117.875", "117.1875", "117.34375", "0.4375",
           341967),
}  # fmt: skip
"""26 November 2025: everything is there; the index has no book, the bond is text in 32nds."""
RESET = {
    "YM": ("47739", "47738", "47746", 1, 1, None, None, None, "47743", "-4", None),
    "ES": ("6857.25", "6857.25", "6857.75", 5, 2, None, None, None, "6859.5", "-2.25", None),
    "NQ": (None, "25479.5", "25485", 1, 3, None, None, None, "25482", None, None),
    "RTY": (None, "2500.6", "2501.1", 3, 3, None, None, None, "2505.1", None, None),
    "CL": ("58.48", "58.44", "58.49", 2, 1, None, None, None, "58.55", "-0.07", None),
    "SI": ("57.085", "56.97", "57.245", 1, 1, None, None, None, "57.163", "-0.078", None),
    "HG": ("5.278", "5.2725", "5.28", 10, 1, None, None, None, "5.272", "0.006", None),
    "GC": ("4256.4", "4253.9", "4256.5", 1, 1, None, None, None, "4254.9", "1.5", None),
    "VX": ("18.2", "18.2", "18.25", 520, 202, None, None, None, "18.2687", "0", None),
    "DX": ("99.479", None, None, None, None, "99.568", "99.816", "99.376", "99.532", "-0.053", None),
    "ZB": ("117.40625", "117.375", "117.40625", 46, 14, None, None, None, "117.4375", "-0.03125", None),
}
"""2 December 2025, after the daily reset: no figures of the day; a last of 0 and its change of 0 mean nothing."""

Row = tuple[str | int | None, ...]


def told(event: QuoteEvent) -> tuple[Decimal | int | None, ...]:
    meta: dict[str, Any] = json.loads(event.meta or "{}", parse_float=Decimal)
    return (*(getattr(event, name) for name in FIGURES), *(meta.get(name) for name in DAY))


def written(row: Row) -> tuple[Decimal | int | None, ...]:
    return tuple(Decimal(figure) if isinstance(figure, str) else figure for figure in row)


@pytest.mark.parametrize(
    ("state", "rows", "flagged"),
    [
        pytest.param(0, LOADING, {}, id="thinkorswim-is-loading"),
        pytest.param(1, FULL, {"YM": ["last_outside"], "RTY": ["last_outside"]}, id="a-full-sheet"),
        pytest.param(2, RESET, {}, id="after-the-daily-reset"),
    ],
)
def test_a_recorded_state_is_read_as_its_cells_say(
    instruments: Instruments,
    sheet_states: list[dict[str, Any]],
    state: int,
    rows: dict[str, Row],
    flagged: dict[str, list[str]],
) -> None:
    reading = map_grid(sheet_states[state]["grid"], instruments, source="TOS")
    events, rejects = parse_batch(reading.candidates(0))
    assert not rejects
    assert {event.symbol: told(event) for event in events} == {symbol: written(row) for symbol, row in rows.items()}
    flags: Callable[[QuoteEvent], Any] = lambda event: json.loads(event.meta or "{}").get("flags")  # noqa: E731
    assert {event.symbol: flags(event) for event in events if flags(event)} == flagged
    missing = {finding.symbol for finding in reading.findings if finding.code == "no_values"}
    assert missing == set(instruments.symbols) - rows.keys()


def test_no_other_state_is_recorded(sheet_states: list[dict[str, Any]]) -> None:
    assert [state["date"] for state in sheet_states] == ["2025-10-18", "2025-11-26", "2025-12-02"]
