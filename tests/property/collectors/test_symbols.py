"""Symbols there and back: what a source calls a thing, and what Thor calls it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from collectors.instruments import AssetClass, load_instruments
from collectors.symbols import SymbolName, Symbols

INSTRUMENTS = load_instruments()
SYMBOLS = Symbols(INSTRUMENTS)
CANONICAL = re.compile(r"[A-Z0-9$][A-Z0-9.$_/-]{0,31}")
SOURCES = st.sampled_from(["TOS", "SCHWAB", "JSON"])
TICKERS = st.from_regex(r"[A-Z][A-Z0-9]{0,5}", fullmatch=True) | st.sampled_from(INSTRUMENTS.symbols)
MONTHS = st.from_regex(r"[FGHJKMNQUVXZ][0-9]{2}", fullmatch=True)

FUTURES = st.builds(
    lambda symbol, month: SymbolName(symbol, "future", None if month is None else f"{symbol}{month}"),
    st.sampled_from(INSTRUMENTS.symbols),
    st.none() | MONTHS,
)
INDICES = st.builds(lambda root: SymbolName(f"${root}", "index"), TICKERS)
STOCKS = st.builds(
    lambda ticker, share: SymbolName(
        f"{ticker}.{share}" if share else f"{ticker}.US" if ticker in INSTRUMENTS else ticker, "equity"
    ),
    TICKERS,
    st.just("") | st.sampled_from(["A", "B", "PR"]),
)


@given(SOURCES, FUTURES | STOCKS | INDICES)
def test_every_name_comes_back_from_its_spelling(source: str, name: SymbolName) -> None:
    spelled = SYMBOLS.spell(source, name)
    if spelled is not None:
        assert SYMBOLS.normalise(source, spelled, name.asset_class) == name
    elif name.asset_class == "equity":
        raise AssertionError(f"{name} has no spelling")


@given(SOURCES, st.text(max_size=20) | TICKERS, st.sampled_from([None, "future", "index", "equity"]))
def test_whatever_comes_in_is_canonical_or_nothing(source: str, raw: str, kind: AssetClass | None) -> None:
    name = SYMBOLS.normalise(source, raw, kind)
    if name is None:
        return
    assert CANONICAL.fullmatch(name.symbol)
    if kind == "equity":
        assert name.asset_class == "equity"
    if name.asset_class == "equity":
        assert name.symbol not in INSTRUMENTS


RAW = st.builds(
    lambda before, root, month, behind: f"{before}{root}{month}{behind}",
    st.sampled_from(["", "/", "//", "$", "^", "."]),
    TICKERS,
    st.just("") | MONTHS,
    st.sampled_from(["", ":XCME", ":XCBT", ".X", ".US", "/B", "-B", ".B"]),
)


@given(SOURCES, SOURCES, RAW | st.text(max_size=20), st.sampled_from([None, "future", "index", "equity"]))
def test_what_one_source_calls_a_thing_every_source_takes_for_the_same(
    source: str, other: str, raw: str, kind: AssetClass | None
) -> None:
    name = SYMBOLS.normalise(source, raw, kind)
    if name is None:
        return
    spelled = SYMBOLS.spell(other, name)
    if spelled is not None:
        assert SYMBOLS.normalise(other, spelled, name.asset_class) == name


@given(SOURCES, st.sampled_from(INSTRUMENTS.symbols), st.sampled_from(["", " "]), st.booleans())
def test_a_stock_never_has_the_symbol_of_a_future(source: str, root: str, space: str, lower: bool) -> None:
    raw = f"{space}{root.lower() if lower else root}{space}"
    assert SYMBOLS.normalise(source, raw, "equity") == SymbolName(f"{root}.US", "equity")
