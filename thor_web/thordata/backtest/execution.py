"""One run from its specification to its result: load, play, judge. The same inputs give the same bits."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

import thor_fast
from collectors.instruments import Instruments, load_instruments
from thor_fast import BacktestRun, bootstrap_paths
from thor_web.futuretrading.interface import Classifier
from thor_web.thordata.backtest.audit import Audit, AuditOptions, audit, options_for
from thor_web.thordata.backtest.caveats import caveats_of
from thor_web.thordata.backtest.columns import floats
from thor_web.thordata.backtest.contracts import contracts_of, rules_of, sessions_of
from thor_web.thordata.backtest.diagnosis import Evidence, diagnose
from thor_web.thordata.backtest.fan import fan_of
from thor_web.thordata.backtest.figures import FIGURES, figures_of
from thor_web.thordata.backtest.ground import Ground
from thor_web.thordata.backtest.live_signals import live_classifier, live_records
from thor_web.thordata.backtest.loading import load_data
from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.months import monthly_returns
from thor_web.thordata.backtest.parity import engine_digest, live_digest
from thor_web.thordata.backtest.periods import PeriodReturns, Periods, periods_of
from thor_web.thordata.backtest.playing import Progress, play
from thor_web.thordata.backtest.registry import make_strategy
from thor_web.thordata.backtest.significance import block_interval, significance_of
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.strategy import Strategy, Terms
from thor_web.thordata.backtest.stress import stress
from thor_web.thordata.backtest.trades import breakdowns, trade_frame, trade_statistics
from thor_web.thordata.backtest.trial_key import Trials, trial_key
from thor_web.thordata.backtest.version import code_version

__all__ = ["audit_strategy", "execute"]

CURVE_POINTS: Final = 1_500
TRADES_KEPT: Final = 5_000
MOST_PARITY_EVENTS: Final = 500_000
PATHS: Final = 10_000
INTERVALS: Final = ("sharpe", "sortino", "max_drawdown", "total_return")


@dataclass(frozen=True, slots=True)
class Played:
    """A run with everything that it was made of."""

    specification: RunSpecification
    strategy: Strategy
    ticks: TickData
    data: TickData | BarData
    run: BacktestRun
    periods: Periods

    def parts(self) -> tuple[RunSpecification, Strategy, TickData, TickData | BarData, BacktestRun]:
        return self.specification, self.strategy, self.ticks, self.data, self.run


def execute(
    specification: RunSpecification,
    lake: Path,
    *,
    modules: bool = False,
    trials: Callable[[str], Trials] | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The result of a run as JSON values. Raises BacktestError.

    `trials` is asked with the data's hash for how often this strategy was tried on it.
    """
    began = time.perf_counter()
    say = progress or (lambda _work, _share: None)
    instruments = load_instruments()
    specification = specification.checked(instruments, modules=modules)
    strategy = make_strategy(specification.strategy, specification.parameters, modules=modules)
    say("reading", 0.0)
    classifier = live_classifier()
    ticks, data = load_data(specification, strategy, lake, instruments=instruments, classifier=classifier)
    say("playing", 0.0)
    played = time.perf_counter()
    terms = Terms(contracts_of(specification, instruments), rules_of(specification))
    run = play(strategy, data, terms, progress=progress)
    took = time.perf_counter() - played
    say("judging", 0.0)
    tried = trials(ticks.manifest.digest) if trials else Trials()
    start, end = specification.span()
    market = instruments[specification.symbols[0]].market
    periods = periods_of(data.times_us, closes_us=[closes for _, _, closes in sessions_of(market, start, end)])
    result = _judged(Played(specification, strategy, ticks, data, run, periods), instruments, tried)
    say("stressing", 0.0)
    ground = Ground(specification, ticks, data, terms, periods)
    result["stress"] = stress(ground, specification.parameters, modules=modules)
    say("auditing", 0.0)
    make = _maker(specification, modules=modules)
    result["audit"] = audit(make, data, terms, options_for(strategy, data.frame.height)).to_json()
    say("proving parity", 0.0)
    result["parity"] = _parity(ticks, instruments, classifier)
    result["elapsed_s"] = {"all": time.perf_counter() - began, "playing": took}
    return result


def _maker(specification: RunSpecification, *, modules: bool) -> Callable[[], Strategy]:
    return lambda: make_strategy(specification.strategy, specification.parameters, modules=modules)


