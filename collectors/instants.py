"""Instants as text: ISO 8601 in UTC with a `Z`, as every answer and hash of Thor writes them."""

from datetime import UTC, datetime

__all__ = ["iso_from_ms", "iso_from_us"]


def iso_from_ms(milliseconds: int) -> str:
    """Milliseconds since 1970 UTC as `2026-11-22T18:00:00.123Z`."""
    seconds, rest = divmod(milliseconds, 1_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def iso_from_us(microseconds: int) -> str:
    """Microseconds since 1970 UTC as `2026-11-22T18:00:00.123456Z`."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"
