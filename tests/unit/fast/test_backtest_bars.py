"""Orders against bars, strategies written in Python, and the fast ways held equal to the engine."""

import random
from array import array
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import polars as pl
import pytest

from tests.unit.fast.backtests import KEEP, bars_of, codes_of, contract, fills_of, follow, nanos, quotes_of, script
from thor_fast import (
    BacktestRules,
    BarSeries,
    Broker,
    SeenBar,
    Thresholds,
    classify_columns,
    deepest_drawdown,
    play_ladder,
    play_strategy,
    returns_of,
)

BARS = [(100, 101, 99, 100.5), (101, 103, 100, 102), (102, 104, 98, 99), (97, 99, 95, 96)]


def test_what_is_decided_at_a_close_is_filled_at_the_next_open() -> None:
    run = follow(bars_of(BARS), [1, KEEP, 0, KEEP])
    assert fills_of(run) == [(60, 1, 101.0), (180, -1, 97.0)]
    assert list(run.equity) == [100_000, 100_050, 99_900, 99_800]


@pytest.mark.parametrize(
    ("order", "wanted"),
    [
        (lambda it: it.buy("ES", limit=98.0), [(180, 1, 98.0)]),  # inside the third bar
        (lambda it: it.buy("ES", limit=101.5), [(60, 1, 101.0)]),  # the open was better
        (lambda it: it.buy("ES", stop=102.5), [(120, 1, 102.5)]),
        (lambda it: it.sell("ES", stop=98.5), [(180, -1, 98.5)]),
        (lambda it: it.sell("ES", stop=97.5), [(180, -1, 97.0)]),  # gapped through at the fourth open
        (lambda it: it.buy("ES", stop=101.5, limit=101.5), [(120, 1, 101.5)]),
        (lambda it: it.sell("ES", trail=3.0), [(180, -1, 100.0)]),  # behind the high of the second bar
    ],
)
def test_orders_inside_bars(order: Callable[[Broker], int], wanted: list[tuple[float, int, float]]) -> None:
    assert fills_of(script(bars_of(BARS), {0: order})) == wanted


def test_the_worse_of_two_comes_first_in_one_bar() -> None:
    run = script(bars_of(BARS), {1: lambda it: it.buy("ES", take_profit=103.0, stop_loss=99.0)})
    assert fills_of(run) == [(120, 1, 102.0), (180, -1, 99.0)]


def test_a_share_of_the_volume_is_all_there_is() -> None:
    run = follow(bars_of(BARS, volume=10), [5, KEEP, KEEP, KEEP], participation=0.2)
    assert [quantity for _, quantity, _ in fills_of(run)] == [2, 2, 1]


def test_a_strategy_holds_what_it_answers() -> None:
    def call(bar: SeenBar, broker: Broker) -> int | None:
        assert (bar.symbol, bar.volume, broker.now_us) == ("ES", None, bar.end_us)
        return 2 if bar.close > 101 else 0

    run = play_strategy(bars_of(BARS), [contract()], BacktestRules(cash=100_000), call)
    assert fills_of(run) == [(120, 2, 102.0), (180, -2, 97.0)]


@pytest.mark.parametrize("answer", [1.5, float("nan"), "1", True, 2**31])
def test_another_answer_is_refused_with_its_place(answer: object) -> None:
    def call(bar: SeenBar, _broker: Broker) -> int | None:
        return answer if bar.end_us == 120_000_000 else None  # type: ignore[return-value]  # what is tested

    with pytest.raises(TypeError, match="answers None or whole contracts") as raised:
        play_strategy(bars_of(BARS), [contract()], BacktestRules(cash=1), call)
    assert raised.value.backtest_position == 1  # type: ignore[attr-defined]  # set by the kernel


def test_an_order_for_a_stranger_is_an_error_of_the_strategy() -> None:
    with pytest.raises(KeyError, match="NQ is not part of this run"):
        script(bars_of(BARS), {2: lambda it: it.buy("NQ")})


