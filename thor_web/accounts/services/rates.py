"""Token buckets: how often somebody may do something, and how long to wait where it was too often.

In memory, one table a process: several web processes allow that many times as much together.
"""

import math
from collections import OrderedDict
from typing import Final

__all__ = ["Rate"]

MOST_KNOWN: Final = 100_000


class Rate:
    """`per_s` a second and `burst` at once, for each name. Time is an argument."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s = per_s
        self._burst = float(burst)
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, name: str, now_s: float) -> int:
        """Take one for the name: 0 when it had one, else the whole seconds until it has."""
        left, since = self._known.pop(name, (self._burst, now_s))
        left = min(self._burst, left + (now_s - since) * self._per_s)
        fine = left >= 1
        self._known[name] = (left - 1 if fine else left, now_s)
        # Who was not seen for longest has a full bucket again, or is one of very many.
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return 0 if fine else max(1, math.ceil(round((1 - left) / self._per_s, 6)))

    def give_back(self, name: str) -> None:
        """What was taken last was not meant to count."""
        left, since = self._known.get(name, (self._burst, 0.0))
        self._known[name] = (min(self._burst, left + 1), since)
