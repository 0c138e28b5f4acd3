"""The shapes of this room's answers that are ready bytes."""

from typing import Any

from ninja import Schema

__all__ = ["RawQuote", "RawQuotes"]


class RawQuote(Schema):
    """A canonical event as its source sent it, and how long ago Redis received it."""

    v: int
    symbol: str
    ts: str
    source: str
    last: float | None
    bid: float | None
    ask: float | None
    lastSize: int | None
    bidSize: int | None
    askSize: int | None
    seq: int | None
    condition: str | None
    venue: str | None
    meta: dict[str, Any] | None
    age_ms: int


class RawQuotes(Schema):
    """The newest quote of each symbol by one source, in the order of the symbols' names."""

    source: str
    rows: list[RawQuote]
