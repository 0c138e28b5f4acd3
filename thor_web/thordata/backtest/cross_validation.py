"""Choosing in one part of the time and looking at another: walk-forward, and purged combinatorial cross-validation.

Nothing is played again: the returns of all combinations are cut into folds, and a Sharpe ratio over any set of folds
comes from the folds' sums (Lopez de Prado, Advances in Financial Machine Learning, 2018, chapters 7 and 12). Beside a
tested fold `purge` periods before it and `embargo` periods behind it train nobody: a position reaches over the seam.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median
from typing import Any, Final

import polars as pl

from thor_web.thordata.backtest.parameters import Value

__all__ = ["cross_validation", "walk_forward"]

LEAST_ROWS: Final = 4
TRAINED_ON: Final = 4
"""A walk trains on so many times the span that it tests on."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Of some periods: how many, and each combination's sum and sum of squares of returns."""

    count: int
    plain: Sequence[float]
    squares: Sequence[float]

    def sharpe(self, at: int) -> float:
        """The ratio of one combination; 0 where it did nothing."""
        plain = self.plain[at]
        spread = self.squares[at] - plain * plain / self.count if self.count else 0.0
        if self.count < 2 or spread <= 1e-18 * self.squares[at] or self.squares[at] == 0:
            return 0.0
        return plain / self.count / math.sqrt(spread / (self.count - 1))

    def best(self) -> int:
        """The combination with the greatest ratio, the first of equals."""
        ratios = [self.sharpe(at) for at in range(len(self.plain))]
        return ratios.index(max(ratios))


def sums_of(returns: pl.DataFrame) -> Sums:
    """The sums of every column."""
    plain = returns.select(pl.all().sum()).row(0)
    squares = returns.select((pl.all() * pl.all()).sum()).row(0)
    return Sums(returns.height, plain, squares)


def added(parts: Iterable[tuple[int, Sums]]) -> Sums:
    """Parts together, each with the sign 1 or -1."""
    given = list(parts)

    def total(of: Callable[[Sums], Sequence[float]]) -> list[float]:
        signed = [[sign * value for value in of(sums)] for sign, sums in given]
        return [math.fsum(row) for row in zip(*signed, strict=True)]

    count = sum(sign * sums.count for sign, sums in given)
    return Sums(count, total(lambda it: it.plain), total(lambda it: it.squares))


def walk_forward(
    returns: pl.DataFrame, combinations: Sequence[Mapping[str, Value]], *, splits: int
) -> dict[str, Any] | None:
    """Train, choose the best, test on what follows, step on; None where the time is too short for that many splits."""
    tested = returns.height // (splits + TRAINED_ON)
    if tested < LEAST_ROWS or returns.width < 2:
        return None
    steps: list[dict[str, Any]] = []
    outside: list[float] = []
    for split in range(splits):
        end = returns.height - (splits - split) * tested
        train = sums_of(returns.slice(end - TRAINED_ON * tested, TRAINED_ON * tested))
        best = train.best()
        test = returns[str(best)].slice(end, tested)
        outside += test.to_list()
        steps.append(
            {
                "parameters": dict(combinations[best]),
                "train": [end - TRAINED_ON * tested, end],
                "test": [end, end + tested],
                "train_sharpe": train.sharpe(best),
                "test_sharpe": sums_of(pl.DataFrame({"it": test})).sharpe(0),
                "test_return": _grown(test.to_list()),
            }
        )
    found = sums_of(pl.DataFrame({"it": outside}))
    inside = mean(float(step["train_sharpe"]) for step in steps)
    return {
        "steps": steps,
        "sharpe": found.sharpe(0),
        "return": _grown(outside),
        "mean_train_sharpe": inside,
        "efficiency": found.sharpe(0) / inside if inside > 0 else None,
        "choices": len({str(step["parameters"]) for step in steps}),
    }


def _grown(returns: Sequence[float]) -> float:
    return math.prod(1 + value for value in returns) - 1


def cross_validation(
    returns: pl.DataFrame, *, folds: int, tests: int, purge: int, embargo: int
) -> dict[str, Any] | None:
    """Every choice of `tests` of the folds to test on, trained on the others; None where folds would be too short."""
    height = returns.height // folds
    if height < LEAST_ROWS + purge + embargo or returns.width < 2 or not 0 < tests < folds:
        return None
    parts = [returns.slice(fold * height, height) for fold in range(folds)]
    whole = [sums_of(part) for part in parts]
    # What is taken off a training fold: its head behind a tested one, its tail before one.
    head, tail = [sums_of(part.head(embargo)) for part in parts], [sums_of(part.tail(purge)) for part in parts]
    outcomes = []
    for chosen in itertools.combinations(range(folds), tests):
        train = [(1, whole[fold]) for fold in range(folds) if fold not in chosen]
        train += [(-1, head[fold + 1]) for fold in chosen if fold + 1 < folds and fold + 1 not in chosen and embargo]
        train += [(-1, tail[fold - 1]) for fold in chosen if fold > 0 and fold - 1 not in chosen and purge]
        learned = added(train)
        best = learned.best()
        tested = added([(1, whole[fold]) for fold in chosen])
        outcomes.append((learned.sharpe(best), tested.sharpe(best), tested.sharpe(tested.best())))
    outside = sorted(outcome[1] for outcome in outcomes)
    return {
        "folds": folds,
        "tests": tests,
        "purge": purge,
        "embargo": embargo,
        "splits": len(outcomes),
        "mean_train_sharpe": mean(outcome[0] for outcome in outcomes),
        "mean_test_sharpe": mean(outside),
        "median_test_sharpe": median(outside),
        "worst_test_sharpe": outside[0],
        "best_test_sharpe": outside[-1],
        "share_below_zero": sum(value < 0 for value in outside) / len(outside),
        "mean_hindsight_sharpe": mean(outcome[2] for outcome in outcomes),
    }
