"""Columns against one value at a time: prices, signals, bars, Arrow there and back, and Redis commands."""

from array import array
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.fast.test_reference import inputs
from thor_fast import (
    QuoteBatch,
    QuoteEvent,
    Thresholds,
    classify_batch,
    classify_columns,
    format_price,
    format_prices,
    parse_batch,
    parse_price,
    parse_prices,
)

NONE = -(2**63)
NANOS = st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-(10**12), 10**12).map(
    lambda quarters: quarters * 250_000_000
)
NAMES = {2: "STRONG_BUY", 1: "BUY", 0: "HOLD", -1: "SELL", -2: "STRONG_SELL", -128: None}


def fits(nanos: int) -> bool:
    return NONE < nanos < 2**63


@given(st.lists(NANOS.filter(fits) | st.just(NONE), max_size=20), st.integers(0, 9) | st.just("32nds"), st.booleans())
def test_a_column_of_prices_is_its_prices(nanos: list[int], display: int | str, signed: bool) -> None:
    one_by_one = [
        None if value == NONE else format_price(Decimal(value).scaleb(-9), display, signed=signed) for value in nanos
    ]
    assert format_prices(array("q", nanos), display, signed=signed) == one_by_one


@given(st.lists(NANOS.filter(fits), max_size=20))
def test_a_column_of_texts_is_its_texts(nanos: list[int]) -> None:
    texts = [format_price(Decimal(value).scaleb(-9), 9) for value in nanos]
    assert parse_prices(texts).tolist() == nanos
    assert [int(parse_price(text).scaleb(9)) for text in texts] == nanos


LADDERS = st.lists(st.integers(-20, 20), min_size=4, max_size=4).map(
    lambda bounds: dict(zip(("strong_sell", "sell", "buy", "strong_buy"), sorted(bounds), strict=True))
)


@given(st.lists(LADDERS | st.none(), min_size=1, max_size=4), st.data())
def test_a_column_of_signals_is_its_signals(ladders: list[dict[str, int] | None], data: st.DataObject) -> None:
    thresholds = [None if ladder is None else Thresholds(**ladder) for ladder in ladders]
    rows = data.draw(
        st.lists(st.tuples(st.integers(-25, 25) | st.none(), st.integers(0, len(ladders) - 1)), max_size=70)
    )
    changes = array("q", [NONE if change is None else change * 10**9 for change, _ in rows])
    found = classify_columns(changes, thresholds, array("I", [number for _, number in rows])).tolist()
    wanted = classify_batch([change for change, _ in rows], [thresholds[number] for _, number in rows])
    assert [NAMES[signal] for signal in found] == wanted
    if len({number for _, number in rows}) == 1:
        alone = thresholds[rows[0][1]]
        assert classify_columns(changes, [alone]).tolist() == found


@settings(max_examples=150, deadline=None)
@given(st.lists(inputs(), max_size=8), st.data())
def test_arrow_there_and_back_loses_nothing(lines: list[bytes], data: st.DataObject) -> None:
    batch, _ = parse_batch(lines)
    kept = data.draw(st.lists(st.integers(0, max(len(batch) - 1, 0)), max_size=8)) if len(batch) else []
    for part in (batch, batch[1:], batch[::-1], batch.take(kept)):
        table = pa.table(part)
        assert table.num_rows == len(part)
        assert list(QuoteBatch.from_arrow(table)) == list(part)
        assert QuoteBatch.from_arrow(table).to_json() == part.to_json()
        assert table["last_nanos"].to_pylist() == [
            None if event.last is None else int(event.last.scaleb(9)) for event in part
        ]


def commands(data: bytes) -> Iterator[list[bytes]]:
    """The commands of a Redis request, read slowly."""
    at = 0

    def number(mark: bytes) -> int:
        nonlocal at
        end = data.index(b"\r\n", at)
        assert data[at : at + 1] == mark
        value = int(data[at + 1 : end])
        at = end + 2
        return value

    while at < len(data):
        parts = []
        for _ in range(number(b"*")):
            size = number(b"$")
            parts.append(data[at : at + size])
            assert data[at + size : at + size + 2] == b"\r\n"
            at += size + 2
        yield parts


@settings(max_examples=150, deadline=None)
@given(st.lists(inputs(), max_size=8), st.none() | st.integers(0, 2**50))
def test_redis_commands_carry_each_event(lines: list[bytes], minid_ms: int | None) -> None:
    batch, _ = parse_batch(lines)
    trim = [] if minid_ms is None else [b"MINID", b"~", str(minid_ms).encode()]
    wanted = [
        [b"XADD", b"quotes:stream:TOS", *trimming, b"*", b"data", event.to_json()]
        for trimming, event in zip([trim[:0]] * (len(batch) - 1) + [trim], batch, strict=False)
    ]
    assert list(commands(batch.to_xadd("quotes:stream:TOS", minid_ms=minid_ms))) == wanted


EVENTS = st.builds(
    lambda symbol, source, ts_us, seq, last, size: QuoteEvent(
        symbol=symbol, source=source, ts_us=ts_us, seq=seq, last=None if last is None else Decimal(last), last_size=size
    ),
    st.sampled_from(["ES", "ZB", "NQ"]),
    st.sampled_from(["TOS", "SCHWAB"]),
    st.integers(-30, 30),
    st.sampled_from([None, 0, 1, 2]),
    st.none() | st.integers(-3, 3),
    st.none() | st.integers(0, 5),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(EVENTS, max_size=25), st.integers(1, 20))
def test_bars_are_made_of_each_keys_last_event(events: list[QuoteEvent], interval_us: int) -> None:
    bars = QuoteBatch.from_events(events).bars(interval_us)
    standing = {(event.symbol, event.source, event.ts_us, event.seq): event for event in events}
    groups: dict[tuple[str, int], list[tuple[tuple[int, int, str], Decimal, int]]] = {}
    for event in standing.values():
        if event.last is not None:
            start = event.ts_us // interval_us * interval_us
            order = (event.ts_us, -1 if event.seq is None else event.seq, event.source)
            groups.setdefault((event.symbol, start), []).append((order, event.last, event.last_size or 0))
    wanted = []
    for (symbol, start), rows in sorted(groups.items()):
        rows.sort()
        prices = [int(price.scaleb(9)) for _, price, _ in rows]
        wanted.append(
            (symbol, start, prices[0], max(prices), min(prices), prices[-1], sum(row[2] for row in rows), len(rows))
        )
    columns = (bars.start_us, bars.open, bars.high, bars.low, bars.close, bars.volume, bars.events)
    assert list(zip(bars.symbol, *(column.tolist() for column in columns), strict=True)) == wanted
