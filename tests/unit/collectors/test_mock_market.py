"""The invented market: the same for the same seed, always in whole ticks, settling at 17:00 in Chicago."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from collectors.instruments import Instruments
from collectors.sources.mock_market import PROFILES, MockMarket, next_settlement_us
from thor_fast import QuoteEvent, parse_batch

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


MONDAY_MORNING = us("2026-11-23T16:00:00")
MIDNIGHT = us("2026-11-24T06:00:00")
SUNDAY_NOON = us("2026-11-22T18:00:00")


def meta(event: QuoteEvent) -> dict[str, Any]:
    assert event.meta is not None
    found: dict[str, Any] = json.loads(event.meta, parse_float=Decimal, parse_int=Decimal)
    return found


def by_symbol(events: Iterable[QuoteEvent]) -> dict[str, list[QuoteEvent]]:
    found: dict[str, list[QuoteEvent]] = defaultdict(list)
    for event in events:
        found[event.symbol].append(event)
    return found


@pytest.fixture(scope="module")
def day(instruments: Instruments) -> list[QuoteEvent]:
    """A whole day from midnight in Chicago, thinned out to an event a second."""
    return MockMarket(2, MIDNIGHT, instruments, rate=1).step(MIDNIGHT + 24 * HOUR_US)


@pytest.fixture(scope="module")
def busy(instruments: Instruments) -> list[QuoteEvent]:
    """A few minutes of a busy Monday morning, at the usual rate."""
    return MockMarket(7, MONDAY_MORNING, instruments).step(MONDAY_MORNING + 5 * MINUTE_US)


def test_the_same_seed_gives_the_same_market_in_steps_of_any_size(instruments: Instruments) -> None:
    whole = MockMarket(3, MONDAY_MORNING, instruments).step(MONDAY_MORNING + MINUTE_US)
    stepped = MockMarket(3, MONDAY_MORNING, instruments)
    pieces = [
        event for now in range(MONDAY_MORNING, MONDAY_MORNING + MINUTE_US + 1, 250_000) for event in stepped.step(now)
    ]
    assert pieces == whole
    assert MockMarket(4, MONDAY_MORNING, instruments).step(MONDAY_MORNING + MINUTE_US) != whole


def test_every_event_passes_the_judge_unchanged(busy: list[QuoteEvent]) -> None:
    batch, rejects = parse_batch([event.to_json() for event in busy])
    assert not rejects
    assert list(batch) == busy


def test_all_eleven_futures_trade_and_are_marked_mock(instruments: Instruments, busy: list[QuoteEvent]) -> None:
    assert set(by_symbol(busy)) == set(instruments.symbols) == set(PROFILES)
    assert {event.source for event in busy} == {"MOCK"}


def test_times_rise_and_stay_within_the_step(busy: list[QuoteEvent]) -> None:
    times = [event.ts_us for event in busy]
    assert times == sorted(times)
    assert times[0] >= MONDAY_MORNING
    assert times[-1] <= MONDAY_MORNING + 5 * MINUTE_US


def test_every_price_is_a_whole_number_of_ticks(instruments: Instruments, busy: list[QuoteEvent]) -> None:
    for event in busy:
        tick = instruments[event.symbol].tick
        for price in (event.last, event.bid, event.ask):
            assert price is not None
            assert price % tick == 0


def test_the_book_is_one_to_three_ticks_wide_and_the_last_price_is_near_it(
    instruments: Instruments, busy: list[QuoteEvent]
) -> None:
    for event in busy:
        assert event.last is not None
        assert event.bid is not None
        assert event.ask is not None
        tick = instruments[event.symbol].tick
        assert tick <= event.ask - event.bid <= 3 * tick
        assert event.bid - 3 * tick <= event.last <= event.ask + 3 * tick
        assert min(event.last_size or 0, event.bid_size or 0, event.ask_size or 0) >= 1


def test_a_trade_is_at_bid_or_ask_and_adds_its_size_to_the_volume(busy: list[QuoteEvent]) -> None:
    trades = 0
    for events in by_symbol(busy).values():
        for before, event in pairwise(events):
            traded = meta(event)["volume"] - meta(before)["volume"]
            assert traded in {0, event.last_size}
            if traded:
                trades += 1
                assert event.last in {event.bid, event.ask}
            else:
                assert (event.last, event.last_size) == (before.last, before.last_size)
    assert trades > len(busy) / 5


def test_sequence_numbers_count_each_symbol_from_one(busy: list[QuoteEvent]) -> None:
    for events in by_symbol(busy).values():
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert {meta(event)["run"] for event in busy} == {MONDAY_MORNING // 1_000}


def test_the_day_s_figures_hold_together(instruments: Instruments, busy: list[QuoteEvent]) -> None:
    for event in busy:
        day = meta(event)
        assert event.last is not None
        assert day["low52"] <= day["low"] <= min(event.last, day["open"])
        assert max(event.last, day["open"]) <= day["high"] <= day["high52"]
        assert day["netChange"] == event.last - day["close"]
        assert day["precision"] == instruments[event.symbol].precision


def test_the_rate_is_about_what_was_asked_for(day: list[QuoteEvent]) -> None:
    assert len(day) == pytest.approx(86_400, rel=0.03)


def test_the_opening_hours_are_busier_than_the_night(day: list[QuoteEvent]) -> None:
    hours = [0] * 24
    for event in day:
        hours[(event.ts_us - MIDNIGHT) // HOUR_US] += 1
    assert hours[8] > 2 * hours[0]


def test_it_moves_on_a_sunday_too(instruments: Instruments) -> None:
    found = by_symbol(MockMarket(5, SUNDAY_NOON, instruments).step(SUNDAY_NOON + 10 * MINUTE_US))
    for events in found.values():
        assert len({event.bid for event in events}) > 2


def test_no_symbol_is_silent_long_enough_to_look_dead(instruments: Instruments) -> None:
    quiet_hour = us("2026-11-24T05:00:00")
    found = by_symbol(MockMarket(5, quiet_hour, instruments).step(quiet_hour + 30 * MINUTE_US))
    for events in found.values():
        pauses = [after.ts_us - before.ts_us for before, after in pairwise(events)]
        assert max(pauses) < 5_000_000


def test_stock_indices_move_together_and_the_vix_against_them(instruments: Instruments) -> None:
    market = MockMarket(11, MONDAY_MORNING, instruments)
    # Over days, because what is measured forgets its past only within the hour.
    changes: dict[str, list[float]] = defaultdict(list)
    for sample in range(1, 260):
        market.skip_to(MONDAY_MORNING + sample * 15 * MINUTE_US)
        newest = {event.symbol: event for event in market.step(MONDAY_MORNING + sample * 15 * MINUTE_US + 8_000_000)}
        if len(newest) == len(PROFILES):
            for symbol, event in newest.items():
                assert event.bid is not None
                changes[symbol].append(float(event.bid))

    def correlation(first: str, second: str) -> float:
        one, two = changes[first], changes[second]
        mean_one, mean_two = sum(one) / len(one), sum(two) / len(two)
        both = sum((a - mean_one) * (b - mean_two) for a, b in zip(one, two, strict=True))
        return float(both / (sum((a - mean_one) ** 2 for a in one) * sum((b - mean_two) ** 2 for b in two)) ** 0.5)

    assert len(changes["ES"]) > 200
    assert correlation("ES", "NQ") > 0.7
    assert correlation("ES", "VX") < -0.4


@pytest.mark.parametrize(
    ("symbol", "buy", "strong_buy"),
    [
        ("YM", 10, 60),
        ("ES", 1, 6),
        ("NQ", 2.5, 15),
        ("RTY", 2.5, 15),
        ("CL", 0.05, 0.3),
        ("SI", 0.01, 0.06),
        ("HG", 0.002, 0.012),
        ("GC", 0.5, 3),
        ("VX", 0.05, 0.1),
        ("DX", 0.05, 0.3),
        ("ZB", 0.15625, 0.9375),
    ],
)
def test_changes_are_of_a_size_that_signals_change(
    day: list[QuoteEvent], symbol: str, buy: float, strong_buy: float
) -> None:
    changes = [float(meta(event)["netChange"]) for event in day if event.symbol == symbol]
    assert any(change > buy for change in changes)
    assert any(change < -buy for change in changes)
    assert any(abs(change) <= buy for change in changes)
    assert max(map(abs, changes)) < 8 * max(strong_buy, PROFILES[symbol].day_move)


@pytest.mark.parametrize(
    ("now", "settles"),
    [
        ("2026-11-23T16:00:00", "2026-11-23T23:00:00"),
        ("2026-11-23T22:59:59", "2026-11-23T23:00:00"),
        ("2026-11-23T23:00:00", "2026-11-24T23:00:00"),
        ("2026-07-01T12:00:00", "2026-07-01T22:00:00"),
        ("2026-03-07T23:30:00", "2026-03-08T22:00:00"),
        ("2026-10-31T22:30:00", "2026-11-01T23:00:00"),
    ],
)
def test_the_settlement_is_at_17_00_in_chicago_in_summer_and_winter(now: str, settles: str) -> None:
    assert next_settlement_us(us(now)) == us(settles)


def test_at_17_00_in_chicago_the_day_starts_again(instruments: Instruments) -> None:
    settles = us("2026-11-23T23:00:00")
    start = settles - 5 * MINUTE_US
    for events in by_symbol(MockMarket(9, start, instruments).step(settles + 5 * MINUTE_US)).values():
        old = [event for event in events if event.ts_us < settles]
        new = [event for event in events if event.ts_us >= settles]
        first = meta(new[0])
        assert first["close"] == old[-1].last
        assert first["open"] == first["high"] == first["low"] == new[0].last
        assert first["volume"] == new[0].last_size
        assert new[0].seq == len(old) + 1
        assert meta(new[-1])["close"] == old[-1].last


def test_a_skipped_time_is_not_told(instruments: Instruments) -> None:
    market = MockMarket(1, MONDAY_MORNING, instruments)
    market.step(MONDAY_MORNING + MINUTE_US)
    market.skip_to(MONDAY_MORNING + 8 * HOUR_US)
    events = market.step(MONDAY_MORNING + 8 * HOUR_US + 1_000_000)
    assert events[0].ts_us >= MONDAY_MORNING + 8 * HOUR_US
    assert len(events) < 200


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan")])
def test_a_rate_that_is_none_is_refused(instruments: Instruments, rate: float) -> None:
    with pytest.raises(ValueError, match="rate must be above 0"):
        MockMarket(1, MONDAY_MORNING, instruments, rate=rate)
