"""Local seconds to UTC for many days at once: the offset of a zone is looked up once between two of its changes."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["EPOCH_ORDINAL", "Offsets"]

EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
DAY_S: Final = 86_400
STRIDE_S: Final = 7 * DAY_S
"""No zone changes its clock and back within a week."""


class Offsets:
    """The offsets of one zone over a span of days."""

    def __init__(self, zone: ZoneInfo, first_day: int, last_day: int) -> None:
        self._zone = zone
        self._changed_at: list[int] = []
        start, end = (first_day - EPOCH_ORDINAL - 2) * DAY_S, (last_day - EPOCH_ORDINAL + 3) * DAY_S
        self._offsets = [_offset(zone, start)]
        for before in range(start, end, STRIDE_S):
            if _offset(zone, before + STRIDE_S) != self._offsets[-1]:
                instant = self._change_within(before, before + STRIDE_S)
                self._changed_at.append(instant)
                self._offsets.append(_offset(zone, instant))
        self._unsteady = {
            EPOCH_ORDINAL + instant // DAY_S + near for instant in self._changed_at for near in range(-2, 4)
        }

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, zone: ZoneInfo, first_day: int, last_day: int) -> "Offsets":
        """The offsets of a zone between two ordinals; markets of one zone share them."""
        return cls(zone, first_day, last_day)

    def steady_offset(self, ordinal: int) -> int | None:
        """Seconds east of UTC around a day; None where the clock changes within two days of it."""
        if ordinal in self._unsteady:
            return None
        return self._offsets[bisect_right(self._changed_at, (ordinal - EPOCH_ORDINAL) * DAY_S)]

    def instant(self, ordinal: int, local_s: int) -> int:
        """UTC seconds of a local time. One that does not exist is moved behind the gap; of two the first is meant."""
        local = datetime.fromordinal(ordinal) + timedelta(seconds=local_s)
        return round(local.replace(tzinfo=self._zone).timestamp())

    def _change_within(self, low: int, high: int) -> int:
        old = _offset(self._zone, low)
        while high - low > 1:
            middle = (low + high) // 2
            if _offset(self._zone, middle) == old:
                low = middle
            else:
                high = middle
        return high


def _offset(zone: ZoneInfo, instant: int) -> int:
    found = datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()
    return round(found.total_seconds()) if found is not None else 0
