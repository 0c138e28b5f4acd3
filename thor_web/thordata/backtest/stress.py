"""The same decisions at other costs and other speeds: what is left when trading is dearer or slower than assumed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import polars as pl

from collectors.instruments import load_instruments
from thor_fast import deepest_drawdown
from thor_web.thordata.backtest.contracts import contracts_of, rules_of
from thor_web.thordata.backtest.figures import figures_of
from thor_web.thordata.backtest.ground import Ground
from thor_web.thordata.backtest.parameters import Value
from thor_web.thordata.backtest.playing import play
from thor_web.thordata.backtest.registry import make_strategy
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.strategy import TargetStrategy, Terms

__all__ = ["stress"]

FEE_FACTORS: Final = (0, 1, 2, 3)
MORE_TICKS: Final = (1, 2, 4)
MOST_TARGETS: Final = 2_000_000
MOST_EVENTS: Final = 200_000
"""Events of a strategy that Python is asked for one by one."""
LATENCIES_US: Final = (0, 1_000, 10_000, 100_000, 1_000_000)


def stress(ground: Ground, values: Mapping[str, Value], *, modules: bool) -> list[dict[str, Any]]:
    """A row a case: its name, the money at the end, return, Sharpe ratio a period, drawdown, trades and fees.

    The case `as asked` is the run itself. Latencies are tried on ticks only: bars cannot show them. Nothing for a run
    that is too long to be played a dozen times.
    """
    if ground.data.times_us.len() > (MOST_TARGETS if _gives_targets(ground, values, modules=modules) else MOST_EVENTS):
        return []
    return [{"case": name, **_outcome(ground, case, values, modules=modules)} for name, case in _cases(ground)]


def _gives_targets(ground: Ground, values: Mapping[str, Value], *, modules: bool) -> bool:
    return isinstance(make_strategy(ground.specification.strategy, values, modules=modules), TargetStrategy)


def _cases(ground: Ground) -> Iterator[tuple[str, RunSpecification]]:
    asked = ground.specification
    yield "as asked", asked
    for factor in FEE_FACTORS:
        if factor != 1:
            dearer = replace(
                asked, fee=str(Decimal(asked.fee) * factor), fee_rate=str(Decimal(asked.fee_rate) * factor)
            )
            yield f"fees x {factor}", dearer
    for ticks in MORE_TICKS:
        worse = str(Decimal(asked.slippage_ticks or 0) + ticks)
        yield f"{ticks} more ticks of slippage", replace(asked, slippage_ticks=worse)
    if ground.data is ground.ticks:
        for latency_us in LATENCIES_US:
            if latency_us != asked.latency_us:
                yield f"{latency_us / 1_000:g} ms of latency", replace(asked, latency_us=latency_us)


def _outcome(ground: Ground, case: RunSpecification, values: Mapping[str, Value], *, modules: bool) -> dict[str, Any]:
    instruments = load_instruments()
    strategy = make_strategy(case.strategy, values, modules=modules)
    run = play(strategy, ground.data, Terms(contracts_of(case, instruments), rules_of(case)))
    cash = float(case.cash)
    equity = pl.Series(run.equity, dtype=pl.Float64)
    ends = equity.gather(list(ground.periods.positions)).to_list()
    returns = ground.periods.returns(ends, cash=cash)
    return {
        "equity": ends[-1],
        "total_return": ends[-1] / cash - 1,
        "sharpe": figures_of(returns.returns, periods_a_year=returns.periods_a_year)["sharpe_period"],
        "max_drawdown": deepest_drawdown(run.equity, start=cash),
        "trades": len(run.trades()["profit"]),
        "fees": run.fees,
    }