def audit_strategy(
    specification: RunSpecification,
    lake: Path,
    options: AuditOptions,
    *,
    modules: bool = False,
    progress: Progress | None = None,
) -> Audit:
    """Audit a strategy on the data of a specification, without judging what it earns. Raises BacktestError."""
    instruments = load_instruments()
    specification = specification.checked(instruments, modules=modules)
    make = _maker(specification, modules=modules)
    _, data = load_data(specification, make(), lake, instruments=instruments, classifier=live_classifier())
    terms = Terms(contracts_of(specification, instruments), rules_of(specification))
    say = progress or (lambda _work, _share: None)
    return audit(make, data, terms, options, progress=lambda share: say("auditing", share))


def _parity(ticks: TickData, instruments: Instruments, classifier: Classifier) -> dict[str, Any]:
    """Both digests; for very many events only the engine's, and that is said."""
    engine = engine_digest(ticks)
    if ticks.frame.height > MOST_PARITY_EVENTS:
        return {"engine": engine, "live": None, "match": None, "events": ticks.frame.height}
    live = live_digest(ticks, live_records(instruments, classifier))
    return {"engine": engine, "live": live, "match": engine == live, "events": ticks.frame.height}


def _judged(played: Played, instruments: Instruments, tried: Trials) -> dict[str, Any]:
    specification, strategy, ticks, data, run = played.parts()
    start, end = specification.span()
    sessions = {
        number: [(opens, closes) for _, opens, closes in sessions_of(instruments[symbol].market, start, end)]
        for number, symbol in enumerate(specification.symbols)
    }
    cash = float(specification.cash)
    equity = pl.Series(run.equity, dtype=pl.Float64)
    periods = played.periods.returns(equity.gather(list(played.periods.positions)).to_list(), cash=cash)
    trades = trade_frame(run, specification.symbols)
    evidence = _evidence(played, trades, periods, sessions)
    return {
        "specification": specification.to_json(),
        "strategy": {"name": specification.strategy, "summary": strategy.summary, "feed": strategy.feed},
        "code": {"thor_fast": thor_fast.__version__, "digest": code_version()},
        "data": data_of(ticks, data),
        "digest": result_digest(run),
        "equity": {
            "start": cash,
            "end": equity[-1] if equity.len() else cash,
            "open_profit": sum(run.open_trades()["profit"]),
            "curve": curve(data.times_us, equity),
        },
        "periods": {"name": periods.name, "count": len(periods.returns), "a_year": periods.periods_a_year,
                    "dates": periods.dates, "equity": list(periods.equity[-CURVE_POINTS:]),
                    "ends_us": list(periods.ends_us[-CURVE_POINTS:])},
        "months": monthly_returns(periods, cash=cash),
        "figures": judged_figures(periods),
        "confidence": intervals(periods, specification.seed),
        "significance": significance_of(periods.returns, periods.periods_a_year, tried),
        "trial": trial_key(periods.equity),
        "simulation": simulation(periods, specification.seed),
        "trade_statistics": trade_statistics(trades) | activity(run, data.times_us, cash),
        "breakdowns": breakdowns(trades, sessions.get(0, [])),
        "trades": trades.head(TRADES_KEPT).to_dicts(),
        "open_positions": dict(zip(specification.symbols, run.positions, strict=True)),
        "notes": counted(code for *_, code in run.notes()),
        "diagnosis": [finding.to_json() for finding in diagnose(evidence)],
        "caveats": caveats_of(specification, ticks, data, periods),
    }  # fmt: skip


def data_of(ticks: TickData, data: TickData | BarData) -> dict[str, Any]:
    """What was read, and its hash."""
    manifest = ticks.manifest
    times = data.times_us
    return {
        "hash": manifest.digest,
        "partitions": [
            {"date": part.date, "symbol": part.symbol, "rows": part.rows, "sha256": part.sha256}
            for part in manifest.partitions
        ],
        "sources": list(manifest.sources),
        "dropped": list(manifest.dropped),
        "ticks": ticks.frame.height,
        "events": times.len(),
        "first_us": times[0],
        "last_us": times[-1],
        "signals": ticks.frame["signal"].count(),
    }


def result_digest(run: BacktestRun) -> str:
    """SHA-256 over the equity and every fill: equal digests are equal runs, bit for bit."""
    hashed = hashlib.sha256(run.equity.cast("B") if len(run.equity) else b"")
    for name, values in run.fills().items():
        hashed.update(name.encode())
        hashed.update(values.cast("B") if len(values) else b"")
    return hashed.hexdigest()


