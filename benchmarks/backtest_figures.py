"""Figures, simulated paths and the probability of overfitting, beside the libraries that define them."""

import itertools
import random
from array import array
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from benchmarks.measure import Contender, Measured, Sampler, compare, timed
from thor_fast import bootstrap_paths, overfitting_logits, return_figures
from thor_web.thordata.backtest.figures import Sums

__all__ = ["monte_carlo", "overfitting", "ten"]

FEW, MANY = 1_260, 1_000_000
PATHS, STEPS = 10_000, 1_000
STRATEGIES, BLOCKS, ROWS = 1_000, 16, 1_280
SAMPLE: Final = 40


@cache
def returns(count: int) -> "array[float]":
    chosen = random.Random(13)
    return array("d", [chosen.gauss(0.0004, 0.01) for _ in range(count)])


def thor_ten(count: int) -> Contender:
    """Ten figures from the core's sums; the division that is left is Python's."""

    def work() -> tuple[Any, ...]:
        of = return_figures(returns(count))
        sums = Sums(of, 252.0, 0.0, 0.05)
        yearly, deviation, downside = sums.growth_a_year, sums.deviation, sums.downside
        return (
            sums.mean / deviation * 252**0.5, sums.mean * 252**0.5 / downside, yearly / of["max_drawdown"],
            of["max_drawdown"], of["tail_linear"], of["tail_mean"], of["long"] / sums.count, of["above"] / of["below"],
            yearly, deviation * 252**0.5,
        )  # fmt: skip

    return Contender("Thor", lambda: timed(work, count))


def empyrical_ten(count: int) -> Contender:
    def prepare() -> Sampler:
        import empyrical as ep
        import numpy as np

        values = np.array(returns(count))

        def work() -> tuple[Any, ...]:
            return (
                ep.sharpe_ratio(values), ep.sortino_ratio(values), ep.calmar_ratio(values), ep.max_drawdown(values),
                ep.value_at_risk(values), ep.conditional_value_at_risk(values), (values > 0).mean(),
                values[values > 0].sum() / -values[values < 0].sum(), ep.annual_return(values),
                ep.annual_volatility(values),
            )  # fmt: skip

        found, of = work(), return_figures(returns(count))
        sums = Sums(of, 252.0, 0.0, 0.05)
        for own, wanted in (
            (sums.mean / sums.deviation * 252**0.5, found[0]), (-of["max_drawdown"], found[3]),
            (of["tail_linear"], found[4]), (of["tail_mean"], found[5]), (sums.growth_a_year, found[8]),
        ):  # fmt: skip
            assert abs(own - wanted) <= 1e-9 * abs(wanted), (own, wanted)
        return timed(work, count)

    return Contender("empyrical", prepare)


def quantstats_ten() -> Contender:
    def prepare() -> Sampler:
        import pandas as pd
        import quantstats.stats as qs

        values = pd.Series(list(returns(FEW)), index=pd.date_range("2020-01-01", periods=FEW))
        works: tuple[Callable[[Any], Any], ...] = (
            qs.sharpe, qs.sortino, qs.calmar, qs.max_drawdown, qs.value_at_risk, qs.conditional_value_at_risk,
            qs.win_rate, qs.profit_factor, qs.cagr, qs.volatility,
        )  # fmt: skip
        return timed(lambda: [work(values) for work in works], FEW)

    return Contender("QuantStats", prepare)


def ten() -> list[Measured]:
    """Sharpe, Sortino, Calmar, drawdown, VaR, CVaR, win rate, profit factor, CAGR, volatility."""
    few = compare(
        "figures-1260",
        "ns/return",
        thor_ten(FEW),
        peers={"empyrical": empyrical_ten(FEW), "quantstats": quantstats_ten()},
    )
    return few + compare("figures-1m", "ns/return", thor_ten(MANY), peers={"empyrical": empyrical_ten(MANY)}, rounds=5)


