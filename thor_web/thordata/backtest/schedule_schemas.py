"""The shapes of schedules, for the OpenAPI document."""

from datetime import datetime, time
from typing import Annotated, Any, Literal

from ninja import Field, Schema

__all__ = ["ScheduleChange", "ScheduleRecord", "ScheduleRequest"]

Kind = Literal["run", "sweep", "patterns"]
Condition = Literal["open", "close", "session_start", "phase", "local_time"]


class ScheduleRequest(Schema):
    """What to ask for, and when. `body` is that of a run, a sweep or patterns, without start and end.

    `trade_dates` so many trade dates up to the session are the span. By default half an hour after the close of the
    first symbol's market, when the nightly export has written the session to the lake.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Kind = "run"
    body: dict[str, Any]
    trade_dates: Annotated[int, Field(ge=1, le=260)] = 1
    market: Annotated[str, Field(max_length=32)] | None = None
    condition: Condition = "close"
    phase: Annotated[str, Field(max_length=16)] = ""
    offset_s: Annotated[int, Field(ge=-604_800, le=604_800)] = 1_800
    local_time: time | None = None
    enabled: bool = True


class ScheduleChange(Schema):
    """On or off."""

    enabled: bool


class LastRecord(Schema):
    """The newest occurrence: due, running, done, failed, missed … with the number of the run it asked for."""

    due_at: datetime
    state: str
    reason: str
    result: str


class ScheduleRecord(Schema):
    """One schedule. `next_due_at` is null while it is off."""

    id: int
    name: str
    kind: str
    body: dict[str, Any]
    trade_dates: int
    market: str
    condition: str
    phase: str
    offset_s: int
    local_time: str | None
    enabled: bool
    author: str
    next_due_at: datetime | None
    last: LastRecord | None
