"""Between seconds of UTC, which the clock counts in, and instants and text, which people read."""

from datetime import UTC, datetime, timedelta, tzinfo

__all__ = ["instant", "iso_text", "local_text", "seconds", "utc_text"]

FIRST_YEAR, LAST_YEAR = 3, 9996


def seconds(at: datetime) -> int:
    """Whole seconds of UTC, rounded down. Raises ValueError for a naive instant and for years no clock knows."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError("the instant needs a time zone")
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise ValueError(f"the clock knows the years {FIRST_YEAR} to {LAST_YEAR}")
    return int((at - _EPOCH) // timedelta(seconds=1))


def instant(at: int) -> datetime:
    """The aware instant of seconds of UTC."""
    return _EPOCH + timedelta(seconds=at)


def utc_text(at: int | None) -> str | None:
    """ISO 8601 with `Z`."""
    return None if at is None else instant(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_text(at: datetime) -> str:
    """ISO 8601 with its own offset, `Z` for UTC."""
    text = at.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def local_text(at: int, zone: tzinfo) -> str:
    """ISO 8601 in a zone, with its offset."""
    return instant(at).astimezone(zone).isoformat()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