def test_the_engine_and_the_pass_over_bars_agree() -> None:
    chosen = random.Random(4)
    price, rows = 4_800.0, []
    for _ in range(3_000):
        opened = price + chosen.choice([-0.25, 0, 0.25])
        price = opened + chosen.choice([-0.5, -0.25, 0, 0.25, 0.5])
        rows.append((opened, max(opened, price) + 0.25, min(opened, price) - 0.25, price))
    columns = [array("q", [nanos(row[at]) for row in rows]) for at in range(4)]
    series = BarSeries(open=columns[0], high=columns[1], low=columns[2], close=columns[3])
    directions = series.mean_cross(5, 30, short=True)
    equity, fills = series.trade(
        directions, cash=1e6, quantity=3, multiplier=50, fee=2.25, slippage=0.25, fee_rate=2e-5
    )
    run = follow(
        bars_of(rows),
        [3 * direction for direction in pl.Series(directions)],
        contracts=[contract(fee=2.25, slippage=0.25, fee_rate=Decimal("0.00002"))],
        cash=1_000_000,
    )
    assert list(run.equity) == pytest.approx(pl.Series(equity).to_list(), abs=1e-6)
    assert list(run.fills()["quantity"]) == list(fills["quantity"])
    assert list(run.fills()["price"]) == list(fills["price"])
    held, ended = 0.0, 0
    for quantity in fills["quantity"]:
        ended += held != 0
        held += quantity
    assert len(run.trades()["profit"]) == ended


def test_the_engine_and_the_pass_over_ticks_agree() -> None:
    chosen = random.Random(9)
    ladder = Thresholds(strong_buy=6, buy=1, sell=-1, strong_sell=-6)
    prices = [4_800.0, 18.0]
    rows, ids, changes = [], [], []
    for at in range(4_000):
        which = chosen.randrange(2)
        prices[which] += chosen.choice([-0.5, -0.25, 0, 0.25, 0.5])
        crossed = chosen.random() < 0.02
        rows.append((at, prices[which] + crossed, prices[which] + 0.25, prices[which] if at % 5 else None, -1, -1))
        ids.append(which)
        changes.append(nanos(prices[which] - (4_800.0, 18.0)[which]) if at % 7 else -(2**63))
    table = {name: [nanos(row[at]) for row in rows] for at, name in ((1, "bid"), (2, "ask"), (3, "last"))}
    table |= {"id": ids, "change": changes}
    ticks = pl.DataFrame(table, schema_overrides={"id": pl.UInt32})
    fast = play_ladder(
        ticks, thresholds=[ladder, ladder], steps=[1, -2],
        multipliers=[50, 1000], fees=[2.25, 1], slippages=[0.25, 0], cash=1_000_000, curve=True,
    )  # fmt: skip
    signals = classify_columns(array("q", changes), [ladder], None)
    targets = [KEEP if signal == -128 else signal * (1, -2)[which] for signal, which in zip(signals, ids, strict=True)]
    run = follow(
        quotes_of(rows, ids=ids),
        targets,
        contracts=[contract(fee=2.25, slippage=0.25), contract(multiplier=1000, fee=1)],
        cash=1_000_000,
    )
    # A null is what is missing, and a table with nulls gives what its marks give.
    marked = pl.all().exclude("id").replace(-(2**63), None)
    assert play_ladder(
        ticks.with_columns(marked), thresholds=[ladder, ladder], steps=[1, -2], multipliers=[50, 1000], fees=[2.25, 1],
        slippages=[0.25, 0], cash=1_000_000,
    ) == fast | {"curve": fast["curve"][:0]}  # fmt: skip
    assert run.fees == fast["fees"]
    assert sum(abs(quantity) for quantity in run.fills()["quantity"]) == fast["contracts"]
    assert [value / 1e9 for value in fast["curve"]] == list(run.equity)
    assert run.positions == fast["positions"]
    assert "data_ended" not in codes_of(run)


def test_a_column_is_read_without_a_copy_and_given_back_when_nobody_reads() -> None:
    prices = array("q", [nanos(100 + at % 7) for at in range(1_000)])
    series = BarSeries(open=prices, high=prices, low=prices, close=prices)
    directions = series.mean_cross(2, 5)
    assert (len(directions), directions[-1], set(pl.Series(directions))) == (1_000, directions[999], {0, 1})
    with pytest.raises(IndexError, match="out of range"):
        directions[1_000]
    first, _ = series.trade(directions, cash=1_000)
    kept = pl.Series(first).to_list()
    # Somebody still reads the first curve, so the second one has a place of its own.
    second, _ = series.trade(directions, cash=2_000)
    assert pl.Series(first).to_list() == kept
    assert second[-1] == pytest.approx(first[-1] + 1_000)
    buffer = array("b", pl.Series(directions).to_list())
    assert pl.Series(series.trade(buffer, cash=1_000)[0]).to_list() == kept
    returns = pl.Series(returns_of(first, start=1_000)).to_list()
    assert returns[0] == kept[0] / 1_000 - 1
    assert returns[1:] == [now / before - 1 for before, now in pairwise(kept)]
    assert deepest_drawdown(array("d", [90.0, 120.0, 60.0, 130.0]), start=100.0) == 0.5
