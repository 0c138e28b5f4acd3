"""Batches however they are cut, selected and carried: nothing of an event is lost, no decision changes."""

from array import array
from decimal import Decimal
from itertools import pairwise

import polars as pl
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from thor_fast import (
    MergePolicy,
    QuoteBatch,
    QuoteEvent,
    Thresholds,
    classify_batch,
    classify_columns,
    format_price,
    format_prices,
    parse_batch,
)

NANOS = st.integers(-(2**63) + 1, 2**63 - 1)
PRICES = st.none() | NANOS.map(lambda nanos: Decimal(nanos).scaleb(-9)) | st.integers(0, 4).map(Decimal)
SIZES = st.none() | st.integers(0, 2**31 - 1)
TEXTS = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=64)
EVENTS = st.builds(
    QuoteEvent,
    symbol=st.sampled_from(["ES", "ZB", "BRK.B", "$SPX", "A" * 32]),
    ts_us=st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999) | st.integers(0, 3),
    source=st.sampled_from(["TOS", "SCHWAB", "MOCK"]),
    last=PRICES,
    bid=PRICES,
    ask=PRICES,
    last_size=SIZES,
    bid_size=SIZES,
    ask_size=SIZES,
    seq=st.none() | st.integers(0, 2**63 - 1) | st.integers(0, 3),
    condition=TEXTS,
    venue=TEXTS,
    meta=st.sampled_from([None, "{}", '{"run":1}', '{ "run" : 2, "stale":true}', '{"a":"é\\n"}', '{"delayed":true}']),
)
BATCHES = st.lists(EVENTS, max_size=12)
CUTS = st.lists(st.integers(0, 12), max_size=4).map(sorted)


def cut(batch: QuoteBatch, cuts: list[int]) -> list[QuoteBatch]:
    edges = [0, *cuts, len(batch)]
    return [batch[start : max(start, end)] for start, end in pairwise(edges)]


@settings(max_examples=150, deadline=None)
@given(BATCHES, st.lists(st.integers(0, 11), max_size=8))
def test_no_way_through_columns_changes_an_event(events: list[QuoteEvent], picks: list[int]) -> None:
    made = QuoteBatch.from_events(events)
    read, rejects = parse_batch(made.to_json())
    assert rejects == []
    picks = [pick for pick in picks if pick < len(events)]
    for batch in (made, read, QuoteBatch.from_arrow(pa.table(made)), QuoteBatch.from_arrow(pl.DataFrame(read))):
        assert list(batch) == events
        assert batch.to_json_lines() == made.to_json_lines()
        assert batch.to_copy_binary() == made.to_copy_binary()
        assert list(batch.take(picks)) == [events[pick] for pick in picks]
        assert list(QuoteBatch.from_arrow(batch.take(picks))) == [events[pick] for pick in picks]


@settings(max_examples=150, deadline=None)
@given(BATCHES, CUTS)
def test_parts_put_together_are_the_whole(events: list[QuoteEvent], cuts: list[int]) -> None:
    batch = QuoteBatch.from_events(events)
    joined = QuoteBatch.concat(cut(batch, [min(at, len(batch)) for at in cuts]))
    assert list(joined) == events
    assert list(joined.last_per_key()) == list(batch.last_per_key())
    assert joined.newest_per_symbol() == batch.newest_per_symbol()


@settings(max_examples=200, deadline=None)
@given(BATCHES, CUTS, st.integers(0, 12), st.booleans())
def test_the_merge_is_the_same_in_any_batching(
    events: list[QuoteEvent], cuts: list[int], restart: int, preferred: bool
) -> None:
    received = [at * 700_000 for at in range(len(events))]

    def policy() -> MergePolicy:
        return MergePolicy({"ES": "TOS"} if preferred else None, sequence_domains=[["SCHWAB", "MOCK"]])

    alone = policy()
    wanted = [
        (decision.accepted, decision.reason, decision.active_source)
        for decision in (alone.offer(event, at) for event, at in zip(events, received, strict=True))
    ]
    batched = policy()
    found = []
    start = 0
    for number, part in enumerate(cut(QuoteBatch.from_events(events), [min(at, len(events)) for at in cuts])):
        if number == restart:
            state = batched.export_state()
            batched = policy()
            batched.import_state(state)
            assert batched.export_state() == state
        times = received[start : start + len(part)]
        found += batched.offer_batch(part, array("q", times) if number % 2 else times)
        start += len(part)
    assert [(decision.accepted, decision.reason, decision.active_source) for decision in found] == wanted
    assert batched.counts() == alone.counts()
    assert batched.export_state() == alone.export_state()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(NANOS | st.just(-(2**63)), max_size=60),
    st.sampled_from([0, 1, 2, 5, 9, "32nds", "NOT.KNOWN"]),
    st.booleans(),
)
def test_prices_in_columns_are_prices(nanos: list[int], display: int | str, signed: bool) -> None:
    wanted = [
        None if value == -(2**63) else format_price(Decimal(value).scaleb(-9), display, signed=signed)
        for value in nanos
    ]
    assert format_prices(array("q", nanos), display, signed=signed) == wanted


@settings(max_examples=150, deadline=None)
@given(st.lists(NANOS | st.integers(-3, 3), max_size=30), st.lists(st.integers(-3, 3), min_size=4, max_size=4))
def test_signals_in_columns_are_signals(nanos: list[int], rungs: list[int]) -> None:
    strong_buy, buy, sell, strong_sell = (Decimal(rung).scaleb(-9) for rung in sorted(rungs, reverse=True))
    ladder = Thresholds(strong_buy=strong_buy, buy=buy, sell=sell, strong_sell=strong_sell)
    numbers = {"STRONG_BUY": 2, "BUY": 1, "HOLD": 0, "SELL": -1, "STRONG_SELL": -2}
    wanted = classify_batch([Decimal(value).scaleb(-9) for value in nanos], [ladder] * len(nanos))
    assert classify_columns(array("q", nanos), [ladder]).tolist() == [numbers[str(signal)] for signal in wanted]
