"""The instrument registry: its rows, its errors, and whom a raw name means."""

from decimal import Decimal
from pathlib import Path

import pytest

import thor_fast
from collectors.instruments import Instrument, InstrumentError, Instruments, load_instruments

ROW = {
    "symbol": '"ES"',
    "name": '"E-mini S&P 500"',
    "asset_class": '"future"',
    "exchange": '"CME"',
    "market": '"GLOBEX"',
    "tick": '"0.25"',
    "tick_value": '"12.50"',
    "multiplier": '"50"',
    "display": "2",
    "preferred": '"TOS"',
}


def write(tmp_path: Path, *rows: dict[str, str]) -> Path:
    path = tmp_path / "instruments.toml"
    path.write_text(
        "\n".join("[[instrument]]\n" + "\n".join(f"{key} = {value}" for key, value in row.items()) for row in rows),
        encoding="utf-8",
    )
    return path


def test_the_eleven_futures_stand_in_display_order(instruments: Instruments) -> None:
    assert instruments.symbols == ("YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB")
    assert [row.order for row in instruments] == list(range(11))


@pytest.mark.parametrize(
    ("symbol", "tick", "tick_value", "display", "precision"),
    [
        ("YM", "1", "5", 0, 0),
        ("ES", "0.25", "12.50", 2, 2),
        ("NQ", "0.25", "5", 2, 2),
        ("RTY", "0.1", "5", 1, 1),
        ("CL", "0.01", "10", 2, 2),
        ("SI", "0.005", "25", 3, 3),
        ("HG", "0.0005", "12.50", 4, 4),
        ("GC", "0.1", "10", 1, 1),
        ("VX", "0.05", "50", 2, 2),
        ("DX", "0.005", "5", 3, 3),
        ("ZB", "0.03125", "31.25", "32nds", 5),
    ],
)
def test_ticks_and_displays_are_the_exchange_s(
    instruments: Instruments, symbol: str, *, tick: str, tick_value: str, display: int | str, precision: int
) -> None:
    row = instruments[symbol]
    assert (row.tick, row.tick_value, row.display) == (Decimal(tick), Decimal(tick_value), display)
    assert row.precision == precision


def test_registering_tells_the_core_how_to_show_each_symbol(instruments: Instruments) -> None:
    assert thor_fast.format_price(Decimal("118.3125"), "ZB") == "118'10"
    assert thor_fast.format_price(Decimal("5.1005"), "HG") == "5.1005"
    assert thor_fast.format_price(Decimal(46669), "YM") == "46669"


@pytest.mark.parametrize(
    ("source", "raw", "symbol", "contract"),
    [
        ("TOS", "/ES:XCME", "ES", None),
        ("TOS", "/es:xcme", "ES", None),
        ("TOS", " ES ", "ES", None),
        ("TOS", "es", "ES", None),
        ("TOS", "/ES", "ES", None),
        ("TOS", "//ES", "ES", None),
        ("TOS", "ES:XCME", "ES", None),
        ("TOS", "/ESZ25:XCME", "ES", "ESZ25"),
        ("SCHWAB", "/ESZ25", "ES", "ESZ25"),
        ("SCHWAB", "/ES", "ES", None),
        ("TOS", "RT", "RTY", None),
        ("TOS", "/RTYH26", "RTY", "RTYH26"),
        ("TOS", "$DXY", "DX", None),
        ("TOS", "DX-Y.NYB", "DX", None),
        ("TOS", "/DX", "DX", None),
        ("TOS", "30yrbond", "ZB", None),
        ("TOS", "30Yr  T-Bond", "ZB", None),
        ("MOCK", "ZB", "ZB", None),
    ],
)
def test_raw_names_are_resolved_at_the_edge(
    instruments: Instruments, source: str, raw: str, symbol: str, contract: str | None
) -> None:
    found = instruments.resolve(source, raw)
    assert found is not None
    assert (found.instrument.symbol, found.contract) == (symbol, contract)


@pytest.mark.parametrize(
    ("source", "raw"),
    [
        ("TOS", "CGC"),
        ("TOS", "Symbol"),
        ("TOS", ""),
        ("TOS", "/ES:XNYM"),
        ("TOS", "/ESA25"),
        ("TOS", "///ES"),
        ("TOS", "/VX:XCBO"),
        ("SCHWAB", "$DXY"),
    ],
)
def test_a_name_the_registry_does_not_know_is_nobody(instruments: Instruments, source: str, raw: str) -> None:
    assert instruments.resolve(source, raw) is None


@pytest.mark.parametrize("ticker", ["ES", "CL", "DX", "SI", "es", "ES:XCME"])
def test_a_bare_ticker_at_schwab_is_the_stock_not_the_future(instruments: Instruments, ticker: str) -> None:
    assert instruments.resolve("SCHWAB", ticker) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("symbol", '"es"'),
        ("symbol", "7"),
        ("name", '" "'),
        ("asset_class", '"futures"'),
        ("market", '"globex"'),
        ("tick", "0.25"),
        ("tick", '"0"'),
        ("tick", '"NaN"'),
        ("tick", '"a quarter"'),
        ("tick_value", '"12.51"'),
        ("display", "10"),
        ("display", "true"),
        ("display", '"64ths"'),
        ("preferred", '"tos"'),
        ("names", '"/ES"'),
        ("names", '{ tos = "/ES" }'),
        ("aliases", '"SPX"'),
        ("aliases", "[1]"),
    ],
)
def test_a_wrong_field_is_named_with_its_row(tmp_path: Path, field: str, value: str) -> None:
    with pytest.raises(InstrumentError) as caught:
        load_instruments(write(tmp_path, ROW | {field: value}))
    assert caught.value.field == field
    assert "row 1" in str(caught.value)


def test_a_missing_and_an_unknown_field_are_named(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError) as missing:
        load_instruments(write(tmp_path, {key: value for key, value in ROW.items() if key != "tick"}))
    assert missing.value.field == "tick"
    with pytest.raises(InstrumentError) as unknown:
        load_instruments(write(tmp_path, ROW | {"colour": '"red"'}))
    assert unknown.value.field == "colour"


def test_a_symbol_twice_and_an_alias_of_two_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r"row 2.*ES is there twice"):
        load_instruments(write(tmp_path, ROW, ROW))
    other = ROW | {"symbol": '"NQ"', "aliases": '["es"]'}
    with pytest.raises(InstrumentError, match="already means ES"):
        load_instruments(write(tmp_path, ROW, other))
    named = ROW | {"names": '{ TOS = "/ES:XCME" }'}
    with pytest.raises(InstrumentError, match="already means ES"):
        load_instruments(write(tmp_path, named, named | {"symbol": '"NQ"'}))


@pytest.mark.parametrize("text", ["", "[[instrument", "instrument = 3", "[[instrument]]\n[other]\n"])
def test_a_file_that_is_no_registry_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "instruments.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InstrumentError):
        load_instruments(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="cannot be read"):
        load_instruments(tmp_path / "none.toml")


def test_a_contract_is_added_by_one_row(tmp_path: Path) -> None:
    row: Instrument = load_instruments(write(tmp_path, ROW | {"symbol": '"MES"', "tick_value": '"12.5"'}))["MES"]
    assert (row.symbol, row.names, row.aliases) == ("MES", {}, ())