def monte_carlo() -> list[Measured]:
    """Ten thousand paths of a thousand steps: terminal value and greatest loss."""
    units = PATHS * STEPS

    def thor() -> Sampler:
        ends, falls = bootstrap_paths(returns(FEW), steps=STEPS, paths=PATHS, threads=2)
        mean = sum(returns(FEW)) / FEW
        assert abs(sum(ends) / PATHS / (1 + mean) ** STEPS - 1) < 0.02
        assert 0 < min(falls) < max(falls) < 1
        return timed(lambda: bootstrap_paths(returns(FEW), steps=STEPS, paths=PATHS, threads=2), units)

    def with_numba() -> Sampler:
        import numba
        import numpy as np

        @numba.njit(parallel=True)  # type: ignore[untyped-decorator]
        def paths(values: Any, steps: int, count: int) -> Any:
            ends, falls = np.empty(count), np.empty(count)
            for path in numba.prange(count):
                worth, peak, fall = 1.0, 1.0, 0.0
                for _ in range(steps):
                    worth *= 1.0 + values[np.random.randint(0, values.size)]
                    peak = max(peak, worth)
                    fall = max(fall, 1.0 - worth / peak)
                ends[path], falls[path] = worth, fall
            return ends, falls

        values = np.array(returns(FEW))
        return timed(lambda: paths(values, STEPS, PATHS), units)

    def with_numpy() -> Sampler:
        import numpy as np

        values, generator = np.array(returns(FEW)), np.random.default_rng(1)

        def work() -> Any:
            drawn = generator.choice(values, size=(PATHS, STEPS))
            worth = np.cumprod(1.0 + drawn, axis=1)
            falls = (1.0 - worth / np.maximum.accumulate(worth, axis=1)).max(axis=1)
            return worth[:, -1], falls

        return timed(work, units)

    peers = {"numba": Contender("numba prange", with_numba), "numpy": Contender("numpy", with_numpy)}
    return compare("monte-carlo", "ns/step", Contender("Thor", thor), peers=peers, rounds=5)


def overfitting() -> list[Measured]:
    """All 12,870 ways to halve sixteen blocks, a thousand strategies; the peer does a sample of them."""

    @cache
    def matrix() -> "array[float]":
        chosen = random.Random(17)
        return array("d", [chosen.gauss(0, 0.01) for _ in range(ROWS * STRATEGIES)])

    splits = 12_870

    def thor() -> Sampler:
        return timed(lambda: overfitting_logits(matrix(), STRATEGIES, blocks=BLOCKS), splits)

    def naive() -> Sampler:
        import numpy as np

        values = np.array(matrix()).reshape(BLOCKS, ROWS // BLOCKS, STRATEGIES)
        chosen = list(itertools.combinations(range(BLOCKS), BLOCKS // 2))

        def ratios(blocks: Any) -> Any:
            part = values[list(blocks)].reshape(-1, STRATEGIES)
            return part.mean(axis=0) / part.std(axis=0)

        def logit(inside: Any) -> float:
            outside = ratios([block for block in range(BLOCKS) if block not in inside])
            rank = (outside <= outside[np.argmax(ratios(inside))]).sum() / (STRATEGIES + 1)
            return float(np.log(rank / (1 - rank)))

        wanted = [logit(inside) for inside in chosen[:SAMPLE]]
        numbers = sorted(range(1 << BLOCKS), key=lambda it: it)
        halves = [it for it in numbers if it.bit_count() == BLOCKS // 2]
        found = overfitting_logits(matrix(), STRATEGIES, blocks=BLOCKS)
        for inside, want in zip(chosen[:SAMPLE], wanted, strict=True):
            at = halves.index(sum(1 << block for block in inside))
            assert abs(found[at] - want) < 1e-9
        return timed(lambda: [logit(inside) for inside in chosen[:SAMPLE]], SAMPLE)

    peers = {"numpy": Contender("numpy, every split anew", naive)}
    return compare("overfitting", "ns/split", Contender("Thor", thor), peers=peers, rounds=3)
