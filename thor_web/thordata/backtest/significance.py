"""How much of a Sharpe ratio is luck: probabilistic and deflated ratio, track record length, bootstrap intervals.

Bailey and Lopez de Prado: The Sharpe Ratio Efficient Frontier (2012) and The Deflated Sharpe Ratio (2014). All ratios
here are those of one period. Kurtosis is the raw one, 3 for a normal: a peer that passes the excess is wrong.
"""

import math
import random
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any, Final

from thor_web.thordata.backtest.figures import figures_of
from thor_web.thordata.backtest.trial_key import Trials

__all__ = [
    "block_interval",
    "deflated_sharpe",
    "expected_best_sharpe",
    "minimum_track_record",
    "probabilistic_sharpe",
    "significance_of",
]

NORMAL: Final = NormalDist()
EULER: Final = 0.5772156649015329


def sharpe_error(sharpe: float, *, skew: float, kurtosis: float) -> float:
    """The standard error of an estimated Sharpe ratio, times sqrt(n - 1)."""
    return math.sqrt(max(0.0, 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2))


def probabilistic_sharpe(
    sharpe: float, *, count: int, skew: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float | None:
    """The probability that the true ratio is above the benchmark; None for fewer than two returns."""
    error = sharpe_error(sharpe, skew=skew, kurtosis=kurtosis)
    if count < 2 or error == 0:
        return None
    return NORMAL.cdf((sharpe - benchmark) * math.sqrt(count - 1) / error)


def expected_best_sharpe(trials: int, variance: float) -> float:
    """The best ratio to expect of so many trials that are worth nothing, whose ratios vary by `variance`."""
    if trials < 2:
        return 0.0
    first, second = NORMAL.inv_cdf(1 - 1 / trials), NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - EULER) * first + EULER * second)


def deflated_sharpe(
    sharpe: float, *, count: int, skew: float, kurtosis: float, trials: int, variance: float
) -> float | None:
    """The probability that a ratio is real, given that it is the best of so many trials."""
    benchmark = expected_best_sharpe(trials, variance)
    return probabilistic_sharpe(sharpe, count=count, skew=skew, kurtosis=kurtosis, benchmark=benchmark)


def minimum_track_record(
    sharpe: float, *, skew: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0, confidence: float = 0.95
) -> float | None:
    """How many returns it takes to believe a ratio above the benchmark; None where it is not above it."""
    if sharpe <= benchmark:
        return None
    error = sharpe_error(sharpe, skew=skew, kurtosis=kurtosis)
    return 1 + (error * NORMAL.inv_cdf(confidence) / (sharpe - benchmark)) ** 2


def block_interval(
    returns: Sequence[float],
    figure: Callable[[Sequence[float]], float | None],
    *,
    seed: int,
    draws: int = 500,
    block: int | None = None,
    confidence: float = 0.9,
) -> tuple[float, float] | None:
    """The interval of a figure over circular block bootstraps of the returns (Politis and Romano, 1992).

    A block has n^(1/3) returns unless told. None where the figure is undefined for most draws.
    """
    count = len(returns)
    if count < 8:
        return None
    length = block or max(1, round(count ** (1 / 3)))
    chosen = random.Random(seed)  # noqa: S311 - reproducible on purpose
    twice = [*returns, *returns]
    found: list[float] = []
    for _ in range(draws):
        starts = (chosen.randrange(count) for _ in range(-(-count // length)))
        drawn = [value for start in starts for value in twice[start : start + length]][:count]
        value = figure(drawn)
        if value is not None:
            found.append(value)
    if len(found) < draws // 2:
        return None
    found.sort()
    tail = (1 - confidence) / 2
    return found[int(tail * (len(found) - 1))], found[math.ceil((1 - tail) * (len(found) - 1))]


def significance_of(returns: Sequence[float], periods_a_year: float, trials: Trials) -> dict[str, Any]:
    """What chance could have done: of one period's Sharpe ratio, given how often it was tried."""
    found = figures_of(returns, periods_a_year=periods_a_year)
    sharpe, skew, excess = found["sharpe_period"], found["skew"], found["kurtosis"]
    if sharpe is None or skew is None or excess is None:
        return {"trials": trials.count}
    shape = {"skew": skew, "kurtosis": excess + 3}
    count = len(returns)
    return {
        "trials": trials.count,
        "sharpe_period": sharpe,
        "expected_best_sharpe": expected_best_sharpe(trials.count, trials.variance),
        "probabilistic_sharpe": probabilistic_sharpe(sharpe, count=count, **shape),
        "deflated_sharpe": deflated_sharpe(sharpe, count=count, trials=trials.count, variance=trials.variance, **shape),
        "minimum_track_record": minimum_track_record(sharpe, **shape),
        "periods": count,
    }
