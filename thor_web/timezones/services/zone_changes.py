"""When the offset of a time zone next changes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["next_offset_change"]

HORIZON = timedelta(days=366)


def next_offset_change(zone: ZoneInfo, at: datetime) -> datetime | None:
    """The first instant after `at` with another offset, to the second; None where there is none within a year."""
    start, step = at.astimezone(UTC).replace(microsecond=0), timedelta(days=7)
    offset = start.astimezone(zone).utcoffset()
    low = start
    while low < start + HORIZON:
        high = low + step
        if high.astimezone(zone).utcoffset() != offset:
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                if middle.astimezone(zone).utcoffset() == offset:
                    low = middle
                else:
                    high = middle
            return high
        low = high
    return None
