"""The combinations of a sweep: values of parameters, each beside each, and those of them that a strategy can take."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.parameters import Value
from thor_web.thordata.backtest.registry import find_strategy

__all__ = ["MOST_COMBINATIONS", "Combinations", "combinations_of", "parse_values"]

MOST_COMBINATIONS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Combinations:
    """Checked parameters of every run of a sweep, in the order of the grid; `refused` combinations make no sense."""

    grid: Mapping[str, tuple[Value, ...]]
    values: tuple[Mapping[str, Value], ...]
    refused: int


def parse_values(text: str) -> list[str]:
    """`5,10,20` or `5:55:10`, first, last and step. Raises BacktestError `bad_specification`."""
    if ":" not in text:
        return [word.strip() for word in text.split(",") if word.strip()]
    try:
        first, last, step = (float(word) for word in text.split(":"))
    except ValueError:
        raise BacktestError("bad_specification", f"values are 5,10,20 or 5:55:10, were {text[:40]!r}") from None
    if not all(math.isfinite(it) for it in (first, last, step)) or step <= 0 or last < first:
        raise BacktestError("bad_specification", f"a range rises from first to last by its step, was {text[:40]!r}")
    count = math.floor((last - first) / step + 1e-9) + 1
    if count > MOST_COMBINATIONS:
        raise BacktestError("bad_specification", f"{text[:40]} has more than {MOST_COMBINATIONS} values")
    return [f"{first + at * step:.12g}" for at in range(count)]


def combinations_of(
    strategy: str, fixed: Mapping[str, object], grid: Mapping[str, Sequence[object]], *, modules: bool = False
) -> Combinations:
    """Every combination that the strategy takes. Raises BacktestError for a grid that has none, or too many."""
    if not grid:
        raise BacktestError("bad_specification", "a sweep varies at least one parameter")
    total = math.prod(len(values) for values in grid.values())
    if not 0 < total <= MOST_COMBINATIONS:
        raise BacktestError("bad_specification", f"a sweep has 1 to {MOST_COMBINATIONS} combinations, was {total}")
    kind = find_strategy(strategy, modules=modules)
    known = {parameter.name: parameter for parameter in kind.parameters}
    for name in (*grid, *fixed):
        if name not in known:
            raise BacktestError("unknown_parameter", f"{strategy} has no parameter {name[:60]!r}")
    columns = {name: tuple(known[name].check(value) for value in values) for name, values in grid.items()}
    for name, values in columns.items():
        if len(set(values)) != len(values):
            raise BacktestError("bad_specification", f"{name} has a value twice")
    rest = {name: it.check(fixed.get(name, it.default)) for name, it in known.items() if name not in columns}
    taken: list[Mapping[str, Value]] = []
    refusal: BacktestError | None = None
    for row in itertools.product(*columns.values()):
        chosen = rest | dict(zip(columns, row, strict=True))
        try:
            kind(chosen)
        except BacktestError as error:
            refusal = error
        else:
            taken.append(chosen)
    if not taken:
        raise refusal or BacktestError("bad_specification", "no combination can be run")
    return Combinations(columns, tuple(taken), total - len(taken))
