"""Batches as columns: parts without copies, Arrow out and in, and the kernels over integer columns."""

import gc
from array import array
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest

from tests.unit.fast.golden_files import GOLDEN, rows
from thor_fast import (
    EventError,
    MergePolicy,
    QuoteBatch,
    QuoteEvent,
    Thresholds,
    classify_batch,
    classify_columns,
    format_price,
    format_price_column,
    format_prices,
    parse_batch,
    parse_event,
    parse_price,
    parse_prices,
)

MISSING = -(2**63)


def opening() -> QuoteBatch:
    return parse_batch((GOLDEN / "es_open.jsonl").read_bytes())[0]


def golden() -> QuoteBatch:
    return QuoteBatch.from_events([parse_event(row["canonical"].encode()) for row in rows("events_accepted.jsonl")])


# --- parts ------------------------------------------------------------------------------------------------------


def test_parts_of_parts_are_the_events_they_name() -> None:
    batch = opening()
    events = list(batch)
    assert list(batch[10:200][5:50].take([3, 3, -1])) == [events[18], events[18], events[59]]
    assert list(batch[::7][1:9:2]) == events[::7][1:9:2]
    assert batch[3:5].nbytes == batch.nbytes


def test_a_concatenation_has_columns_of_its_own() -> None:
    batch = opening()
    joined = QuoteBatch.concat([batch[:3], batch[299:], batch.take([0, 0])])
    assert list(joined) == [*batch[:3], batch[299], batch[0], batch[0]]
    assert joined.nbytes < batch.nbytes / 20
    assert len(QuoteBatch.concat([])) == 0
    assert joined.to_json_lines() == b"".join(line + b"\n" for line in joined.to_json())


def test_a_batch_holds_little_more_than_its_columns() -> None:
    data = (GOLDEN / "es_open.jsonl").read_bytes()
    batch = parse_batch(data * 10)[0]
    fixed = 4 + 4 + 8 + 3 * 8 + 3 * 4 + 8 + 2 + 8 + 3 * 8
    assert batch.nbytes < 1.1 * (len(data) * 10 + len(batch) * (fixed + 40))


# --- encoders -----------------------------------------------------------------------------------------------------


def test_events_read_from_json_and_made_anew_are_written_alike() -> None:
    batch = opening()
    made = QuoteBatch.from_events(list(batch))
    ids = [f"1703541600180-{position}" for position in range(len(batch))]
    assert made.to_json() == batch.to_json()
    assert made.to_json_lines() == batch.to_json_lines()
    assert made.to_sse(ids) == batch.to_sse(ids)
    assert made.to_copy_binary() == batch.to_copy_binary()
    assert made.to_xadd("s") == batch.to_xadd("s")
    assert b"".join(batch.to_sse(ids)) == batch.to_sse_stream(ids)


def test_a_batch_without_its_json_is_the_same_but_for_its_size() -> None:
    data = (GOLDEN / "es_open.jsonl").read_bytes()
    kept, rejects = parse_batch(data)
    for source in (data, data.splitlines()):
        lean, none = parse_batch(source, keep_json=False)
        assert (none, rejects) == ([], [])
        assert list(lean) == list(kept)
        assert lean.to_json_lines() == kept.to_json_lines() == data
        assert lean.to_copy_binary() == kept.to_copy_binary()
        assert lean.nbytes < kept.nbytes / 2


def test_ids_may_be_any_sequence_of_texts() -> None:
    batch = opening()[:2]
    for ids in (["1-0", "2-0"], ("1-0", "2-0")):
        assert batch.to_sse_stream(ids) == b"".join(batch.to_sse(["1-0", "2-0"]))
    for wrong in ("12", {"1-0": 1, "2-0": 2}, iter(["1-0", "2-0"]), [1, 2], [b"1-0", b"2-0"], None):
        with pytest.raises(TypeError):
            batch.to_sse_stream(wrong)  # type: ignore[arg-type]
    for wrong_ids in (["1-0"], ["1-0"] * 3, ["1-0", "2\n0"], ["1-0", "1763836800123\r0"], ["1-0", "\0"]):
        for form in (batch.to_sse, batch.to_sse_stream):
            with pytest.raises(ValueError, match="id"):
                form(wrong_ids)