def curve(times_us: pl.Series, equity: pl.Series) -> list[tuple[int, float]]:
    """The equity as a line of a few points: of each stretch its last, its least and its greatest."""
    frame = pl.DataFrame({"at": times_us, "equity": equity}).with_row_index("row")
    stretch = max(1, frame.height // (CURVE_POINTS // 3))
    worth = pl.col("equity")
    rows = frame.group_by(pl.col("row") // stretch).agg(
        last=pl.col("row").last(),
        least=pl.col("row").get(worth.arg_min()),
        greatest=pl.col("row").get(worth.arg_max()),
    )
    picked = pl.concat([rows["last"], rows["least"], rows["greatest"]]).unique().sort()
    chosen = frame[picked]
    return list(zip(chosen["at"].to_list(), chosen["equity"].to_list(), strict=True))


def judged_figures(periods: PeriodReturns) -> dict[str, dict[str, Any]]:
    """Every figure with its title, formula, source and unit; those of a year only where there is one."""
    found = figures_of(periods.returns, periods_a_year=periods.periods_a_year)
    return {
        name: {
            "value": None if figure.annual and not periods.is_annual else found[name],
            "title": figure.title,
            "formula": figure.formula,
            "source": figure.source,
            "unit": figure.unit,
            "withheld": figure.annual and not periods.is_annual,
        }
        for name, figure in FIGURES.items()
    }


def intervals(periods: PeriodReturns, seed: int) -> dict[str, tuple[float, float] | None]:
    """90 % intervals by block bootstrap of the figures that are looked at first."""

    def of(name: str) -> tuple[float, float] | None:
        if FIGURES[name].annual and not periods.is_annual:
            return None
        return block_interval(
            periods.returns,
            lambda drawn: figures_of(drawn, periods_a_year=periods.periods_a_year)[name],
            seed=seed,
        )

    return {name: of(name) for name in INTERVALS} if any(periods.returns) else {}


def simulation(periods: PeriodReturns, seed: int) -> dict[str, Any] | None:
    """Where as many periods as these could have ended, by block bootstrap; None for too few or impossible returns."""
    count = len(periods.returns)
    if count < 8 or not any(periods.returns) or min(periods.returns) <= -1:
        return None
    block = max(1, round(count ** (1 / 3)))
    returns = floats(list(periods.returns))
    ends, falls = bootstrap_paths(returns, steps=count, paths=PATHS, block=block, seed=seed, threads=2)
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    ranked, fallen = sorted(ends), sorted(falls)
    at = [int(share * (PATHS - 1)) for share in shares]
    return {
        "paths": PATHS,
        "block": block,
        "shares": shares,
        "terminal": [ranked[place] for place in at],
        "max_drawdown": [fallen[place] for place in at],
        "loss_probability": sum(end < 1 for end in ranked) / PATHS,
        "fan": fan_of(returns, count=count, paths=PATHS, block=block, seed=seed, shares=shares),
    }


def activity(run: BacktestRun, times_us: pl.Series, cash: float) -> dict[str, Any]:
    """Exposure and turnover: the share of the span with a position, the value traded over the money at the start."""
    fills = run.fills()
    held: dict[int, int] = {}
    since, inside = 0, 0
    for ts_us, number, quantity in zip(fills["ts_us"], fills["instrument"], fills["quantity"], strict=True):
        was = any(held.values())
        held[number] = held.get(number, 0) + quantity
        if was and not any(held.values()):
            inside += ts_us - since
        elif not was and any(held.values()):
            since = ts_us
    span = int(times_us[-1] - times_us[0]) if times_us.len() else 0
    if any(held.values()):
        inside += int(times_us[-1]) - since
    return {
        "fills": len(fills["ts_us"]),
        "exposure": inside / span if span else 0.0,
        "turnover": run.turnover / cash,
        "all_fees": run.fees,
    }


def counted(codes: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for code in codes:
        counts[code] = counts.get(code, 0) + 1
    return dict(sorted(counts.items()))


def _evidence(
    played: Played, trades: pl.DataFrame, periods: PeriodReturns, sessions: dict[int, list[tuple[int, int]]]
) -> Evidence:
    specification, strategy, ticks, data, run = played.parts()
    crossed = ticks.frame.select((pl.col("bid") > pl.col("ask")).sum()).item()
    most: Sequence[int] = [abs(quantity) for quantity in trades["quantity"]]
    return Evidence(
        times_us=data.times_us,
        fills=run.fills(),
        notes=run.notes(),
        trades=trades,
        returns=periods.returns,
        sessions=sessions,
        parameters=len(strategy.parameters),
        fees=run.fees,
        margin=float(specification.initial_margin),
        cash=float(specification.cash),
        most_held=max(most, default=0),
        events=ticks.frame.height,
        signals=ticks.frame["signal"].count() if strategy.feed == "ticks" else None,
        crossed=crossed,
    )
