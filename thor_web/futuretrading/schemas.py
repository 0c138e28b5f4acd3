"""The shapes of this room's answers, for the OpenAPI document. Hot answers are ready bytes of these shapes."""

from typing import Any, Literal

from ninja import Schema

__all__ = ["DisplayFields", "InstrumentRecord", "QuoteRecord"]


class InstrumentRecord(Schema):
    """One row of the instrument registry. Decimals are text, so that they keep their digits."""

    symbol: str
    name: str
    asset_class: str
    exchange: str
    market: str
    tick: str
    tick_value: str
    multiplier: str
    display: int | Literal["32nds"]
    preferred_source: str
    order: int


class DisplayFields(Schema):
    """Texts in the symbol's own precision; null where there is no value."""

    last: str | None
    bid: str | None
    ask: str | None
    change: str | None
    change_percent: str | None
    spread: str | None
    open: str | None
    high: str | None
    low: str | None
    close: str | None


class QuoteRecord(Schema):
    """A merged event with what is derived from it. `age_ms` is there in the snapshot only."""

    v: Literal[1]
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
    active_source: str
    updated_at: str
    id: str
    stale_after_ms: int
    marks: list[Literal["MOCK", "REPLAY", "DELAYED", "STALE"]]
    display: DisplayFields
    change: float | None
    signal: Literal["STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL"] | None
    stat_value: float | None
    contract_weight: float | None
    signal_weight: int | None
    age_ms: int | None = None
