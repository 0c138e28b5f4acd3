"""What counts as one trial: an equity at the ends of the periods. Who earned the same there tried the same."""

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import variance
from typing import Self

__all__ = ["Trials", "trial_key"]


@dataclass(frozen=True, slots=True)
class Trials:
    """How many different runs of this strategy on this data there have been, and how their ratios vary."""

    count: int = 1
    variance: float = 0.0

    @classmethod
    def of(cls, rated: Sequence[tuple[str, float]]) -> Self:
        """Trials by key and Sharpe ratio, each key once."""
        different = list(dict(rated).values())
        return cls(max(1, len(different)), variance(different) if len(different) > 1 else 0.0)


def trial_key(equity: Sequence[float]) -> str:
    """The key of a trial by its equity at the periods' ends."""
    return hashlib.sha256(array("d", equity).tobytes()).hexdigest()[:32]
