"""How sure a count or a mean is: Wilson's interval of a share, and Student's of a mean."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, Final

__all__ = ["mean_of", "share_of", "student"]

NORMAL: Final = NormalDist()


def share_of(hits: int, count: int, *, confidence: float = 0.95) -> dict[str, Any]:
    """A share with its Wilson interval (Wilson, 1927), which is right for few and for extreme counts too."""
    if count == 0:
        return {"count": 0, "share": None, "low": None, "high": None}
    z = NORMAL.inv_cdf((1 + confidence) / 2)
    share, more = hits / count, z * z / count
    middle = (share + more / 2) / (1 + more)
    half = z / (1 + more) * math.sqrt(share * (1 - share) / count + more / (4 * count))
    return {"count": count, "share": share, "low": max(0.0, middle - half), "high": min(1.0, middle + half)}


def mean_of(values: Sequence[float], *, confidence: float = 0.95) -> dict[str, Any]:
    """A mean with Student's interval, none for a single value; `beyond`: 0 lies outside of it."""
    count = len(values)
    if count == 0:
        return {"count": 0, "mean": None, "low": None, "high": None, "beyond": False}
    mean = math.fsum(values) / count
    if count == 1:
        return {"count": 1, "mean": mean, "low": None, "high": None, "beyond": False}
    error = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1) / count)
    half = student((1 + confidence) / 2, count - 1) * error
    low, high = mean - half, mean + half
    return {"count": count, "mean": mean, "low": low, "high": high, "beyond": low > 0 or high < 0}


def student(share: float, degrees: int) -> float:
    """Student's quantile above the median: exact for one and two degrees of freedom, within 1 % from three on.

    The expansion about the normal is that of Fisher and Cornish (1960; Abramowitz and Stegun, 26.7.5).
    """
    if degrees == 1:
        return math.tan(math.pi * (share - 0.5))
    if degrees == 2:
        return (2 * share - 1) * math.sqrt(1 / (2 * share * (1 - share)))
    z = NORMAL.inv_cdf(share)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + math.fsum(term / degrees ** (at + 1) for at, term in enumerate(terms))
