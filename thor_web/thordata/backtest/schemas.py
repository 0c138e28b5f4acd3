"""The shapes of this room's requests and answers, for the OpenAPI document."""

from datetime import date, datetime
from typing import Any

from ninja import Schema

__all__ = [
    "Comparison",
    "RunList",
    "RunRequest",
    "RunStatus",
    "SealRecord",
    "StrategyRecord",
    "SweepList",
    "SweepRecord",
]


class StrategyRecord(Schema):
    """A strategy and the parameters a form is made from."""

    name: str
    summary: str
    feed: str
    parameters: list[dict[str, Any]]
    error: str | None = None


class RunRequest(Schema):
    """What to run. Everything but the first four has a default; money and shares are decimals as text."""

    strategy: str
    symbols: list[str]
    start: str
    end: str
    parameters: dict[str, Any] = {}
    options: dict[str, Any] = {}


class RunStatus(Schema):
    """One run without its result."""

    id: int
    state: str
    strategy: str
    specification: dict[str, Any]
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    work: str | None
    share: float | None
    error: dict[str, Any] | None
    code: str | None
    data_hash: str | None
    digest: str | None
    sharpe: float | None
    rerun_of: int | None
    attempts: int


class RunList(Schema):
    """The newest runs; `next` is the `before` of the following page, null on the last."""

    runs: list[RunStatus]
    next: int | None


class Comparison(Schema):
    """Runs side by side."""

    runs: list[int]
    same_data: bool
    same_code: bool
    same_result: bool
    differing_inputs: dict[str, list[Any]]
    figures: dict[str, list[float | None]]
    trade_statistics: dict[str, list[float | None]]


class SweepRecord(Schema):
    """One sweep without its result."""

    id: int
    strategy: str
    created_by: str
    created_at: datetime
    data_hash: str
    code: str
    digest: str
    combinations: int


class SweepList(Schema):
    """The newest sweeps; `next` is the `before` of the following page, null on the last."""

    sweeps: list[SweepRecord]
    next: int | None


class SealRecord(Schema):
    """One proof: the last links of both hash chains over a symbol's changes of signal on a trade date."""

    id: int
    sealed_at: datetime
    trade_date: date
    symbol: str
    source: str
    data_hash: str
    live_count: int
    engine_count: int
    live: str
    engine: str
    match: bool
    difference: dict[str, Any] | None
