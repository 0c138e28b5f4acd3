"""One normalisation at the edge: every spelling that was seen, by source and asset class."""

import pytest

from collectors.instruments import AssetClass, Instruments
from collectors.symbols import SymbolName, Symbols


@pytest.mark.parametrize(
    ("source", "raw", "asset_class", "symbol"),
    [
        ("TOS", "/ES:XCME", None, "ES"),
        ("TOS", "ES", None, "ES"),
        ("TOS", "es", None, "ES"),
        ("SCHWAB", "/ES", None, "ES"),
        ("SCHWAB", "//ES", None, "ES"),
        ("TOS", "$DXY", None, "DX"),
        ("TOS", "$DXY", "index", "DX"),
        ("TOS", "DXY", None, "DX"),
        ("TOS", "USDX", None, "DX"),
        ("TOS", "DX-Y.NYB", None, "DX"),
        ("TOS", "30YrBond", None, "ZB"),
        ("TOS", "30Yr T-BOND", None, "ZB"),
        ("TOS", "T-BOND", None, "ZB"),
        ("TOS", "RT", None, "RTY"),
        ("SCHWAB", "ES", None, "ES.US"),
        ("TOS", "ES", "equity", "ES.US"),
        ("SCHWAB", "CL", "equity", "CL.US"),
        ("SCHWAB", "AAPL", None, "AAPL"),
        ("SCHWAB", "BRK/B", None, "BRK.B"),
        ("TOS", "BRK/B", "equity", "BRK.B"),
        ("JSON", "BRK-B", None, "BRK.B"),
        ("JSON", "BRK.B", None, "BRK.B"),
        ("SCHWAB", "$SPX", None, "$SPX"),
        ("JSON", "^SPX", None, "$SPX"),
        ("TOS", "SPX", "index", "$SPX"),
        ("JSON", "$SPX.X", None, "$SPX"),
        ("JSON", "AAPL.US", None, "AAPL"),
        ("JSON", "ES.US", None, "ES.US"),
    ],
)
def test_a_source_s_name_has_one_canonical_symbol(
    instruments: Instruments, source: str, raw: str, asset_class: AssetClass | None, symbol: str
) -> None:
    found = Symbols(instruments).normalise(source, raw, asset_class)
    assert found is not None
    assert found.symbol == symbol


@pytest.mark.parametrize("raw", ["/MES", "/ES:XNYM", "/", "", "a b c", "ES ES", "/ESZ2025", "$", "?!"])
def test_what_has_no_canonical_symbol_has_none(instruments: Instruments, raw: str) -> None:
    assert Symbols(instruments).normalise("SCHWAB", raw) is None


@pytest.mark.parametrize("raw", ["/ESZ25", "/ESZ25:XCME"])
def test_a_contract_month_travels_beside_the_symbol(instruments: Instruments, raw: str) -> None:
    assert Symbols(instruments).normalise("TOS", raw) == SymbolName("ES", "future", "ESZ25")


def test_the_future_and_the_stock_of_one_ticker_are_two_symbols(instruments: Instruments) -> None:
    symbols = Symbols(instruments)
    future, stock = symbols.normalise("SCHWAB", "/ES"), symbols.normalise("SCHWAB", "ES")
    assert (future, stock) == (SymbolName("ES", "future"), SymbolName("ES.US", "equity"))


@pytest.mark.parametrize(
    ("source", "name", "spelled"),
    [
        ("TOS", SymbolName("ES", "future", "ESZ25"), "/ESZ25:XCME"),
        ("SCHWAB", SymbolName("ES", "future", "ESZ25"), "/ESZ25"),
        ("SCHWAB", SymbolName("ES", "future"), "/ES"),
        ("SCHWAB", SymbolName("ES.US", "equity"), "ES"),
        ("SCHWAB", SymbolName("BRK.B", "equity"), "BRK/B"),
        ("SCHWAB", SymbolName("$SPX", "index"), "$SPX"),
        ("TOS", SymbolName("$SPX", "index"), "SPX"),
        ("SCHWAB", SymbolName("VX", "future"), None),
        ("SCHWAB", SymbolName("DX", "future"), None),
        ("SCHWAB", SymbolName("MES", "future"), None),
    ],
)
def test_a_symbol_is_spelled_as_its_source_does(
    instruments: Instruments, source: str, name: SymbolName, spelled: str | None
) -> None:
    assert Symbols(instruments).spell(source, name) == spelled
