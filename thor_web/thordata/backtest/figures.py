"""The figures of a series of returns, each with its formula and the source of it. The sums are the core's.

Peers differ silently in conventions; here the convention is in the name or the formula. `n` is the number of returns,
`p` how many there are in a year, `m` their mean, `s` their standard deviation with n - 1, `T` the threshold.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

from thor_fast import co_moment, return_figures
from thor_web.thordata.backtest.columns import floats

__all__ = ["FIGURES", "Figure", "benchmark_figures", "figures_of"]

NORMAL: Final = NormalDist()
EMPYRICAL: Final = "empyrical"
BACON: Final = "Bacon, Practical Portfolio Performance Measurement and Attribution, 2008"
GREATEST_POWER: Final = 700.0


@dataclass(frozen=True, slots=True)
class Sums:
    """The core's sums of a series, and what a year of it is."""

    of: Mapping[str, Any]
    periods: float
    threshold: float
    share: float

    def __getitem__(self, name: str) -> Any:
        return self.of[name]

    @property
    def count(self) -> int:
        return int(self.of["count"])

    @property
    def mean(self) -> float:
        return float(self.of["mean"])

    @property
    def deviation(self) -> float:
        """With n - 1; NaN below two returns."""
        return math.sqrt(self.of["squares"] / (self.count - 1)) if self.count > 1 else math.nan

    @property
    def population_deviation(self) -> float:
        return math.sqrt(self.of["squares"] / self.count) if self.count else math.nan

    @property
    def downside(self) -> float:
        """Root of the mean squared shortfall, over all returns."""
        return math.sqrt(self.of["below_squares"] / self.count) if self.count else math.nan

    @property
    def skew(self) -> float:
        cubed = self.population_deviation**3
        return ratio(self.of["cubes"] / self.count, cubed) if self.count else math.nan

    @property
    def kurtosis(self) -> float:
        """Excess over the normal's 3."""
        return ratio(self.of["fourths"] / self.count, self.population_deviation**4) - 3 if self.count else math.nan

    @property
    def growth_a_year(self) -> float:
        growth = self.of["growth"]
        if not self.count or growth <= 0:
            return math.nan
        # A year of what doubles each minute is beyond any number.
        power = math.log(growth) * self.periods / self.count
        return growth ** (self.periods / self.count) - 1 if power < GREATEST_POWER else math.nan

    def normal_quantile(self) -> float:
        return self.mean + NORMAL.inv_cdf(self.share) * self.deviation

    def modified_quantile(self) -> float:
        """The Cornish-Fisher expansion."""
        z, skew, excess = NORMAL.inv_cdf(self.share), self.skew, self.kurtosis
        turned = z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * excess / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
        return self.mean + turned * self.deviation


