"""A sweep: every combination of a grid on the same data, and what all of them together say about the best of them.

The answer does not depend on where it was played, in how many pieces, or by how many threads.
"""

import hashlib
import time
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa

import thor_fast
from collectors.instruments import load_instruments
from thor_web.thordata.backtest.asked import SweepOptions
from thor_web.thordata.backtest.cross_validation import cross_validation, walk_forward
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.figures import figures_of
from thor_web.thordata.backtest.grid import Combinations, combinations_of
from thor_web.thordata.backtest.ground import Ground
from thor_web.thordata.backtest.overfitting import overfitting
from thor_web.thordata.backtest.parameters import Value
from thor_web.thordata.backtest.places import Place, dask_cluster, here, processes, processors
from thor_web.thordata.backtest.playing import Progress
from thor_web.thordata.backtest.significance import significance_of
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.stress import stress
from thor_web.thordata.backtest.surface import neighbours, surface
from thor_web.thordata.backtest.sweep_chunk import COLUMNS, Chunk, ground_of
from thor_web.thordata.backtest.trial_key import Trials, trial_key
from thor_web.thordata.backtest.version import code_version

__all__ = ["Swept", "sweep"]

MOST_VALUES: Final = 60_000_000
CHUNK_S: Final = 0.5
AT_ONCE: Final = 250
"""Combinations of a piece that the kernel sweeps at once: enough that the means of a block are made for many."""


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep's document, and a row a combination for the registry of trials: its key, Sharpe ratio and parameters."""

    document: dict[str, Any]
    trials: list[tuple[str, float | None, Mapping[str, Value]]]


def sweep(
    specification: RunSpecification,
    grid: Mapping[str, Sequence[object]],
    lake: Path,
    options: SweepOptions,
    *,
    trials: Callable[[str, str, Sequence[tuple[str, float]]], Trials] | None = None,
    progress: Progress | None = None,
) -> Swept:
    """Play and judge every combination. Raises BacktestError.

    `trials` is asked with the strategy, the data's hash and this sweep's trials for how many there have been in all.
    """
    began = time.perf_counter()
    say = progress or (lambda _work, _share: None)
    combinations = combinations_of(specification.strategy, specification.parameters, grid, modules=options.modules)
    base = replace(specification, parameters=dict(combinations.values[0])).checked(
        load_instruments(), modules=options.modules
    )
    say("reading", 0.0)
    ground = ground_of(base.canonical(), str(lake), modules=options.modules)
    count = len(ground.periods.positions)
    if count * len(combinations.values) > MOST_VALUES:
        raise BacktestError(
            "bad_specification", f"{len(combinations.values)} combinations of {count} periods are too many to keep"
        )
    played = _played(base, combinations, lake, options, say)
    say("judging", 0.0)
    found = _judged(ground, combinations, played, options, trials)
    found.document["where"] = played.where
    found.document["elapsed_s"] = {"all": time.perf_counter() - began, "playing": played.elapsed_s}
    return found


@dataclass(frozen=True, slots=True)
class _Played:
    """What came back: a row a combination, and the equity at the periods' ends, a row of values a combination."""

    rows: pl.DataFrame
    equity: "array[float]"
    where: dict[str, Any]
    elapsed_s: float


def _played(
    base: RunSpecification,
    combinations: Combinations,
    lake: Path,
    options: SweepOptions,
    say: Progress,
) -> _Played:
    began = time.perf_counter()
    values = combinations.values
    threads = options.threads or processors()
    template = Chunk(base.to_json(), str(lake.absolute()), options.modules, 0, ())

    def pieces(start: int, size: int, threads: int) -> list[Chunk]:
        starts = range(start, len(values), size)
        return [replace(template, first=at, combinations=values[at : at + size], threads=threads) for at in starts]

    # The first one is played here: it says what one costs and whether the kernel can do many at once.
    (first,) = here([replace(template, combinations=values[:1])])
    took = time.perf_counter() - began
    where: dict[str, Any] = {"place": "this process", "threads": threads}
    place: Place = here
    if options.dask is not None:
        size = AT_ONCE // 5 if first["at_once"] else max(1, round(CHUNK_S / max(took, 1e-6)))
        chunks, place = pieces(1, size, 1), dask_cluster(options.dask)
        where = {"place": "Dask", "address": options.dask}
    elif first["at_once"]:
        chunks = pieces(1, AT_ONCE * threads, threads)
    else:
        chunks = pieces(1, max(1, round(CHUNK_S / max(took, 1e-6))), 1)
        if threads > 1 and len(chunks) > 1:
            place = processes(threads)
            where = {"place": "processes", "workers": threads}
    answers = {0: first}
    done = 1
    for answer in place(chunks):
        if (answer["data_hash"], answer["code"]) != (first["data_hash"], first["code"]):
            raise BacktestError("other_data", "a worker has another lake or other code than this process")
        answers[answer["first"]] = answer
        done += len(answer["equity"])
        say("playing", done / len(values))
    ordered = [answers[at] for at in sorted(answers)]
    rows = pl.DataFrame({name: [value for answer in ordered for value in answer[name]] for name in COLUMNS})
    equity = array("d")
    for answer in ordered:
        equity.frombytes(answer["periods"])
    return _Played(rows, equity, where, time.perf_counter() - began)


