"""A quote sheet's grid: headers anywhere, only known symbols, and what a zero means."""

import json
from decimal import Decimal
from typing import Any

import pytest

import thor_fast
from collectors.grid import GridError, GridReading, map_grid
from collectors.instruments import Instruments

TS_US = 1_764_194_400_123_456
HEADERS = ["Symbol", "Close", "Open", "NetChange", "High", "Low", "Volume", "Bid", "Last", "Ask", "BidSize", "AskSize"]
ES = ["ES", 6721.25, 6726.25, -12.75, 6732.5, 6674.5, 578740, 6708.25, 6708.5, 6708.75, 17, 6]


def read(instruments: Instruments, grid: list[Any], **options: Any) -> GridReading:
    return map_grid(grid, instruments, source="TOS", **options)


def events(reading: GridReading) -> dict[str, thor_fast.QuoteEvent]:
    batch, rejects = thor_fast.parse_batch(reading.candidates(TS_US))
    assert not rejects
    return {event.symbol: event for event in batch}


def meta(event: thor_fast.QuoteEvent) -> dict[str, Any]:
    assert event.meta is not None
    found: dict[str, Any] = json.loads(event.meta, parse_float=Decimal, parse_int=Decimal)
    return found


def row(**cells: object) -> list[object]:
    return [cells.get(header, value) for header, value in zip(HEADERS, ES, strict=True)]


def test_a_row_becomes_an_event_of_the_given_instant(instruments: Instruments) -> None:
    event = events(read(instruments, [HEADERS, ES]))["ES"]
    assert (event.source, event.ts_us) == ("TOS", TS_US)
    assert (event.last, event.bid, event.ask) == (Decimal("6708.5"), Decimal("6708.25"), Decimal("6708.75"))
    assert (event.bid_size, event.ask_size, event.last_size, event.seq) == (17, 6, None, None)
    assert meta(event) == {
        "precision": 2,
        "volume": 578740,
        "netChange": Decimal("-12.75"),
        "open": Decimal("6726.25"),
        "high": Decimal("6732.5"),
        "low": Decimal("6674.5"),
        "close": Decimal("6721.25"),
    }


def test_a_stale_reading_says_so_and_may_be_called_otherwise(instruments: Instruments) -> None:
    event = events(read(instruments, [HEADERS, ES], stale=True, publish_as="MOCK"))["ES"]
    assert event.source == "MOCK"
    assert meta(event)["stale"] is True


@pytest.mark.parametrize(
    "headers",
    [
        ["", "Close", "Open", "num", "World High", "World Low", "Vol", "Bid", "Last", "Ask", "Bid_Size", "ask size"],
        [
            None,
            "close",
            "OPEN",
            "Net Chng",
            "24High",
            "24Low",
            "TotalVolume",
            "bid",
            "price",
            "ask",
            "bid size",
            "asksize",
        ],
        [
            "Symbol",
            "previous_close",
            "open",
            "change",
            "high",
            "low",
            "volume",
            "BID",
            "LAST",
            "ASK",
            "BIDSIZE",
            "ASK_SIZE",
        ],
    ],
)
def test_every_spelling_of_the_headers_is_known(instruments: Instruments, headers: list[str | None]) -> None:
    assert read(instruments, [headers, ES]).rows == read(instruments, [HEADERS, ES]).rows


@pytest.mark.parametrize(
    ("headers", "figure"),
    [
        (("close", "previous_close", "Previous Close", "PREV CLOSE"), "close"),
        (("high", "24High", "24 High", "World High", "WORLD_HIGH"), "high"),
        (("low", "24Low", "24_low", "World Low"), "low"),
        (("volume", "vol", "Vol", "TotalVolume", "total volume"), "volume"),
        (("netchange", "Net Change", "change", "num", "net chng"), "netChange"),
        (("perc", "changepercent", "Change Percent"), "changePercent"),
        (("52WkHigh", "52wkHigh", "52 Week High", "52WeekHigh", "52HIGH", "52_week_high"), "high52"),
        (("52WkLow", "52wkLow", "52 Week Low", "52WeekLow", "52LOW"), "low52"),
    ],
)
def test_every_alias_of_a_header_means_its_figure(
    instruments: Instruments, headers: tuple[str, ...], figure: str
) -> None:
    for header in headers:
        found = events(read(instruments, [["Symbol", "Last", "Bid", header], ["ES", 6708.5, 6708.25, 42]]))["ES"]
        assert meta(found)[figure] == 42, header


