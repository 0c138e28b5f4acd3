"""Ticks: out of COPY data, into Arrow and back, in order, and as events again."""

from decimal import Decimal
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from tests.unit.fast.golden_files import GOLDEN
from thor_fast import CopyReader, QuoteBatch, QuoteEvent, Ticks, parse_batch


def event(seq: int | None, *, symbol: str = "ES", ts_us: int = 0, last: Decimal | None = None) -> QuoteEvent:
    return QuoteEvent(
        symbol=symbol, ts_us=ts_us, source="TOS", seq=seq, last=last, bid=Decimal("118.3125"), bid_size=0, venue="CME"
    )


def ticks_of(*events: QuoteEvent) -> Ticks:
    return read(QuoteBatch.from_events(events).to_copy_binary())


def read(copied: bytes) -> Ticks:
    reader = CopyReader()
    reader.feed_rows(copied)
    return reader.finish()


def test_columns_are_exact() -> None:
    table = pa.table(ticks_of(event(7, ts_us=-1, last=Decimal("-0.000000001")), event(None)))
    assert table.column_names == [
        *("symbol", "ts", "last", "bid", "ask", "last_size", "bid_size", "ask_size", "source", "cond", "seq", "extra")
    ]
    assert table.schema.field("last").type == pa.decimal128(18, 9)
    first, second = table.to_pylist()
    assert (first["symbol"], first["source"], first["cond"], first["extra"]) == ("ES", "TOS", None, '{"venue":"CME"}')
    assert (first["last"], first["bid"], first["ask"]) == (Decimal("-0.000000001"), Decimal("118.312500000"), None)
    assert (first["seq"], first["bid_size"], first["ask_size"]) == (7, 0, None)
    assert table["ts"].cast(pa.int64()).to_pylist() == [-1, 0]
    assert (second["seq"], second["last"]) == (None, None)


def test_only_prices_that_need_it_are_wide() -> None:
    widest, narrow = Decimal("9223372036.854775807"), Decimal("999999999.999999999")
    assert not ticks_of(event(1, last=narrow)).wide
    wide = ticks_of(event(1, last=widest))
    assert wide.wide
    assert pa.table(wide)["last"].type == pa.decimal128(19, 9)
    assert pa.table(wide)["last"].to_pylist() == [widest]


def test_narrow_prices_are_the_same() -> None:
    ticks = ticks_of(event(1, last=Decimal("-0.000000001")), event(None))
    table = pa.table(ticks.narrow())
    assert table["last"].type == pa.decimal64(18, 9)
    assert table.to_pylist() == pa.table(ticks).to_pylist()
    wide = ticks_of(event(1, last=Decimal("9223372036.854775807")))
    assert pa.table(wide.narrow()).equals(pa.table(wide))


def test_arrow_gives_back_the_same_rows() -> None:
    ticks = ticks_of(event(1, last=Decimal(5)), event(2, symbol="ZB"), event(None))
    table = pa.table(ticks)
    plain = pa.table({name: text(table[name]) if name in TEXTS else table[name] for name in table.column_names})
    for same in (ticks, table, plain, pl.DataFrame(table), pl.DataFrame(plain)):
        assert Ticks.from_arrow(same).digest() == ticks.digest()
    assert Ticks.split([ticks, ticks])[0][1].digest() == ticks.by_symbol()[0][1].digest()


def text(column: Any) -> Any:
    return column.cast(pa.string())


TEXTS = ("symbol", "source", "cond", "extra")


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("last", pa.array([1.5]), "must be Decimal128"),
        ("last", pa.array([Decimal("1.5")], pa.decimal128(18, 2)), "nine places"),
        ("last", pa.array([Decimal(10**10)], pa.decimal128(20, 9)), "does not fit 64 bits"),
        ("ts", pa.array([0], pa.timestamp("us")), "time zone"),
        ("symbol", pa.array([None], pa.string()), "symbol has a null"),
        ("seq", pa.array(["1"]), "must be Int64"),
        ("extra", None, "extra is missing"),
    ],
)
def test_other_tables_are_refused(column: str, values: Any, message: str) -> None:
    table = pa.table(ticks_of(event(1)))
    at = table.column_names.index(column)
    table = table.remove_column(at) if values is None else table.set_column(at, column, values)
    with pytest.raises(ValueError, match=message):
        Ticks.from_arrow(table)


def test_rows_are_in_order_by_symbol_and_once() -> None:
    ticks = ticks_of(
        event(2, symbol="ZB"),
        event(2, ts_us=5, last=Decimal(1)),
        event(1, ts_us=5),
        event(None, ts_us=5),
        event(2, ts_us=5, last=Decimal(2)),
        event(9, ts_us=4),
    )
    for threads in (1, 3):
        parts = dict(ticks.by_symbol(threads))
        assert list(parts) == ["ES", "ZB"]
        assert pa.table(parts["ES"])["seq"].to_pylist() == [9, None, 1, 2]
        assert pa.table(parts["ES"])["last"].to_pylist() == [None, None, None, Decimal(2)]


def test_a_recorded_opening_comes_back_as_the_events_it_was() -> None:
    events, _ = parse_batch((GOLDEN / "es_open.jsonl").read_bytes())
    standing = events.last_per_key()
    again = read(events.to_copy_binary()).by_symbol()
    assert len(again) == 1
    lines = sorted(again[0][1].to_events().to_json_lines().splitlines())
    assert lines == sorted(standing.to_json_lines().splitlines())


def test_a_reader_finishes_once_and_only_at_the_end() -> None:
    reader = CopyReader()
    with pytest.raises(ValueError, match="broke off"):
        reader.finish()
    with pytest.raises(RuntimeError, match="has finished"):
        reader.finish()
    with pytest.raises(ValueError, match="signature"):
        CopyReader().feed_rows(b"no rows at all, only words")
