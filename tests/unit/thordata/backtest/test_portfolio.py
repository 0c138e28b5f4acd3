"""Runs in one portfolio: their risk adds up, their sizes are what they say, and nothing is made of too little."""

import importlib.util
import math
import random
from typing import Any

import pytest

from thor_web.thordata.backtest.analysis import portfolio_report
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.portfolio import portfolio_of, shared_returns

DAY_US = 86_400_000_000


def result(number: int, returns: list[float], *, first: int = 0, name: str = "trade date") -> dict[str, Any]:
    """A finished run, as far as a portfolio looks at it."""
    equity = [100_000.0]
    for change in returns:
        equity.append(equity[-1] * (1 + change))
    ends = [(first + at) * DAY_US for at in range(len(equity))]
    return {
        "id": number,
        "strategy": {"name": f"rule {number}"},
        "specification": {"symbols": ["ES"]},
        "periods": {"name": name, "a_year": 252.0, "equity": equity, "ends_us": ends},
    }


def noise(seed: int, scale: float, count: int = 200, drift: float = 0.0) -> list[float]:
    chosen = random.Random(seed)
    return [chosen.gauss(drift, scale) for _ in range(count)]


def test_only_shared_periods_count() -> None:
    first, second = result(1, noise(1, 0.01, 30)), result(2, noise(2, 0.01, 30), first=10)
    returns = shared_returns([first, second])
    assert returns.height == 20
    assert returns["0"][0] == pytest.approx(first["periods"]["equity"][11] / first["periods"]["equity"][10] - 1)


def test_risk_contributions_add_up_and_follow_the_weights() -> None:
    runs = [result(1, noise(1, 0.01)), result(2, noise(2, 0.02))]
    found = portfolio_of(runs, sizing="fixed", weights=[0.5, 0.5])
    assert sum(found["risk_contribution"]) == pytest.approx(1.0)
    # Twice as wild and hardly related: four fifths of the variance.
    assert found["risk_contribution"][1] == pytest.approx(0.8, abs=0.05)
    assert found["correlation"][0][0] == pytest.approx(1.0)
    assert abs(found["correlation"][0][1]) < 0.2
    alone = portfolio_of(runs, sizing="fixed", weights=[1.0, 0.0])
    assert alone["risk_contribution"] == [pytest.approx(1.0), 0.0]
    assert alone["figures"]["total_return"] == pytest.approx(runs[0]["periods"]["equity"][-1] / 100_000 - 1)


def test_a_target_of_volatility_is_reached_by_each_alone() -> None:
    runs = [result(1, noise(1, 0.01)), result(2, noise(2, 0.02))]
    found = portfolio_of(runs, sizing="volatility-target", target=0.2)
    returns = shared_returns(runs)
    for at in range(2):
        deviation = float(returns[str(at)].std() or 0)  # type: ignore[arg-type]  # of floats
        assert 2 * found["weights"][at] * deviation * math.sqrt(252) == pytest.approx(0.2)


def test_kelly_bets_by_the_edge_and_never_on_a_loss() -> None:
    runs = [result(1, noise(1, 0.01, drift=0.002)), result(2, noise(2, 0.01, drift=-0.003))]
    full, half = (portfolio_of(runs, sizing="kelly", kelly=share)["weights"] for share in (1.0, 0.5))
    assert full[1] == half[1] == 0.0
    assert full[0] == pytest.approx(2 * half[0])
    returns = shared_returns(runs)["0"]
    assert full[0] == pytest.approx(returns.mean() / returns.var() / 2)  # type: ignore[operator]


def test_the_second_half_is_judged_by_the_first() -> None:
    rising, falling = noise(3, 0.02, 50, drift=0.01), noise(4, 0.02, 50, drift=-0.01)
    runs = [result(1, rising + falling), result(2, noise(5, 0.02, 100))]
    found = portfolio_of(runs, sizing="kelly", kelly=0.1)
    assert found["weights_of_the_first_half"][0] > found["weights"][0]
    assert found["second_half_by_the_first"]["total_return"] < 0


def test_a_bet_that_loses_everything_has_no_figures() -> None:
    steady = [0.01 + 0.0001 * (at % 2) for at in range(50)] + [-0.01] * 50
    found = portfolio_of([result(1, steady), result(2, noise(5, 0.02, 100))], sizing="kelly")
    assert found["second_half_by_the_first"] == {
        "ruined": True, "total_return": None, "sharpe_period": None, "deviation": None, "max_drawdown": None,
        "cvar_historical": None,
    }  # fmt: skip


def test_stress_is_worse_than_the_worst_that_was() -> None:
    runs = [result(1, noise(1, 0.01)), result(2, noise(2, 0.01))]
    cases = {case["case"]: case["return"] for case in portfolio_of(runs, sizing="equal")["stress"]}
    were = [value for name, value in cases.items() if name.endswith("as it was")]
    assert len(were) == 5
    assert cases["the worst period of each at once"] <= min(were)
    assert cases["each loses 2 standard deviations at once"] == pytest.approx(
        2 * cases["each loses 1 standard deviations at once"]
    )


def test_a_portfolio_is_a_page() -> None:
    page = portfolio_report(portfolio_of([result(1, noise(1, 0.01)), result(2, noise(2, 0.01))], sizing="equal"))
    assert "rule 2 on ES" in page
    assert "http" not in page


ONE, OTHER = result(1, noise(1, 0.01)), result(2, noise(2, 0.01))


@pytest.mark.parametrize(
    ("runs", "options", "code"),
    [
        ([ONE], {"sizing": "equal"}, "bad_specification"),
        ([ONE, result(2, noise(2, 0.01), name="minute")], {"sizing": "equal"}, "bad_specification"),
        ([ONE, result(2, noise(2, 0.01), first=900)], {"sizing": "equal"}, "no_data"),
        ([ONE, OTHER], {"sizing": "luck"}, "bad_specification"),
        ([ONE, OTHER | {"periods": {"name": "trade date"}}], {"sizing": "equal"}, "bad_specification"),
        ([ONE, OTHER], {"sizing": "fixed", "weights": [1]}, "bad_specification"),
    ],
)
def test_what_is_no_portfolio_says_so(runs: list[dict[str, Any]], options: dict[str, Any], code: str) -> None:
    with pytest.raises(BacktestError) as raised:
        portfolio_of(runs, **options)
    assert raised.value.code == code


def test_optimised_weights_are_skfolios_or_the_extra_is_named() -> None:
    runs = [result(1, noise(1, 0.01)), result(2, noise(2, 0.02))]
    if importlib.util.find_spec("skfolio") is None:
        with pytest.raises(BacktestError, match=r"thor\[portfolio\]"):
            portfolio_of(runs, sizing="minimum-variance")
        return
    # Unrelated, so by the inverse of the variances.
    assert portfolio_of(runs, sizing="minimum-variance")["weights"][0] == pytest.approx(0.8, abs=0.05)
