"""How far a run could have gone, on the way and not only at its end: quantiles of bootstrapped paths at some steps.

A path is drawn by its own seed, so its first steps are the same however many follow: quantiles at a step are those of
shorter paths, drawn anew.
"""

from collections.abc import Sequence
from typing import Any, Final

from thor_fast import bootstrap_paths

__all__ = ["fan_of"]

MARKS: Final = 12
"""So many steps are told, evenly spread, beside the start."""


def fan_of(returns: Any, *, count: int, paths: int, block: int, seed: int, shares: Sequence[float]) -> dict[str, Any]:
    """`steps` and at each of them the quantiles of the worth of 1 at the start, in the order of `shares`.

    `returns` are floats as the core takes them; as many steps as there are returns are the last.
    """
    steps = sorted({max(1, round(count * mark / MARKS)) for mark in range(1, MARKS + 1)})
    places = [int(share * (paths - 1)) for share in shares]
    quantiles = []
    for step in steps:
        ends, _ = bootstrap_paths(returns, steps=step, paths=paths, block=block, seed=seed, threads=2)
        ranked = sorted(ends)
        quantiles.append([ranked[place] for place in places])
    return {"steps": [0, *steps], "quantiles": [[1.0] * len(shares), *quantiles]}