@pytest.mark.parametrize("header", ["Weight", "Wgt", "Signal", "HBS", "Description", "Stat"])
def test_what_a_sheet_computes_itself_is_passed_over(instruments: Instruments, header: str) -> None:
    computed = read(instruments, [[*HEADERS, header], [*ES, "BUY"]])
    assert computed.rows == read(instruments, [HEADERS, ES]).rows


def test_columns_and_the_header_row_may_stand_anywhere(instruments: Instruments) -> None:
    order = [9, 3, 0, 7, 11, 1, 2, 4, 5, 6, 8, 10]
    moved = [[], [None, "my sheet"], *([*(line[i] for i in order), None] for line in (HEADERS, ES))]
    assert read(instruments, moved).rows == read(instruments, [HEADERS, ES]).rows


def test_fifty_two_week_columns_and_percent_text_are_read(instruments: Instruments) -> None:
    headers = ["Symbol", "Last", "Bid", "52WkHigh", "52 Week Low", "perc", "Signal", "Wgt"]
    figures = meta(
        events(read(instruments, [headers, ["ES", 6708.5, 6708.25, 6953.75, 4832, "-0.19%", "BUY", 2]]))["ES"]
    )
    assert (figures["high52"], figures["low52"], figures["changePercent"]) == (
        Decimal("6953.75"),
        4832,
        Decimal("-0.19"),
    )


@pytest.mark.parametrize(
    "grid", [[], [[]], [["Quotes"], ["ES", 1]], [["Symbol", "Last"]], [["Name", "Last", "Bid", "Ask"]]]
)
def test_a_sheet_without_headers_is_refused(instruments: Instruments, grid: list[Any]) -> None:
    with pytest.raises(GridError):
        read(instruments, grid)


def test_blank_rows_and_unknown_symbols_are_left_out(instruments: Instruments) -> None:
    junk = [["Quotes"], ["Symbol", "Last"], ["CGC", 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 1], [None] * 12, [12345.67, 1]]
    reading = read(instruments, [HEADERS, [None] * 12, ES, *junk])
    assert [found.symbol for found in reading.rows] == ["ES"]
    assert {(finding.symbol, finding.code) for finding in reading.findings} == {
        ("Quotes", "unknown_symbol"),
        ("Symbol", "unknown_symbol"),
        ("CGC", "unknown_symbol"),
    }


def test_a_stock_of_the_same_ticker_does_not_overwrite_the_future(instruments: Instruments) -> None:
    headers = ["Type", *HEADERS]
    reading = read(instruments, [headers, ["Stock", *row(Last=61.2)], ["Futures", *ES], [None, *row(Last=62.0)]])
    assert events(reading)["ES"].last == Decimal("6708.5")
    assert [finding.code for finding in reading.findings] == ["other_asset_class", "duplicate_symbol"]


def test_the_names_of_older_sheets_mean_the_same(instruments: Instruments) -> None:
    grid = [HEADERS, row(Symbol="RT"), row(Symbol="$DXY"), row(Symbol="30Yr T-BOND"), row(Symbol="/ESZ25:XCME")]
    found = events(read(instruments, grid))
    assert list(found) == ["RTY", "DX", "ZB", "ES"]
    assert meta(found["ES"])["contract"] == "ESZ25"


