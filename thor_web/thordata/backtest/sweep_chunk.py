"""A piece of a sweep, played wherever there is a processor: the same document gives the same bits in any process.

A worker reads the data from the lake itself and keeps it for the next piece. What it sends back are figures and the
equity at the periods' ends, not curves.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from collectors.instruments import load_instruments
from thor_fast import BacktestRun, deepest_drawdown, sweep_bars
from thor_web.thordata.backtest.contracts import contracts_of, rules_of, sessions_of
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.ground import Ground
from thor_web.thordata.backtest.live_signals import live_classifier
from thor_web.thordata.backtest.loading import load_data
from thor_web.thordata.backtest.market_data import BarData
from thor_web.thordata.backtest.parameters import Value
from thor_web.thordata.backtest.periods import periods_of
from thor_web.thordata.backtest.playing import play
from thor_web.thordata.backtest.registry import make_strategy
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.strategy import Terms
from thor_web.thordata.backtest.version import code_version

__all__ = ["COLUMNS", "Chunk", "ground_of", "play_chunk"]

COLUMNS: Final = ("equity", "max_drawdown", "fees", "fills", "trades", "wins")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some combinations of a sweep; plain values, so that it can travel. `first` is the place of the first of them."""

    specification: Mapping[str, Any]
    lake: str
    modules: bool
    first: int
    combinations: Sequence[Mapping[str, Value]]
    threads: int = 1


@lru_cache(maxsize=1)
def ground_of(canonical: str, lake: str, *, modules: bool) -> Ground:
    """The data of a specification, read once a process. Raises BacktestError."""
    instruments = load_instruments()
    specification = RunSpecification.from_text(canonical).checked(instruments, modules=modules)
    strategy = make_strategy(specification.strategy, specification.parameters, modules=modules)
    ticks, data = load_data(specification, strategy, Path(lake), instruments=instruments, classifier=live_classifier())
    start, end = specification.span()
    market = instruments[specification.symbols[0]].market
    closes = [closes for _, _, closes in sessions_of(market, start, end)]
    terms = Terms(contracts_of(specification, instruments), rules_of(specification))
    return Ground(specification, ticks, data, terms, periods_of(data.times_us, closes_us=closes))


def play_chunk(chunk: Chunk) -> dict[str, Any]:
    """Columns of the combinations' figures, their equities at the periods' ends in one row, hashes.

    Raises BacktestError for a strategy that fails, with the parameters it failed with.
    """
    specification = RunSpecification.from_json(chunk.specification)
    ground = ground_of(specification.canonical(), chunk.lake, modules=chunk.modules)
    found = _at_once(ground, chunk) or _one_by_one(ground, chunk)
    return found | {"first": chunk.first, "data_hash": ground.ticks.manifest.digest, "code": code_version()}


def _at_once(ground: Ground, chunk: Chunk) -> dict[str, Any] | None:
    """The cross of two means by the kernel's own sweep; None where it does not apply."""
    data, rows = ground.data, chunk.combinations
    if ground.specification.strategy != "sma_cross" or not isinstance(data, BarData) or len(data.symbols) != 1:
        return None
    shapes = {(row["short"], row["contracts"]) for row in rows}
    if len(shapes) != 1 or next(iter(shapes))[0]:
        return None
    ends = sorted(set(ground.periods.positions))
    place = {position: at for at, position in enumerate(ends)}
    swept = sweep_bars(
        data.events,
        ground.terms.contracts[0],
        ground.terms.rules,
        [(int(row["fast"]), int(row["slow"])) for row in rows],
        quantity=int(next(iter(shapes))[1]),
        period_ends=ends,
        threads=chunk.threads,
    )
    if swept is None:
        return None
    at_ends, chosen = swept["periods"], [place[position] for position in ground.periods.positions]
    periods = array("d")
    for row in range(len(rows)):
        own = at_ends[row * len(ends) : (row + 1) * len(ends)]
        periods.extend([own[at] for at in chosen])
    return {name: list(swept[name]) for name in COLUMNS} | {"periods": periods.tobytes(), "at_once": True}


def _one_by_one(ground: Ground, chunk: Chunk) -> dict[str, Any]:
    """Each combination as a run of its own."""
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    periods = array("d")
    for values in chunk.combinations:
        strategy = make_strategy(ground.specification.strategy, values, modules=chunk.modules)
        try:
            run = play(strategy, ground.data, ground.terms)
        except BacktestError as error:
            named = ", ".join(f"{name} = {value}" for name, value in values.items())
            raise replace(error, message=f"{error.message} (with {named})") from error
        for name, value in _figures(run, float(ground.specification.cash)).items():
            columns[name].append(value)
        equity = run.equity
        periods.extend([equity[position] for position in ground.periods.positions])
    return columns | {"periods": periods.tobytes(), "at_once": False}


def _figures(run: BacktestRun, cash: float) -> dict[str, Any]:
    profits = run.trades()["profit"]
    return {
        "equity": run.equity[-1] if len(run.equity) else cash,
        "max_drawdown": deepest_drawdown(run.equity, start=cash),
        "fees": run.fees,
        "fills": len(run.fills()["ts_us"]),
        "trades": len(profits),
        "wins": sum(profit > 0 for profit in profits),
    }