@pytest.mark.parametrize("made", [False, True], ids=["read", "made"])
def test_the_streams_are_as_the_golden_files_have_them(made: bool) -> None:
    batch = opening()[148:152]
    batch = QuoteBatch.from_events(list(batch)) if made else batch
    ids = [f"1703541600180-{position}" for position in range(4)]
    received = [1_703_541_600_180_000 + position for position in range(4)]
    assert batch.to_sse_stream(ids) == (GOLDEN / "quotes.sse").read_bytes()
    assert batch.to_xadd("quotes:stream:TOS", minid_ms=1_703_455_200_000) == (GOLDEN / "xadd.resp").read_bytes()
    assert batch.to_latest(ids, received) == (GOLDEN / "latest.resp").read_bytes()
    assert batch.to_latest(ids, array("q", received)) == (GOLDEN / "latest.resp").read_bytes()


@pytest.mark.parametrize(
    ("ids", "received"), [([], [1]), (["1-0"], []), (["1"], [1]), (["x-1"], [1]), (["99999999999999999-0"], [1])]
)
def test_ids_and_times_that_do_not_fit_are_refused(ids: list[str], received: list[int]) -> None:
    with pytest.raises(ValueError, match=r"id|times"):
        opening()[:1].to_latest(ids, received)


# --- Arrow --------------------------------------------------------------------------------------------------------


def test_an_arrow_table_has_the_documented_columns() -> None:
    table = pa.table(opening())
    dictionary = pa.dictionary(pa.uint32(), pa.utf8())
    assert [(field.name, field.type) for field in table.schema] == [
        ("symbol", dictionary),
        ("ts", pa.timestamp("us", "UTC")),
        ("source", dictionary),
        ("last_nanos", pa.int64()),
        ("bid_nanos", pa.int64()),
        ("ask_nanos", pa.int64()),
        ("last_size", pa.int32()),
        ("bid_size", pa.int32()),
        ("ask_size", pa.int32()),
        ("seq", pa.int64()),
        ("condition", pa.large_utf8()),
        ("venue", pa.large_utf8()),
        ("meta", pa.large_utf8()),
    ]
    table.validate(full=True)
    assert table["bid_nanos"][0].as_py() == 4_799_000_000_000
    assert table["last_nanos"][0].as_py() is None
    assert table.schema.field("ask_nanos").metadata == {b"unit": b"1e-9"}


def test_values_are_shared_and_outlive_the_batch() -> None:
    batch = opening()
    first, second = pa.table(batch[:100]), pa.table(batch[100:])
    buffers = [table.to_batches()[0].column("ts").buffers()[1] for table in (first, second)]
    addresses = [0 if buffer is None else buffer.address for buffer in buffers]
    assert addresses[1] - addresses[0] == 100 * 8
    wanted = batch.ts_us()
    del batch
    gc.collect()
    assert [*first["ts"].cast(pa.int64()).to_pylist(), *second["ts"].cast(pa.int64()).to_pylist()] == wanted


def arrow_tables(batch: QuoteBatch) -> dict[str, Any]:
    relation = pa.table(batch)
    selected = duckdb.sql("SELECT * FROM relation")
    assert selected is not None
    return {
        "itself": batch,
        "pyarrow": relation,
        "pyarrow in chunks": pa.concat_tables([pa.table(batch[:7]), pa.table(batch[7:])]),
        "polars": pl.DataFrame(batch),
        "duckdb": selected.to_arrow_table(),
    }


@pytest.mark.parametrize("way", ["itself", "pyarrow", "pyarrow in chunks", "polars", "duckdb"])
def test_every_event_comes_back_from_arrow(way: str) -> None:
    for batch in (opening(), golden(), opening()[5:200], golden().take([5, 3, 3, -1]), opening()[:0]):
        back = QuoteBatch.from_arrow(arrow_tables(batch)[way])
        assert list(back) == list(batch)
        assert back.to_json_lines() == batch.to_json_lines()