def test_bond_text_is_read_in_thirty_seconds(instruments: Instruments) -> None:
    bond = ["ZB", "117'11", "117'13", "+0'14", "117'28", "117'06", 341967, "117'25", "117'25", "117'26", 776, 961]
    event = events(read(instruments, [HEADERS, bond]))["ZB"]
    assert (event.bid, event.ask) == (Decimal("117.78125"), Decimal("117.8125"))
    assert (meta(event)["netChange"], meta(event)["precision"]) == (Decimal("0.4375"), 5)


def test_after_the_daily_reset_a_zero_is_nothing_yet(instruments: Instruments) -> None:
    reset = row(Open=0, High=0, Low=0, Volume="N/A", Last=0, NetChange=0, BidSize=0)
    event = events(read(instruments, [HEADERS, reset]))["ES"]
    assert (event.last, event.bid, event.bid_size) == (None, Decimal("6708.25"), 0)
    assert meta(event) == {"precision": 2, "close": Decimal("6721.25")}


def test_no_change_beside_a_last_price_is_a_real_zero(instruments: Instruments) -> None:
    event = events(read(instruments, [HEADERS, row(NetChange=0, Volume="N/A")]))["ES"]
    assert meta(event)["netChange"] == 0


def test_no_change_beside_no_last_price_is_missing_even_with_a_close(instruments: Instruments) -> None:
    event = events(read(instruments, [HEADERS, row(NetChange=0, Last=None)]))["ES"]
    assert "netChange" not in meta(event)


def test_a_zero_bond_text_is_nothing_yet(instruments: Instruments) -> None:
    bond = ["ZB", "117'14", "0'00", "-0'01", "0'00", "0'00", "N/A", "117'12", "117'13", "117'13", 46, 14]
    figures = meta(events(read(instruments, [HEADERS, bond]))["ZB"])
    assert figures == {"precision": 5, "netChange": Decimal("-0.03125"), "close": Decimal("117.4375")}


def test_a_row_still_loading_is_no_event(instruments: Instruments) -> None:
    loading = ["SI", None, 0, 0, 0, 0, None, 0, 0, 0, 0, 0]
    reading = read(instruments, [HEADERS, loading, ["CL", *[None] * 11], ["HG", *["loading"] * 11]])
    assert reading.rows == ()
    assert [finding.code for finding in reading.findings] == ["no_values"] * 3


def test_crude_oil_at_and_below_zero_is_believed_where_it_trades(instruments: Instruments) -> None:
    oil = ["CL", 18.27, 17.73, -18.27, 17.85, -40.32, 247000, -0.01, 0, 0.02, 3, 4]
    event = events(read(instruments, [HEADERS, oil]))["CL"]
    assert (event.last, event.bid, event.ask) == (Decimal(0), Decimal("-0.01"), Decimal("0.02"))
    assert meta(event)["low"] == Decimal("-40.32")


def test_a_negative_price_is_a_price(instruments: Instruments) -> None:
    oil = ["CL", 18.27, 17.73, -55.9, 17.85, -40.32, "N/A", -37.65, -37.63, -37.6, 3, 4]
    assert events(read(instruments, [HEADERS, oil]))["CL"].last == Decimal("-37.63")


def test_a_zero_last_far_from_its_book_is_nothing_yet_even_with_volume(instruments: Instruments) -> None:
    event = events(read(instruments, [HEADERS, row(Last=0)]))["ES"]
    assert (event.last, event.bid) == (None, Decimal("6708.25"))


def test_a_book_that_looks_impossible_is_flagged_and_kept(instruments: Instruments) -> None:
    crossed = events(read(instruments, [HEADERS, row(Bid=6709, Ask=6708.5)]))["ES"]
    assert (crossed.bid, meta(crossed)["flags"]) == (Decimal(6709), ["crossed"])
    locked = events(read(instruments, [HEADERS, row(Bid=6827.75, Ask=6827.75, Last=6828)]))["ES"]
    assert meta(locked)["flags"] == ["locked"]
    outside = events(read(instruments, [HEADERS, row(Last=46669, Bid=46661, Ask=46663)]))["ES"]
    assert meta(outside)["flags"] == ["last_outside"]


