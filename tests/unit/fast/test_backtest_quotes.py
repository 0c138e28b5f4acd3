"""Orders against quotes: at which price, how many, when, and what ends them."""

import pytest

from tests.unit.fast.backtests import KEEP, Quote, codes_of, contract, fills_of, follow, quotes_of, script

FLAT: list[Quote] = [(at, 99.75, 100.25, 100.0, 5, 5) for at in range(6)]


def moving(*bids: float) -> list[Quote]:
    """A market one tick wide whose last trade is its bid."""
    return [(at, bid, bid + 0.25, bid, 10, 10) for at, bid in enumerate(bids)]


def test_a_market_order_takes_the_other_side_and_pays() -> None:
    run = follow(quotes_of(FLAT), [2, KEEP, 0, KEEP, KEEP, KEEP], contracts=[contract(fee=2.25)])
    assert fills_of(run) == [(0, 2, 100.25), (2, -2, 99.75)]
    assert list(run.equity) == [99_970.5, 99_970.5, 99_941.0, 99_941.0, 99_941.0, 99_941.0]
    assert run.fees == 9.0
    (profit,) = run.trades()["profit"]
    assert profit == -59.0


def test_size_that_is_not_there_waits_for_more() -> None:
    rows: list[Quote] = [(0, 99.75, 100.25, 100.0, 5, 2), (1, 99.75, 100.25, 100.0, 5, 2), (2, 99.75, 100.5, 100, 5, 9)]
    run = follow(quotes_of(rows), [5, KEEP, KEEP])
    # What was taken is gone until the quote changes.
    assert fills_of(run) == [(0, 2, 100.25), (2, 3, 100.5)]


def test_latency_meets_the_book_at_its_arrival() -> None:
    rows: list[Quote] = [(0, 99.75, 100.25, 100, 5, 5), (1, 100.75, 101.25, 101, 5, 5), (3, 102.75, 103.25, 103, 5, 5)]
    run = follow(quotes_of(rows), [1, KEEP, KEEP], latency_us=2_000_000)
    assert fills_of(run) == [(2, 1, 101.25)]
    # At the very instant of an event the event comes first.
    assert fills_of(follow(quotes_of(rows), [1, KEEP, KEEP], latency_us=1_000_000)) == [(1, 1, 101.25)]


def test_a_late_order_never_fills() -> None:
    run = follow(quotes_of(FLAT[:1]), [1], latency_us=1)
    assert (fills_of(run), codes_of(run)) == ([], ["data_ended"])


def test_a_resting_limit_fills_at_its_own_price_once_the_other_side_comes() -> None:
    run = script(quotes_of(moving(100, 99.5, 99.0, 98.0)), {0: lambda it: it.buy("ES", limit=99.0)})
    assert fills_of(run) == [(3, 1, 99.0)]
    touched = script(quotes_of(moving(100, 99.0, 100)), {0: lambda it: it.buy("ES", limit=99.0)}, fills_at_touch=True)
    assert fills_of(touched) == [(1, 1, 99.0)]
    assert fills_of(script(quotes_of(moving(100, 99.0, 100)), {0: lambda it: it.buy("ES", limit=99.0)})) == []


def test_a_limit_that_can_trade_at_once_takes_what_is_there() -> None:
    run = script(quotes_of(FLAT), {0: lambda it: it.buy("ES", 9, limit=101.0)}, contracts=[contract(slippage=0.25)])
    assert fills_of(run) == [(0, 5, 100.25)]  # no slippage: a limit has none


def test_what_is_immediate_does_not_rest() -> None:
    run = script(quotes_of(FLAT), {0: lambda it: it.buy("ES", 9, limit=101.0, lifetime="immediate")})
    assert (fills_of(run), codes_of(run)) == ([(0, 5, 100.25)], ["not_immediate"])


def test_a_stop_wakes_up_at_a_trade() -> None:
    rows = quotes_of(moving(100, 101, 102, 103))
    run = script(rows, {0: lambda it: it.buy("ES", stop=102.0)}, contracts=[contract(slippage=0.25)])
    assert fills_of(run) == [(2, 1, 102.5)]
    limited = script(rows, {0: lambda it: it.buy("ES", stop=101.0, limit=101.0)})
    assert fills_of(limited) == []


def test_a_trailing_stop_follows_and_never_returns() -> None:
    rows = quotes_of(moving(100, 103, 102.5, 101.5, 101.0, 100.0))
    run = script(rows, {0: lambda it: (it.buy("ES"), it.sell("ES", trail=2.0))})
    assert fills_of(run) == [(0, 1, 100.25), (4, -1, 101.0)]


def test_a_bracket_leaves_by_one_door() -> None:
    rows = quotes_of(moving(100, 101, 102, 98))
    run = script(rows, {0: lambda it: it.buy("ES", 2, take_profit=101.5, stop_loss=99.0)})
    assert fills_of(run) == [(0, 2, 100.25), (2, -2, 101.5)]
    assert codes_of(run) == ["linked_filled"]