def ratio(above: float, below: float) -> float:
    """A quotient, NaN where there is nothing to divide by."""
    return above / below if below and math.isfinite(below) else math.nan


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its formula in words, its source, and how it is made. `annual` ones need a year to mean anything."""

    title: str
    formula: str
    source: str
    of: Callable[[Sums], float | None]
    annual: bool = False
    unit: str = "ratio"


FIGURES: Final[Mapping[str, Figure]] = {
    "total_return": Figure(
        "Total return",
        "product of (1 + r) - 1",
        EMPYRICAL + ".cum_returns_final",
        lambda it: it["growth"] - 1,
        unit="share",
    ),
    "cagr": Figure(
        "CAGR",
        "(1 + total return)^(p / n) - 1",
        EMPYRICAL + ".annual_return",
        lambda it: it.growth_a_year,
        True,
        "share",
    ),
    "volatility": Figure(
        "Volatility",
        "s x sqrt(p)",
        EMPYRICAL + ".annual_volatility",
        lambda it: it.deviation * math.sqrt(it.periods),
        True,
        "share",
    ),
    "sharpe": Figure(
        "Sharpe ratio",
        "m / s x sqrt(p), no risk-free rate",
        "Sharpe, 1994; " + EMPYRICAL + ".sharpe_ratio",
        lambda it: ratio(it.mean, it.deviation) * math.sqrt(it.periods),
        True,
    ),
    "sharpe_period": Figure("Sharpe ratio a period", "m / s", "Sharpe, 1994", lambda it: ratio(it.mean, it.deviation)),
    "downside_risk": Figure(
        "Downside risk",
        "sqrt(mean of min(r - T, 0)^2) x sqrt(p)",
        EMPYRICAL + ".downside_risk",
        lambda it: it.downside * math.sqrt(it.periods),
        True,
        "share",
    ),
    "sortino": Figure(
        "Sortino ratio",
        "(m - T) x p / downside risk",
        "Rollinger and Hoffman, 2013; " + EMPYRICAL + ".sortino_ratio",
        lambda it: ratio((it.mean - it.threshold) * it.periods, it.downside * math.sqrt(it.periods)),
        True,
    ),
    "calmar": Figure(
        "Calmar ratio",
        "CAGR / maximum drawdown",
        "Young, 1991; " + EMPYRICAL + ".calmar_ratio",
        lambda it: ratio(it.growth_a_year, it["max_drawdown"]),
        True,
    ),
    "omega": Figure(
        "Omega ratio",
        "sum of max(r - T, 0) / sum of max(T - r, 0)",
        "Keating and Shadwick, 2002; " + EMPYRICAL + ".omega_ratio",
        lambda it: ratio(it["above"], it["below"]),
    ),
    "max_drawdown": Figure(
        "Maximum drawdown",
        "greatest of (peak - value) / peak",
        EMPYRICAL + ".max_drawdown, without its sign",
        lambda it: it["max_drawdown"],
        unit="share",
    ),
    "longest_drawdown": Figure(
        "Longest drawdown",
        "most periods in a row under a peak",
        BACON,
        lambda it: it["longest_drawdown"],
        unit="periods",
    ),
    "drawdown_length": Figure(
        "Periods to the trough",
        "from the peak of the maximum drawdown to its trough",
        BACON,
        lambda it: it["drawdown_trough"] - it["drawdown_peak"],
        unit="periods",
    ),
    "recovery": Figure(
        "Periods to recover",
        "from the trough to the old peak; none where it was not reached again",
        BACON,
        lambda it: None if it["drawdown_recovered"] is None else it["drawdown_recovered"] - it["drawdown_trough"],
        unit="periods",
    ),
    "pain_index": Figure("Pain index", "mean drawdown", BACON, lambda it: it["drawdown_sum"] / it.count, unit="share"),
    "ulcer_index": Figure(
        "Ulcer index",
        "root of the mean squared drawdown",
        BACON,
        lambda it: math.sqrt(it["drawdown_squares"] / it.count),
        unit="share",
    ),
    "var_historical": Figure(
        "VaR, historical",
        "linear quantile (Hyndman and Fan 7) of the returns at 5 %",
        EMPYRICAL + ".value_at_risk",
        lambda it: it["tail_linear"],
        unit="share",
    ),
    "var_lower": Figure(
        "VaR, order statistic",
        "the return at or below that quantile",
        "Hyndman and Fan, 1996, type 3 of the lower side",
        lambda it: it["tail_lower"],
        unit="share",
    ),
    "var_normal": Figure(
        "VaR, normal",
        "m + z s, z of 5 %",
        "QuantStats.stats.value_at_risk",
        lambda it: it.normal_quantile(),
        unit="share",
    ),
    "var_modified": Figure(
        "VaR, Cornish-Fisher",
        "m + z' s, z' of 5 % with skew and kurtosis",
        "Favre and Galeano, 2002",
        lambda it: it.modified_quantile(),
        unit="share",
    ),
    "cvar_historical": Figure(
        "CVaR, historical",
        "mean of the returns up to the order statistic at 5 %",
        EMPYRICAL + ".conditional_value_at_risk",
        lambda it: it["tail_mean"],
        unit="share",
    ),
    "cvar_normal": Figure(
        "CVaR, normal",
        "m - s x density(z) / 5 %",
        "Rockafellar and Uryasev, 2000",
        lambda it: it.mean - it.deviation * NORMAL.pdf(NORMAL.inv_cdf(it.share)) / it.share,
        unit="share",
    ),
    "mean": Figure("Mean", "m", BACON, lambda it: it.mean, unit="share"),
    "deviation": Figure("Standard deviation", "s", BACON, lambda it: it.deviation, unit="share"),
    "skew": Figure("Skewness", "third central moment / (deviation with n)^3", BACON, lambda it: it.skew),
    "kurtosis": Figure(
        "Excess kurtosis", "fourth central moment / variance with n^2 - 3", BACON, lambda it: it.kurtosis
    ),
    "mean_absolute_deviation": Figure(
        "Mean absolute deviation", "mean of |r - m|", BACON, lambda it: it["absolute"] / it.count, unit="share"
    ),
    "downside_deviation": Figure(
        "Downside deviation", "sqrt(mean of min(r - T, 0)^2)", BACON, lambda it: it.downside, unit="share"
    ),
    "downside_potential": Figure(
        "Downside potential", "mean of max(T - r, 0)", BACON, lambda it: it["below"] / it.count, unit="share"
    ),
    "downside_frequency": Figure(
        "Downside frequency", "share of returns below T", BACON, lambda it: it["short"] / it.count, unit="share"
    ),
    "upside_potential": Figure(
        "Upside potential", "mean of max(r - T, 0)", BACON, lambda it: it["above"] / it.count, unit="share"
    ),
    "upside_risk": Figure(
        "Upside risk",
        "sqrt(mean of max(r - T, 0)^2)",
        BACON,
        lambda it: math.sqrt(it["above_squares"] / it.count),
        unit="share",
    ),
    "bernardo_ledoit": Figure(
        "Profit factor of the returns",
        "gains / losses (Bernardo and Ledoit)",
        BACON,
        lambda it: ratio(it["above"], it["below"]),
    ),
    "d_ratio": Figure(
        "D ratio",
        "losses x their number / (gains x theirs)",
        BACON,
        lambda it: ratio(it["below"] * it["short"], it["above"] * it["long"]),
    ),
    "omega_sharpe": Figure(
        "Omega-Sharpe ratio",
        "(m - T) / downside potential",
        BACON,
        lambda it: ratio(it.mean - it.threshold, it["below"] / it.count),
    ),
    "kappa_three": Figure(
        "Kappa 3",
        "(m - T) / cube root of the mean cubed shortfall",
        BACON,
        lambda it: ratio(it.mean - it.threshold, (it["below_cubes"] / it.count) ** (1 / 3)),
    ),
    "win_rate": Figure(
        "Share of gains", "share of returns above T", BACON, lambda it: it["long"] / it.count, unit="share"
    ),
}


def figures_of(
    returns: Sequence[float], *, periods_a_year: float, threshold: float = 0.0, tail_share: float = 0.05
) -> dict[str, float | None]:
    """Every figure of a series of simple returns; None where it is not defined for them.

    Raises ValueError where a return is not finite.
    """
    of = return_figures(floats(list(returns)), threshold=threshold, tail_share=tail_share)
    sums = Sums(of, periods_a_year, threshold, tail_share)
    return {name: finite(figure.of(sums)) if sums.count else None for name, figure in FIGURES.items()}


def finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def benchmark_figures(
    returns: Sequence[float], benchmark: Sequence[float], *, periods_a_year: float
) -> dict[str, float | None]:
    """Alpha, beta, tracking error, information ratio and correlation against another series of the same periods.

    beta is cov(r, b) / var(b), alpha (1 + m_r - beta m_b)^p - 1 as empyrical has them; the information ratio is the
    mean of r - b over its standard deviation, times sqrt(p).
    """
    own, other = floats(list(returns)), floats(list(benchmark))
    shared, spread = co_moment(own, other), co_moment(other, other)
    beta = ratio(shared, spread)
    count = len(own)
    means = (sum(own) / count, sum(other) / count) if count else (math.nan, math.nan)
    active = floats([a - b for a, b in zip(own, other, strict=True)])
    error = math.sqrt(co_moment(active, active) / (count - 1)) if count > 1 else math.nan
    root = math.sqrt(periods_a_year)
    found = {
        "beta": beta,
        "alpha": (1 + means[0] - beta * means[1]) ** periods_a_year - 1,
        "tracking_error": error * root,
        "information_ratio": ratio(means[0] - means[1], error) * root,
        "correlation": ratio(shared, math.sqrt(co_moment(own, own) * spread)),
    }
    return {name: finite(value) for name, value in found.items()}
