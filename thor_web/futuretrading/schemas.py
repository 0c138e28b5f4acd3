"""The shapes of this room's answers, for the OpenAPI document. Hot answers are ready bytes of these shapes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from ninja import Field, Schema

__all__ = [
    "AccuracyReport",
    "BarPage",
    "BarRecord",
    "ContractValue",
    "CurrentSignals",
    "DisplayFields",
    "FindingRecord",
    "InstrumentRecord",
    "LatestQuotes",
    "LiveBar",
    "QuoteRecord",
    "RollRecord",
    "SessionFigures",
    "SignalName",
    "SignalPage",
    "TotalRecord",
    "WatchlistInput",
    "WatchlistRecord",
    "Week52",
]


SignalName = Literal["STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL"]


class InstrumentRecord(Schema):
    """One instrument. Decimals are text, so that they keep their digits; stat values are in `unit`."""

    symbol: str
    name: str
    category: str | None
    asset_class: str
    exchange: str
    market: str
    tick: str
    tick_value: str
    multiplier: str
    display: int | Literal["32nds"]
    preferred_source: str
    order: int
    watchlist: bool
    unit: Literal["points", "ticks", "1/32", "0.01"]
    inverse: bool
    weight: str | None
    target: str | None
    stat_values: dict[SignalName, str]


class ContractValue(Schema):
    """What a number of contracts is worth, in USD as text."""

    symbol: str
    quantity: int
    price: str
    tick_value: str
    contract_value: str


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
    mark: str | None
    open_change: str | None
    open_change_percent: str | None
    vwap: str | None
    vwap_30m: str | None
    session_high: str | None
    session_low: str | None
    session_range: str | None
    high_24h: str | None
    low_24h: str | None
    range_24h: str | None
    high_52w: str | None
    low_52w: str | None


class RollRecord(Schema):
    """A change of the contract month behind a continuous symbol."""

    from_contract: str
    to_contract: str
    at: str


class BarRecord(Schema):
    """A bar. `volume` is by the rise of the day's volume, 0 where the source tells none."""

    interval: Literal["1s", "1m", "5m", "1h", "1d"]
    start: str
    open: float
    high: float
    low: float
    close: float
    volume: int
    events: int


class LiveBar(BarRecord):
    """The data of an `event: bar`: a growing bar of a symbol, of a real market or of the made-up one."""

    symbol: str
    mock: bool


class SessionFigures(Schema):
    """The trade date so far, from what was seen since `since`, and the windows that reach beyond it."""

    trade_date: str
    since: str
    as_of: str
    open: float | None
    high: float | None
    low: float | None
    volume: int
    vwap: float | None
    vwap_30m: float | None
    high_24h: float | None
    low_24h: float | None
    roll: RollRecord | None
    bar: BarRecord | None


class Week52(Schema):
    """The greatest and the least price of 52 weeks: the source's, or those of our own trade dates."""

    origin: Literal["source", "history"]
    high: float | None
    low: float | None
    above_low: float | None
    below_high: float | None
    above_low_percent: float | None
    below_high_percent: float | None
    high_age_days: int | None
    low_age_days: int | None


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
    signal: SignalName | None
    stat_value: float | None
    contract_weight: float | None
    signal_weight: int | None
    change_percent: float | None
    open_change: float | None
    open_change_percent: float | None
    range_position: float | None
    spread: float | None
    spread_ticks: float | None
    spread_percent: float | None
    mark: float | None
    tick_value: float | None
    contract_value: float | None
    contract: str | None
    config_version: int
    session: SessionFigures | None
    week52: Week52 | None
    age_ms: int | None = None


class TotalRecord(Schema):
    """The composite of all instruments.

    `signal` is the class of `signal_weight_sum`; `score` has no unit and lies between -2 and 2; `sum_weighted` and
    `avg_weighted` are the figures of before, which mix units. `suppressed`: a strong class was made a plain one because
    too few symbols are live.
    """

    symbol: Literal["TOTAL"]
    signal: SignalName | None
    signal_weight: int
    signal_weight_sum: int
    suppressed: bool
    score: float | None
    score_signal: SignalName | None
    sum_weighted: float
    avg_weighted: float | None
    denominator: float
    count: int
    n_used: int
    n_live: int
    n_expected: int
    missing: list[str]
    stale: list[str]
    contributions: dict[str, float]
    as_of: str
    config_version: int


class LatestQuotes(Schema):
    """The newest record of each symbol, and the composite of all."""

    rows: list[QuoteRecord]
    total: TotalRecord


class CurrentSignal(Schema):
    """A symbol's signal of its newest quote."""

    symbol: str
    signal: SignalName | None
    stat_value: float | None
    contract_weight: float | None
    signal_weight: int | None
    change: float | None
    last: float | None
    ts: str
    active_source: str
    marks: list[Literal["MOCK", "REPLAY", "DELAYED", "STALE"]]
    config_version: int


class CurrentSignals(Schema):
    """The signals of now, and the composite."""

    signals: list[CurrentSignal]
    total: TotalRecord


class RecordedSignal(Schema):
    """A signal that differed from the one before it, with what it was computed from. Decimals are text."""

    id: int
    symbol: str
    at: datetime
    signal: SignalName
    previous: str
    change: Decimal | None
    last: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    stat_value: Decimal
    contract_weight: Decimal
    signal_weight: int
    source: str
    contract: str
    trade_date: date
    phase: str
    config_version: int


class SignalPage(Schema):
    """A page of recorded signals; `next_cursor` is null on the last one."""

    items: list[RecordedSignal]
    next_cursor: int | None


class AccuracyRecord(Schema):
    """A group of graded signals; null for what it is not grouped by. Moves in points, net of the spread."""

    symbol: str | None
    signal: SignalName | None
    phase: str | None
    measure: str | None
    count: int
    worked: int
    didnt_work: int
    neutral: int
    hit_rate: float | None
    hit_rate_low: float | None
    hit_rate_high: float | None
    average_move: float | None
    average_move_low: float | None
    average_move_high: float | None


class AccuracyReport(Schema):
    """Groups of graded signals, those with most grades first."""

    mock: bool
    rows: list[AccuracyRecord]


class FindingRecord(Schema):
    """A doubt about an instrument's thresholds."""

    code: Literal["faulty_thresholds", "incomplete_thresholds", "thresholds_never_fire"]
    symbol: str
    message: str


class StoredBar(Schema):
    """A bar; `volume` is by the rise of the day's volume."""

    start: str
    open: float
    high: float
    low: float
    close: float
    volume: int
    events: int


class BarPage(Schema):
    """Bars, oldest first; `before` is the `end` of the page before, null where there is none."""

    symbol: str
    interval: Literal["1s", "1m", "5m", "1h", "1d"]
    mock: bool
    before: str | None
    bars: list[StoredBar]


class WatchlistInput(Schema):
    """A watchlist to be."""

    name: str = Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]+$")
    symbols: list[Annotated[str, Field(pattern=r"^[A-Z0-9$][A-Z0-9.$_/-]{0,31}$")]] = Field(max_length=500)


class WatchlistRecord(Schema):
    """A watchlist."""

    id: int
    name: str
    symbols: list[str]
