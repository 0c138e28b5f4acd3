"""The same bars and the same rule by three engines that nobody here wrote: equity and trades to 1e-6.

vectorbt, backtrader and backtesting.py want other versions of shared packages than Thor's tools, so their answers are a
record, which names the versions that made it: `python -m benchmarks.peers.record_backtests` makes it anew. The
benchmarks compare with the engines themselves before they time them.
"""

import json
from array import array
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.unit.fast.peer_bars import CASH, COUNT, FAST, FEE_RATE, SLIPPAGE_RATE, SLOW, bars, held_at
from thor_fast import BacktestBars, BacktestContract, BacktestRules, BarSeries, play_targets

RECORD = Path(__file__).parents[2] / "golden" / "peer_backtests.json"
NEAR = 1e-6


@cache
def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORD.read_text())
    assert set(found["versions"]) == {"vectorbt", "backtrader", "backtesting", "numpy", "pandas"}
    return found


@cache
def columns() -> tuple["array[int]", ...]:
    return tuple(array("q", [round(row[at] * 1e9) for row in bars()]) for at in range(4))


@cache
def thor() -> tuple[list[float], dict[str, list[Any]]]:
    """Equity after each close, and the fills, by the pass over bars."""
    opened, high, low, close = columns()
    series = BarSeries(open=opened, high=high, low=low, close=close)
    equity, fills = series.trade(
        series.mean_cross(FAST, SLOW), cash=CASH, fee_rate=FEE_RATE, slippage_rate=SLIPPAGE_RATE
    )
    return pl.Series(equity).to_list(), {name: list(values) for name, values in fills.items()}


def test_the_rule_is_the_one_that_the_peers_were_given() -> None:
    held, equity, fills = held_at(), *thor()
    changes = [at for at in range(1, COUNT) if held[at] != held[at - 1]]
    assert fills["position"] == changes
    assert (len(equity), len(changes)) == (COUNT, 89)


def test_the_engine_says_the_same() -> None:
    opened, high, low, close = columns()
    events = BacktestBars(
        ids=array("I", bytes(4 * COUNT)), start_us=array("q", range(0, 60 * COUNT, 60)),
        end_us=array("q", range(60, 60 * (COUNT + 1), 60)), open=opened, high=high, low=low, close=close,
        volume=array("q", [-1] * COUNT),
    )  # fmt: skip
    contract = BacktestContract("ES", multiplier=1, fee_rate=FEE_RATE, slippage_rate=SLIPPAGE_RATE)
    targets = array("i", [int(held) for held in [*held_at()[1:], False]])
    run = play_targets(events, [contract], BacktestRules(cash=CASH), targets)
    assert list(run.equity)[:-1] == pytest.approx(thor()[0][:-1], abs=NEAR)


@pytest.mark.parametrize("peer", ["vectorbt", "backtrader"])
def test_equity_after_every_bar_and_every_trade(peer: str) -> None:
    equity, fills = thor()
    assert recorded()[peer]["equity"] == pytest.approx(equity, abs=NEAR)
    price, fee = fills["price"], fills["fee"]
    profits = [price[at + 1] - price[at] - fee[at] - fee[at + 1] for at in range(0, len(price) - 1, 2)]
    assert recorded()[peer]["profits"] == pytest.approx(profits, abs=NEAR)


def test_fees_are_vectorbts() -> None:
    assert recorded()["vectorbt"]["fees"] == pytest.approx(sum(thor()[1]["fee"]), abs=NEAR)


def test_backtesting_py_charges_the_spread_on_entries_only() -> None:
    """Known difference: its exits are filled at the bare open. With that put back the equity is the same."""
    equity, fills = thor()
    peer = recorded()["backtesting"]
    entries, exits = fills["price"][0::2], fills["price"][1::2]
    # The position that is open at the end is no trade of theirs.
    assert peer["entries"] == pytest.approx(entries[: len(peer["entries"])], abs=NEAR)
    assert [price * (1 - SLIPPAGE_RATE) for price in peer["exits"]] == pytest.approx(exits, abs=NEAR)
    spared, at_exit = 0.0, dict(zip(fills["position"][1::2], exits, strict=True))
    expected = []
    for at in range(COUNT):
        if at in at_exit:
            # The slippage that was not paid, less the fee on it.
            spared += at_exit[at] / (1 - SLIPPAGE_RATE) * SLIPPAGE_RATE * (1 - FEE_RATE)
        expected.append(equity[at] + spared)
    assert peer["equity"] == pytest.approx(expected, abs=NEAR)
    assert spared > 1.0