def test_the_net_change_is_the_source_s_and_computed_only_where_it_is_absent(instruments: Instruments) -> None:
    vix = ["VX", 19.8948, 19.9, 0.25, 20.75, 19.85, 26733, 20.2, 20.2, 20.25, 38, 240]
    assert meta(events(read(instruments, [HEADERS, vix]))["VX"])["netChange"] == Decimal("0.25")
    without = events(read(instruments, [HEADERS, row(NetChange="N/A")]))["ES"]
    assert meta(without)["netChange"] == Decimal("-12.75")
    assert "net_change_computed" in meta(without)["flags"]


@pytest.mark.parametrize(("field", "cell"), [("Last", "118'40"), ("Bid", "abc"), ("AskSize", 2.5), ("BidSize", "many")])
def test_a_price_that_cannot_be_read_spoils_its_row_by_name(instruments: Instruments, field: str, cell: object) -> None:
    reading = read(instruments, [HEADERS, row(**{field: cell}), row(Symbol="NQ")])
    batch, rejects = thor_fast.parse_batch(reading.candidates(TS_US))
    assert [event.symbol for event in batch] == ["NQ"]
    assert [(reject.code, reject.field) for reject in rejects] == [("bad_type", field[0].lower() + field[1:])]


def test_a_day_figure_that_cannot_be_read_is_left_out_and_found(instruments: Instruments) -> None:
    reading = read(instruments, [HEADERS, row(High="tall", Volume=-3)])
    figures = meta(events(reading)["ES"])
    assert "high" not in figures
    assert "volume" not in figures
    assert {finding.code for finding in reading.findings} == {"unreadable"}


def test_com_error_numbers_never_pass_as_prices(instruments: Instruments) -> None:
    event = events(read(instruments, [HEADERS, row(Last=-2146826246, NetChange=-2146826273, Open=-2146826259)]))["ES"]
    assert event.last is None
    assert meta(event).keys().isdisjoint({"netChange", "open"})


def test_rows_that_say_the_same_are_equal_whenever_they_were_read(instruments: Instruments) -> None:
    first, second = (read(instruments, [HEADERS, ES]).rows[0] for _ in range(2))
    assert first == second
    assert first.candidate(TS_US) != second.candidate(TS_US + 1)


THRESHOLDS = {
    "YM": ("60", "10"),
    "ES": ("6", "1"),
    "NQ": ("15", "2.5"),
    "RTY": ("15", "2.5"),
    "CL": ("0.3", "0.05"),
    "SI": ("0.06", "0.01"),
    "HG": ("0.012", "0.002"),
    "GC": ("3", "0.5"),
    "VX": ("0.10", "0.05"),
    "DX": ("0.30", "0.05"),
    "ZB": ("0.9375", "0.15625"),
}


@pytest.mark.parametrize("state", [0, 1, 2])
def test_the_states_of_a_real_sheet_give_their_known_signals(
    instruments: Instruments, sheet_states: list[dict[str, Any]], state: int
) -> None:
    found = events(read(instruments, sheet_states[state]["grid"], stale=True))
    changes = {symbol: meta(event).get("netChange") for symbol, event in found.items()}
    thresholds = {
        symbol: thor_fast.Thresholds(
            strong_buy=Decimal(strong), buy=Decimal(weak), sell=-Decimal(weak), strong_sell=-Decimal(strong)
        )
        for symbol, (strong, weak) in THRESHOLDS.items()
    }
    signals = thor_fast.classify_batch(
        [changes.get(symbol) for symbol in THRESHOLDS], [thresholds[symbol] for symbol in THRESHOLDS]
    )
    assert dict(zip(THRESHOLDS, signals, strict=True)) == sheet_states[state]["signals"]