def test_columns_are_checked_as_events_are() -> None:
    table = pa.table(opening()[:3])

    def put(name: str, values: Any) -> pa.Table:
        return table.set_column(table.schema.get_field_index(name), name, values)

    for name, values, code, field in [
        ("symbol", pa.array(["ES", "es", "ES"]), "bad_symbol", "symbol"),
        ("symbol", pa.array(["ES", None, "ES"]), "missing_field", "symbol"),
        ("source", pa.array(["TOS", "NOBODY", "TOS"]), "unknown_source", "source"),
        ("ts", pa.array([0, 2**62, 0], pa.timestamp("us", "UTC")), "bad_timestamp", "ts"),
        ("bid_nanos", pa.array([0, MISSING, 0], pa.int64()), "out_of_range", "bid"),
        ("bid_size", pa.array([0, -1, 0], pa.int32()), "out_of_range", "bidSize"),
        ("seq", pa.array([0, -1, 0], pa.int64()), "out_of_range", "seq"),
        ("venue", pa.array(["", "x" * 65, ""]), "out_of_range", "venue"),
        ("meta", pa.array([None, "[]", None]), "bad_type", "meta"),
    ]:
        with pytest.raises(EventError, match="row 1") as error:
            QuoteBatch.from_arrow(put(name, values))
        assert (error.value.code, error.value.field) == (code, field)
    for wrong in (
        table.drop_columns("bid_nanos"),
        put("bid_nanos", pa.array([1.5, 2.5, 3.5])),
        put("ts", pa.array([0, 0, 0], pa.timestamp("us"))),
        put("symbol", pa.array([1, 2, 3])),
    ):
        with pytest.raises(ValueError, match="column"):
            QuoteBatch.from_arrow(wrong)
    bare = table.drop_columns(["seq", "condition", "venue", "meta"])
    assert QuoteBatch.from_arrow(bare)[0].venue is None
    with pytest.raises(AttributeError):
        QuoteBatch.from_arrow([1])


def test_a_stream_can_be_taken_only_once() -> None:
    class Once:
        def __init__(self) -> None:
            self.capsule = opening().__arrow_c_stream__()

        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return self.capsule

    once = Once()
    assert len(QuoteBatch.from_arrow(once)) == 300
    with pytest.raises(ValueError, match="released"):
        QuoteBatch.from_arrow(once)


# --- columns of prices, signals, bars -----------------------------------------------------------------------------


def nanos_of(value: Decimal) -> int:
    return int(value.scaleb(9))


@pytest.mark.parametrize("display", [0, 2, 9, "32nds", "NOT.KNOWN"])
@pytest.mark.parametrize("signed", [False, True])
def test_a_column_of_prices_is_its_prices(display: int | str, signed: bool) -> None:
    values = [Decimal(row["value"]) for row in rows("prices.jsonl") if row["op"] == "format"] * 3
    texts = format_prices(array("q", map(nanos_of, values)), display, signed=signed)
    assert texts == [format_price(value, display, signed=signed) for value in values]


@pytest.mark.parametrize("display", [0, 2, 4, 9, "32nds", "NOT.KNOWN"])
def test_prices_that_repeat_and_prices_that_do_not_are_written_alike(display: int | str) -> None:
    tick = 1_000_000_000 // 256
    different = [at * 997 * tick * (-1) ** at for at in range(3_000)]
    for nanos in (different, [nanos for nanos in different[:40] for _ in range(50)], [*different, *[MISSING] * 3_000]):
        column = array("q", nanos)
        wanted = [None if it == MISSING else format_price(Decimal(it).scaleb(-9), display) for it in nanos]
        assert format_prices(column, display) == wanted
        texts = format_price_column(column, display)
        assert pl.Series(texts).to_list() == pa.array(texts, pa.utf8()).to_pylist() == wanted
        assert len(texts) == len(wanted)
        assert texts.nbytes >= sum(len(text or "") for text in wanted)


def test_missing_prices_have_no_text() -> None:
    assert format_prices(array("q", [MISSING, 0, MISSING]), 2) == [None, "0.00", None]
    assert pa.array(format_price_column(array("q", [MISSING, 0, MISSING]), 2), pa.utf8()).to_pylist() == [
        None,
        "0.00",
        None,
    ]
    assert format_prices(array("q"), 2) == []
    assert pa.array(format_price_column(array("q"), 2), pa.utf8()).to_pylist() == []
    for form in (format_prices, format_price_column):
        for wrong in (array("d", [1.0]), array("i", [1]), [1]):
            with pytest.raises((TypeError, BufferError)):
                form(wrong, 2)  # type: ignore[arg-type]


def test_a_column_of_texts_is_its_prices() -> None:
    texts = [row["text"] for row in rows("prices.jsonl") if row["op"] == "parse" and row["value"] is not None]
    nanos = parse_prices(texts)
    assert nanos.format == "q"
    assert nanos.tolist() == [nanos_of(parse_price(text)) for text in texts]
    with pytest.raises(EventError, match="row 2"):
        parse_prices(["1", "2", "x"])


