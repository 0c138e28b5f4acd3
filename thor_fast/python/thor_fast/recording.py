"""The shapes of what an `Enricher` that records has to tell: plain tuples and dicts, made by the extension."""

from decimal import Decimal
from typing import TypedDict

__all__ = ["BarRow", "Grade", "Recording", "SessionFigures", "Transition"]

BarRow = tuple[int, Decimal, Decimal, Decimal, Decimal, int, int, tuple[int, int], tuple[int, int]]
"""start_us, open, high, low, close, volume, events, opened, closed; the last two are ts_us and seq, none being -1."""


class Transition(TypedDict):
    """A signal that differs from the one before it. TOTAL has its score as stat_value and its sum as signal_weight."""

    symbol: str
    ts_us: int
    position: tuple[int, int]
    signal: str
    previous: str | None
    change: Decimal | None
    last: Decimal | None
    bid: Decimal | None
    ask: Decimal | None
    stat_value: Decimal
    weight: Decimal
    signal_weight: int
    source: str
    contract: str | None
    day: int
    version: int


class SessionFigures(TypedDict):
    """A trade date of a symbol as far as it has been seen. `day` counts from 1970-01-01."""

    symbol: str
    mock: bool
    contract: str | None
    day: int
    since_us: int
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: int
    vwap: Decimal | None


class Grade(TypedDict):
    """How a signal turned out by one measure (1m, 5m, 15m, 1h, target): WORKED, DIDNT_WORK or NEUTRAL."""

    symbol: str
    position: tuple[int, int]
    measure: str
    traded: str
    entered_us: int
    entry: Decimal
    graded_us: int
    exit: Decimal
    gain: Decimal
    outcome: str


class Recording(TypedDict):
    """What is new since the last time. Bars are parts of bars: symbol, made up or not, interval, row."""

    bars: list[tuple[str, bool, str, BarRow]]
    transitions: list[Transition]
    sessions: list[SessionFigures]
    rolls: list[tuple[str, str, str, int]]
    grades: list[Grade]
