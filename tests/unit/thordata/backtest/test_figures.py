"""Figures against published values that nobody here made. Where a peer has another number, its test says why."""

import math

import pytest

from thor_web.thordata.backtest.figures import benchmark_figures, figures_of
from thor_web.thordata.backtest.significance import (
    block_interval,
    deflated_sharpe,
    expected_best_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
)

# Bacon (2008), 24 months in percent: the portfolio that his book's examples are computed on.
BACON = [
    0.3, 2.6, 1.1, -1.0, 1.5, 2.5, 1.6, 6.7, -1.4, 4.0, -0.5, 8.1, 4.0, -3.7, -6.1, 1.7, -4.9, -2.2, 7.0, 5.8, -6.5,
    2.4, -0.5, -0.9,
]  # fmt: skip
MIXED = [0.01, 0.10, -0.04, 0.02, 0.03, 0.02, 0.01, -0.10]
"""The mixed returns of empyrical's own tests."""


def bacon(threshold: float) -> dict[str, float | None]:
    return figures_of([value / 100 for value in BACON], periods_a_year=12, threshold=threshold)


def number(value: float | None) -> float:
    assert value is not None
    return value


@pytest.mark.parametrize(
    ("name", "printed", "digits"),
    [
        ("downside_deviation", 0.0255, 4),
        ("downside_potential", 0.0137, 4),
        ("downside_frequency", 0.458, 3),
        ("upside_risk", 0.02937, 5),
        ("upside_potential", 0.01771, 5),
        ("omega_sharpe", 0.29, 2),
    ],
)
def test_bacon_at_half_a_percent(name: str, printed: float, digits: int) -> None:
    assert round(number(bacon(0.005)[name]), digits) == printed


def test_bacon_at_nothing() -> None:
    found = bacon(0.0)
    assert round(number(found["bernardo_ledoit"]), 2) == 1.78
    assert round(number(found["d_ratio"]), 3) == 0.401
    assert round(number(found["pain_index"]), 2) == 0.04
    # Printed as .0310, which is .03108 with its last digits cut off.
    assert math.floor(number(found["mean_absolute_deviation"]) * 1e4) / 1e4 == 0.031
    # Skewness over kurtosis, the latter not the excess.
    assert round(number(found["skew"]) / (number(found["kurtosis"]) + 3), 3) == -0.034
    # Bacon prints the excess kurtosis of a sample.
    count = len(BACON)
    of_sample = (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * number(found["kurtosis"]) + 6)
    assert round(of_sample, 2) == -0.41


def test_kappa_of_order_two_is_bacons() -> None:
    found = bacon(0.005)
    assert round((number(found["mean"]) - 0.005) / number(found["downside_deviation"]), 3) == 0.157


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("sharpe", 1.7238613961706866),
        ("sortino", 2.605531251673693),
        ("volatility", 0.9136465399704637),
        ("max_drawdown", 0.1),
        ("omega", 19 / 14),
    ],
)
def test_empyricals_own_values(name: str, wanted: float) -> None:
    # Their CAGR of this series, 1.91, counts a leading NaN as a day; there are none here.
    assert figures_of(MIXED, periods_a_year=252)[name] == pytest.approx(wanted, abs=1e-13)


def test_tails_by_each_convention() -> None:
    # numpy.percentile is linear: between the least, -0.10, and the next, -0.04, at 0.05 x 7 = 0.35.
    found = figures_of(MIXED, periods_a_year=252)
    assert found["var_historical"] == pytest.approx(-0.079)
    assert (found["var_lower"], found["cvar_historical"]) == (-0.10, -0.10)
    deviation = number(found["deviation"])
    assert found["var_normal"] == pytest.approx(number(found["mean"]) - 1.6448536269514722 * deviation)
    assert found["cvar_normal"] == pytest.approx(number(found["mean"]) - 2.0627128027825736 * deviation)


def test_sortinos_paper() -> None:
    returns = [0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04]
    assert round(number(figures_of(returns, periods_a_year=1)["sortino"]), 3) == 4.417


def test_the_deflated_sharpe_ratios_worked_example() -> None:
    # Bailey and Lopez de Prado (2014): 2.5 a year, 1,250 days, skew -3, kurtosis 10, variance of trials 1/2 a year.
    daily, variance = 2.5 / math.sqrt(250), 0.5 / 250
    assert round(expected_best_sharpe(100, variance), 5) == 0.11317
    shape = {"count": 1_250, "skew": -3.0, "kurtosis": 10.0, "variance": variance}
    assert round(number(deflated_sharpe(daily, trials=100, **shape)), 4) == 0.9004  # type: ignore[arg-type]
    assert round(number(deflated_sharpe(daily, trials=46, **shape)), 4) == 0.9505  # type: ignore[arg-type]
    normal = deflated_sharpe(daily, count=1_250, skew=0, kurtosis=3, trials=88, variance=variance)
    # A peer that takes the excess for the raw kurtosis gets another number; see the module.
    assert round(number(normal), 4) == 0.9505


def test_track_records_and_probabilities() -> None:
    # Bailey and Lopez de Prado (2012): a ratio of 2 against 1, in years, by frequency and shape.
    def years(periods: int, **shape: float) -> float:
        root = math.sqrt(periods)
        return round(number(minimum_track_record(2 / root, benchmark=1 / root, **shape)) / periods, 2)

    assert (years(250), years(52), years(12)) == (2.73, 2.83, 3.24)
    assert years(12, skew=-0.72, kurtosis=5.78) == 4.99
    assert round(number(probabilistic_sharpe(0.458, count=24, skew=-2.448, kurtosis=10.164)), 3) == 0.913
    assert round(number(probabilistic_sharpe(0.458, count=24)), 3) == 0.982
    assert minimum_track_record(-0.1) is None
    assert probabilistic_sharpe(0.1, count=1) is None


def test_against_a_benchmark() -> None:
    benchmark = [0.01, 0.02, -0.01, 0.03, 0.0, -0.02, 0.01, 0.015]
    twice = [2 * value for value in benchmark]
    found = benchmark_figures(twice, benchmark, periods_a_year=252)
    assert found["beta"] == pytest.approx(2.0)
    assert found["correlation"] == pytest.approx(1.0)
    assert found["alpha"] == pytest.approx(0.0, abs=1e-12)
    assert benchmark_figures(benchmark, benchmark, periods_a_year=252)["information_ratio"] is None


def test_what_is_undefined_is_none() -> None:
    assert set(figures_of([], periods_a_year=252).values()) == {None}
    flat = figures_of([0.0] * 30, periods_a_year=252)
    assert (flat["sharpe"], flat["max_drawdown"], flat["omega"]) == (None, 0.0, None)
    with pytest.raises(ValueError, match="finite"):
        figures_of([0.1, float("nan")], periods_a_year=252)


def test_a_year_that_is_beyond_any_number_is_none() -> None:
    found = figures_of([9.0] * 10, periods_a_year=347_760)
    assert (found["cagr"], found["calmar"]) == (None, None)
    assert found["total_return"] == pytest.approx(1e10 - 1)


def test_an_interval_holds_the_figure_and_is_reproducible() -> None:
    def mean(values: object) -> float | None:
        return figures_of(list(values), periods_a_year=252)["mean"]  # type: ignore[call-overload]

    returns = [math.sin(at * 1.7) / 50 + 0.001 for at in range(120)]
    found = block_interval(returns, mean, seed=5)
    assert found is not None
    assert found == block_interval(returns, mean, seed=5)
    assert found[0] < sum(returns) / 120 < found[1]
    assert block_interval(returns[:5], mean, seed=5) is None