def test_a_column_of_signals_is_its_signals() -> None:
    ladders = [
        Thresholds(strong_buy=6, buy=1, sell=-1, strong_sell=-6),
        None,
        Thresholds(strong_buy=0, buy=0, sell=0, strong_sell=0),
    ]
    numbers = {"STRONG_BUY": 2, "BUY": 1, "HOLD": 0, "SELL": -1, "STRONG_SELL": -2, None: -128}
    changes = [Decimal(change) / 2 for change in range(-15, 16)]
    for at, ladder in enumerate(ladders):
        found = classify_columns(array("q", map(nanos_of, changes)), ladders, array("I", [at] * len(changes)))
        assert found.format == "b"
        assert found.tolist() == [numbers[it] for it in classify_batch(changes, [ladder] * len(changes))]
    assert classify_columns(array("q", [7_000_000_000, MISSING]), ladders[:1]).tolist() == [2, -128]


def test_a_column_of_signals_longer_than_a_block_and_with_gaps_is_its_signals() -> None:
    ladder = Thresholds(strong_buy=6, buy=1, sell=-1, strong_sell=-6)
    changes = array("q", [(at % 19 - 9) * 10**9 for at in range(70_000)])
    wanted = [(at > 1) + (at > 6) - (at < -1) - (at <= -6) for at in (turn % 19 - 9 for turn in range(70_000))]
    found = classify_columns(changes, [None, ladder], array("I", [1]) * 70_000)
    assert found.tolist() == wanted
    assert classify_columns(changes, [ladder]).tolist() == wanted
    assert classify_columns(memoryview(changes)[::2], [ladder]).tolist() == wanted[::2]
    ids = array("I", [1]) * 70_000
    ids[69_999] = 2
    with pytest.raises(ValueError, match="thresholds"):
        classify_columns(changes, [None, ladder], ids)


@pytest.mark.parametrize(
    ("ladders", "ids"), [([], None), ([None, None], None), ([None], [0]), ([None], [0, 1]), ([None], [0, 2**32 - 1])]
)
def test_ids_that_name_no_ladder_are_refused(ladders: list[None], ids: list[int] | None) -> None:
    with pytest.raises(ValueError, match=r"thresholds|ids"):
        classify_columns(array("q", [1, 2]), ladders, None if ids is None else array("I", ids))


def test_bars_are_the_same_in_any_order() -> None:
    def event(ts_us: int, last: float | None, size: int | None = 1, symbol: str = "ES") -> QuoteEvent:
        return QuoteEvent(symbol=symbol, ts_us=ts_us, source="MOCK", last=last, last_size=size)

    events = [event(0, 5), event(59, 7, None), event(30, 4), event(60, 6), event(20, None), event(61, 1, 2, "YM")]
    for order in (events, events[::-1], [*events, events[0]]):
        bars = QuoteBatch.from_events(order).bars(60)
        assert len(bars) == 3
        assert bars.symbol == ["ES", "ES", "YM"]
        columns = zip(bars.start_us, bars.open, bars.high, bars.low, bars.close, bars.volume, bars.events, strict=True)
        assert [tuple(row) for row in columns] == [
            (0, 5 * 10**9, 7 * 10**9, 4 * 10**9, 7 * 10**9, 2, 3),
            (60, 6 * 10**9, 6 * 10**9, 6 * 10**9, 6 * 10**9, 1, 1),
            (60, 10**9, 10**9, 10**9, 10**9, 2, 1),
        ]
    with pytest.raises(ValueError, match="interval"):
        opening().bars(0)


# --- many threads -------------------------------------------------------------------------------------------------


def test_many_threads_get_the_answers_of_one() -> None:
    data = (GOLDEN / "es_open.jsonl").read_bytes()
    batch = opening()
    ids = [f"1-{position}" for position in range(len(batch))]
    shared = MergePolicy()

    def work(number: int) -> tuple[Any, ...]:
        read, rejects = parse_batch(data + b"{}\n")
        shared.offer_batch(batch, range(number, number + len(batch)))
        return (
            [reject.code for reject in rejects],
            list(read) == list(batch),
            read.to_copy_binary(),
            batch.to_sse_stream(ids),
            QuoteBatch.from_arrow(pa.table(batch)).to_json_lines(),
            parse_event(data.splitlines()[number % 300]) == batch[number % 300],
            format_prices(array("q", range(number, number + 1_000)), 9)[0] is not None,
        )

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(64)))
    assert answers == [answers[0]] * 64
    assert answers[0][0] == ["missing_field"]
    assert answers[0][1]
    assert sum(shared.counts().values()) - shared.counts()["future_ts"] == 64 * 300
