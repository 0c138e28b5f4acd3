"""Runs side by side in one portfolio: how they move together, what each adds to the risk, and how to size them.

Made from the returns of finished runs over the instants they share. A weight is a share of the money; what is left over
is cash. Weights other than fixed ones look at the same returns they are judged on, so half of the time chooses and the
other half judges: both are shown.
"""

import importlib
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.figures import figures_of

__all__ = ["SIZINGS", "portfolio_of", "shared_returns"]

SIZINGS: Final = ("equal", "fixed", "volatility-target", "kelly", "minimum-variance", "risk-parity", "maximum-sharpe")
OPTIMISED: Final = frozenset({"minimum-variance", "risk-parity", "maximum-sharpe"})
LEAST_PERIODS: Final = 8
SHOWN: Final = ("total_return", "sharpe_period", "deviation", "max_drawdown", "cvar_historical")
SHOCKS: Final = (1, 2, 3)
"""Standard deviations of everything at once."""


def shared_returns(results: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Returns of each run, one column a run, over the periods that all of them have. Raises BacktestError."""
    old = [result.get("id") for result in results if "ends_us" not in result["periods"]]
    if old:
        raise BacktestError("bad_specification", f"run {old[0]} does not say when its periods ended: do it again")
    names = {result["periods"]["name"] for result in results}
    if len(results) < 2 or len(names) != 1:
        raise BacktestError(
            "bad_specification", "a portfolio needs two runs or more, all by minute or all by trade date"
        )
    joined: pl.DataFrame | None = None
    for number, result in enumerate(results):
        periods = result["periods"]
        frame = pl.DataFrame(
            {"end": periods["ends_us"], str(number): periods["equity"]}, schema_overrides={"end": pl.Int64}
        )
        if periods["name"] == "minute":
            frame = frame.with_columns(pl.col("end") // 60_000_000).unique("end", keep="last", maintain_order=True)
        joined = frame if joined is None else joined.join(frame, on="end", how="inner", maintain_order="left")
    if joined is None or joined.height <= LEAST_PERIODS:
        raise BacktestError("no_data", "the runs share too few periods")
    return joined.drop("end").select(pl.all() / pl.all().shift(1) - 1).slice(1)


def portfolio_of(
    results: Sequence[Mapping[str, Any]],
    *,
    sizing: str,
    weights: Sequence[float] = (),
    target: float = 0.1,
    kelly: float = 0.5,
) -> dict[str, Any]:
    """The portfolio of finished runs. `target` is a volatility a year, `kelly` the share of the full Kelly bet.

    Raises BacktestError for another sizing, weights that do not fit, runs without common periods.
    """
    if sizing not in SIZINGS:
        raise BacktestError("bad_specification", f"a sizing is one of {', '.join(SIZINGS)}")
    returns = shared_returns(results)
    a_year = float(results[0]["periods"]["a_year"])
    half = returns.height // 2
    chosen = _weights(returns.head(half), sizing, weights, a_year=a_year, target=target, kelly=kelly)
    whole = _weights(returns, sizing, weights, a_year=a_year, target=target, kelly=kelly)
    return {
        "runs": [result.get("id") for result in results],
        "names": [f"{it['strategy']['name']} on {', '.join(it['specification']['symbols'])}" for it in results],
        "sizing": sizing,
        "periods": returns.height,
        "weights": whole,
        "weights_of_the_first_half": chosen,
        "figures": _figures(returns, whole, a_year),
        "second_half_by_the_first": _figures(returns.slice(half), chosen, a_year),
        "equal_weights": _figures(returns, [1 / returns.width] * returns.width, a_year),
        "correlation": correlation(returns),
        "risk_contribution": risk_contribution(returns, whole),
        "stress": _stress(returns, whole),
    }


def _weights(
    returns: pl.DataFrame, sizing: str, given: Sequence[float], *, a_year: float, target: float, kelly: float
) -> list[float]:
    count = returns.width
    if sizing == "fixed":
        if len(given) != count or not all(math.isfinite(it) for it in given):
            raise BacktestError("bad_specification", f"{count} runs need as many finite weights")
        return list(given)
    if sizing in OPTIMISED:
        return _optimised(returns, sizing)
    deviations = [float(column.std() or 0.0) for column in returns]  # type: ignore[arg-type]  # of floats
    if sizing == "equal":
        return [1 / count] * count
    if sizing == "volatility-target":
        # Each alone would have the target; all together have less where they differ.
        return [target / (it * math.sqrt(a_year)) / count if it > 0 else 0.0 for it in deviations]
    means = [float(column.mean() or 0.0) for column in returns]  # type: ignore[arg-type]
    # Kelly's bet of a small edge is the mean over the variance (Thorp, 2006), each alone; none against a loss.
    return [
        max(0.0, kelly * mean / it**2 / count) if it > 0 else 0.0 for mean, it in zip(means, deviations, strict=True)
    ]


def _optimised(returns: pl.DataFrame, sizing: str) -> list[float]:
    """Weights by skfolio, long only, all of the money."""
    try:
        numpy: Any = importlib.import_module("numpy")
        optimization: Any = importlib.import_module("skfolio.optimization")
        skfolio: Any = importlib.import_module("skfolio")
    except ImportError as error:
        raise BacktestError(
            "missing_extra", "this sizing needs the extra `portfolio`: pip install 'thor[portfolio]'"
        ) from error
    kinds: Mapping[str, Any] = {
        "minimum-variance": optimization.MeanRisk,
        "maximum-sharpe": lambda: optimization.MeanRisk(
            objective_function=optimization.ObjectiveFunction.MAXIMIZE_RATIO
        ),
        "risk-parity": lambda: optimization.RiskBudgeting(risk_measure=skfolio.RiskMeasure.VARIANCE),
    }
    table = numpy.array([column.to_list() for column in returns]).T
    try:
        fitted = kinds[sizing]().fit(table)
    except Exception as error:  # the library raises its solvers' own errors
        raise BacktestError("bad_specification", f"{sizing} has no answer for these runs: {error}") from error
    return [float(weight) for weight in fitted.weights_]


def _together(returns: pl.DataFrame, weights: Sequence[float]) -> list[float]:
    return [math.fsum(map(lambda w, r: w * r, weights, row)) for row in returns.iter_rows()]


def _figures(returns: pl.DataFrame, weights: Sequence[float], a_year: float) -> dict[str, Any]:
    together = _together(returns, weights)
    if min(together, default=0.0) <= -1:
        # All of the money, or more, in one period: there is nothing after it to make figures of.
        return {"ruined": True} | dict.fromkeys(SHOWN)
    found = figures_of(together, periods_a_year=a_year)
    return {"ruined": False} | {name: found[name] for name in SHOWN}


def _covariance(returns: pl.DataFrame) -> list[list[float]]:
    centred = returns.select(pl.all() - pl.all().mean())
    rows = returns.height - 1
    return [[float((a * b).sum()) / rows for b in centred] for a in centred]


def correlation(returns: pl.DataFrame) -> list[list[float | None]]:
    """Pearson's, None beside a run that never moved."""
    table = _covariance(returns)
    roots = [math.sqrt(table[at][at]) for at in range(len(table))]
    return [
        [value / (a * b) if a > 0 and b > 0 else None for value, b in zip(row, roots, strict=True)]
        for row, a in zip(table, roots, strict=True)
    ]


def risk_contribution(returns: pl.DataFrame, weights: Sequence[float]) -> list[float | None]:
    """The share of the portfolio's variance that each run brings: w (C w) / (w C w). They add up to 1."""
    table = _covariance(returns)
    pulled = [math.fsum(map(lambda c, w: c * w, row, weights)) for row in table]
    whole = math.fsum(map(lambda w, p: w * p, weights, pulled))
    return [weight * pull / whole if whole > 0 else None for weight, pull in zip(weights, pulled, strict=True)]


def _stress(returns: pl.DataFrame, weights: Sequence[float]) -> list[dict[str, Any]]:
    """What a period would do in which everything goes wrong at once, and the worst that there was."""
    deviations = [float(column.std() or 0.0) for column in returns]  # type: ignore[arg-type]
    lost = math.fsum(abs(weight) * it for weight, it in zip(weights, deviations, strict=True))
    together = _together(returns, weights)
    worst = sorted(range(len(together)), key=together.__getitem__)[:5]
    cases = [{"case": f"each loses {shock} standard deviations at once", "return": -shock * lost} for shock in SHOCKS]
    alone = [float(column.min()) for column in returns]  # type: ignore[arg-type]
    cases.append({
        "case": "the worst period of each at once",
        "return": math.fsum(map(lambda w, r: w * r, weights, alone)),
    })  # fmt: skip
    return cases + [{"case": f"period {at + 1}, as it was", "return": together[at]} for at in worst]
