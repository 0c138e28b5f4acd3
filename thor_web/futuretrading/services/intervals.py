"""How sure a share or a mean of few values is: 95 % intervals."""

import math
from typing import Final

__all__ = ["mean_interval", "wilson"]

Z: Final = 1.959963984540054
"""95 % of a normal distribution lies within so many deviations."""


def wilson(worked: int, decided: int) -> tuple[float, float] | None:
    """Wilson's score interval of a share, which stays honest for few; None where nothing was decided."""
    if decided == 0:
        return None
    share = worked / decided
    spread = Z * math.sqrt(share * (1 - share) / decided + Z * Z / (4 * decided * decided))
    middle, whole = share + Z * Z / (2 * decided), 1 + Z * Z / decided
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def mean_interval(mean: float, deviation: float | None, count: int) -> tuple[float, float] | None:
    """The 95 % interval of a mean; None for fewer than two values, whose spread nobody knows."""
    if count < 2 or deviation is None:
        return None
    error = Z * deviation / math.sqrt(count)
    return mean - error, mean + error