def test_a_bracket_never_opens_the_other_side() -> None:
    rows = quotes_of(moving(100, 100, 98, 98))
    run = script(rows, {0: lambda it: it.buy("ES", stop_loss=99.0), 1: lambda it: it.sell("ES")})
    assert [quantity for _, quantity, _ in fills_of(run)] == [1, -1]
    assert run.positions == [0]


def test_orders_of_one_group_cancel_each_other() -> None:
    rows = quotes_of(moving(100, 97, 100, 104))
    run = script(rows, {0: lambda it: (it.buy("ES", limit=98.0, group=1), it.buy("ES", stop=103.0, group=1))})
    assert (fills_of(run), codes_of(run)) == ([(1, 1, 98.0)], ["linked_filled"])


def test_nothing_fills_in_a_closed_or_crossed_market() -> None:
    hours = contract(sessions=[(2_000_000, 4_000_000)])
    run = follow(quotes_of(FLAT), [1, KEEP, KEEP, KEEP, KEEP, KEEP], contracts=[hours])
    assert fills_of(run) == [(2, 1, 100.25)]
    crossed: list[Quote] = [(0, 105.0, 99.5, None, 2, 2), (1, 99.75, 100.25, 100.0, 5, 5)]
    assert fills_of(follow(quotes_of(crossed), [1, KEEP])) == [(1, 1, 100.25)]


def test_a_day_order_ends_with_its_session() -> None:
    hours = contract(sessions=[(0, 2_000_000), (3_000_000, 9_000_000)])
    run = script(quotes_of(FLAT), {0: lambda it: it.buy("ES", limit=90.0, lifetime="day")}, contracts=[hours])
    assert codes_of(run) == ["session_closed"]


def test_flat_by_the_close() -> None:
    hours = contract(sessions=[(0, 4_000_000)])
    run = script(
        quotes_of(FLAT),
        {0: lambda it: it.buy("ES", 2), 3: lambda it: it.buy("ES")},
        contracts=[hours],
        flat_before_close_us=1_000_000,
    )
    assert fills_of(run) == [(0, 2, 100.25), (3, -2, 99.75)]
    assert codes_of(run) == ["session_closing"]


def test_margin_refuses_and_calls() -> None:
    run = follow(quotes_of(FLAT), [3, KEEP, KEEP, KEEP, KEEP, KEEP], contracts=[contract(initial_margin=40_000)])
    assert (fills_of(run), codes_of(run)) == ([], ["insufficient_margin"])
    falling = quotes_of(moving(100, 90, 50, 40))
    called = follow(falling, [20, KEEP, KEEP, KEEP], contracts=[contract(maintenance_margin=3_000)])
    assert fills_of(called) == [(0, 10, 100.25), (1, 10, 90.25), (2, -20, 50.0)]
    assert codes_of(called) == ["margin_call"]


def test_a_roll_gains_nothing_by_the_gap() -> None:
    rows: list[Quote] = [(0, 99.75, 100.25, 100, 5, 5), (1, 99.75, 100.25, 100, 5, 5), (2, 149.75, 150.25, 150, 5, 5)]
    run = follow(quotes_of(rows, contract=[1, 1, 2]), [1, KEEP, KEEP], contracts=[contract(fee=1)])
    assert fills_of(run) == [(0, 1, 100.25), (2, -1, 99.75), (2, 1, 150.25)]
    assert run.equity[-1] == 100_000 - 0.5 * 50 - 0.25 * 50 - 3
    assert codes_of(run) == ["rolled"]


def test_what_is_wrong_with_an_order_is_noted() -> None:
    run = script(
        quotes_of(FLAT),
        {
            0: lambda it: it.buy("ES", 0),
            1: lambda it: it.buy("ES", limit=100.1),
            2: lambda it: it.cancel(77),
            3: lambda it: [it.buy("ES", limit=1.0) for _ in range(3)],
        },
        most_orders=2,
    )
    assert codes_of(run)[:4] == ["zero_quantity", "bad_price", "unknown_order", "too_many_orders"]


def test_instruments_share_one_account_and_one_clock() -> None:
    rows: list[Quote] = [(0, 99.75, 100.25, 100, 5, 5), (0, 9.0, 10.0, 10, 5, 5), (1, 109.75, 110.25, 110, 5, 5)]
    both = [contract(), contract(multiplier=1000)]
    run = follow(quotes_of(rows, ids=[0, 1, 0]), [1, -2, KEEP], contracts=both)
    assert fills_of(run) == [(0, 1, 100.25), (0, -2, 9.0)]
    assert list(run.equity) == [99_987.5, 97_987.5, 98_487.5]
    assert list(run.open_trades()["profit"]) == [487.5, -2000.0]


def test_what_a_trade_went_through_is_kept() -> None:
    run = follow(quotes_of(moving(100, 98, 103, 101)), [1, KEEP, KEEP, 0])
    trades = run.trades()
    assert [trades[name][0] for name in ("entry", "exit", "profit", "worst", "best", "quantity")] == [
        100.25, 101.0, 37.5, -112.5, 137.5, 1,
    ]  # fmt: skip


def test_events_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="event 1 is older"):
        quotes_of([FLAT[3], FLAT[0]])