def _returns(equity: "array[float]", count: int, cash: float) -> pl.DataFrame:
    """Returns of the periods, one column a combination."""
    flat = pa.Array.from_buffers(pa.float64(), len(equity), [None, pa.py_buffer(equity)])
    values = pl.Series(flat)
    now = pl.DataFrame({str(at): values.slice(at * count, count) for at in range(len(values) // count)})
    then = pl.all().shift(1, fill_value=cash)
    return now.select(pl.when(then > 0).then(pl.all() / then - 1).otherwise(0.0))


def _judged(
    ground: Ground,
    combinations: Combinations,
    played: _Played,
    options: SweepOptions,
    trials: Callable[[str, str, Sequence[tuple[str, float]]], Trials] | None,
) -> Swept:
    specification, periods = ground.specification, ground.periods
    count, cash = len(periods.positions), float(specification.cash)
    returns = _returns(played.equity, count, cash)
    sharpes = [_sharpe(column, periods.periods_a_year) for column in returns]
    keys = [trial_key(played.equity[at * count : (at + 1) * count]) for at in range(len(sharpes))]
    rows = [
        {"parameters": dict(values), "sharpe": sharpe, "total_return": row["equity"] / cash - 1, **row}
        for values, sharpe, row in zip(combinations.values, sharpes, played.rows.iter_rows(named=True), strict=True)
    ]
    best = max(range(len(rows)), key=lambda at: (_rank(sharpes[at]), -at))
    rated = [(key, sharpe) for key, sharpe in zip(keys, sharpes, strict=True) if sharpe is not None]
    digest = ground.ticks.manifest.digest
    tried = trials(specification.strategy, digest, rated) if trials else Trials.of(rated)
    document = {
        "specification": specification.to_json() | {"parameters": {}},
        "grid": {name: list(values) for name, values in combinations.grid.items()},
        "combinations": len(rows),
        "refused": combinations.refused,
        "code": {"thor_fast": thor_fast.__version__, "digest": code_version()},
        "data": {"hash": digest, "sources": list(ground.ticks.manifest.sources), "events": ground.data.times_us.len()},
        "digest": hashlib.sha256(played.equity.tobytes()).hexdigest(),
        "periods": {"name": periods.name, "count": count, "dates": periods.dates},
        "best": rows[best],
        "rows": rows,
        "significance": significance_of(returns[str(best)].to_list(), periods.periods_a_year, tried),
        "overfitting": overfitting(returns),
        "walk_forward": walk_forward(returns, combinations.values, splits=options.splits),
        "cross_validation": cross_validation(
            returns, folds=options.folds, tests=options.tests, purge=options.purge, embargo=options.embargo
        ),
        "surface": surface(combinations, rows),
        "neighbours": neighbours(combinations, rows, best),
        "stress": stress(ground, combinations.values[best], modules=options.modules),
    }
    return Swept(document, [(key, sharpe, values) for key, sharpe, values in
                            zip(keys, sharpes, combinations.values, strict=True)])  # fmt: skip


def _sharpe(returns: pl.Series, periods_a_year: float) -> float | None:
    return figures_of(returns.to_list(), periods_a_year=periods_a_year)["sharpe_period"]


def _rank(sharpe: float | None) -> float:
    """A ratio to be compared: one that nothing can be said of is behind all others."""
    return float("-inf") if sharpe is None else sharpe
