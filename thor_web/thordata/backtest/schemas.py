"""The shapes of this room's requests and of what the registry says, for the OpenAPI document."""

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Field, Schema
from pydantic import WithJsonSchema

__all__ = [
    "Comparison",
    "Fault",
    "PatternsList",
    "PatternsRequest",
    "PatternsStatus",
    "RunList",
    "RunRequest",
    "RunStatus",
    "SealRecord",
    "StrategyRecord",
    "SweepList",
    "SweepRequest",
    "SweepStatus",
]

Symbols = Annotated[list[str], Field(max_length=100)]
Instant = Annotated[str, Field(max_length=64, examples=["2023-12-25", "2023-12-25T22:00Z"])]


class ParameterRecord(Schema):
    """One parameter of a strategy. `kind` is integer, number, boolean or choice; bounds are inclusive."""

    name: str
    kind: str
    default: int | float | bool | str
    help: str
    least: float | None
    most: float | None
    choices: list[str]


class StrategyRecord(Schema):
    """A strategy and the parameters a form is made from. `feed` is ticks or bars."""

    name: str
    summary: str
    feed: str
    parameters: list[ParameterRecord]
    error: str | None = None


class RunOptions(Schema):
    """What a run assumes; each has a default. Money, shares and ticks are decimals, as numbers or as text."""

    interval_s: int = 60
    cash: str | int | float = "100000"
    fee: str | int | float = "2.50"
    fee_rate: str | int | float = "0"
    slippage_ticks: str | int | float | None = None
    latency_us: int = 1_000
    flat_before_close_s: int | None = None
    fills_at_touch: bool = False
    participation: str | int | float = "0"
    initial_margin: str | int | float = "0"
    maintenance_margin: str | int | float = "0"
    source: str | None = None
    seed: int = 1


Options = Annotated[dict[str, Any], WithJsonSchema(RunOptions.model_json_schema())]
"""Read as they come, so that an unknown one is refused by its name."""


class RunRequest(Schema):
    """What to run. `start` and `end` are instants with a zone, or UTC days of which the last is included."""

    strategy: Annotated[str, Field(max_length=200)]
    symbols: Symbols
    start: Instant
    end: Instant
    parameters: dict[str, Any] = {}
    options: Options = {}


class SweepJudging(Schema):
    """How a sweep is judged: folds of the cross-validation, and steps of the walk forward. `threads` 0: all."""

    threads: Annotated[int, Field(ge=0, le=256)] = 0
    folds: Annotated[int, Field(ge=2, le=20)] = 6
    tests: Annotated[int, Field(ge=1, le=19)] = 2
    purge: Annotated[int, Field(ge=0)] = 1
    embargo: Annotated[int, Field(ge=0)] = 1
    splits: Annotated[int, Field(ge=1, le=1_000)] = 5


class SweepRequest(RunRequest):
    """What to sweep. `grid` gives each varied parameter its values: a list, or a text like `5:55:10`."""

    grid: dict[str, list[int | float | bool | str] | str]
    judging: SweepJudging = Field(default_factory=SweepJudging)


class PatternsRequest(Schema):
    """What to look at. `ahead` bars are the outcome of a bar's pattern, `length` bars make a breakout."""

    symbols: Symbols
    start: Instant
    end: Instant
    interval_s: Annotated[int, Field(ge=1)] = 60
    source: Annotated[str, Field(max_length=16)] | None = None
    ahead: Annotated[int, Field(ge=1)] = 5
    length: Annotated[int, Field(ge=2)] = 20
    opening_s: Annotated[int, Field(ge=1)] = 1_800


class Fault(Schema):
    """Why something has no result; `position` and `ts_us` name the event it happened at."""

    code: str
    message: str
    position: int | None = None
    ts_us: int | None = None


class WorkStatus(Schema):
    """What a worker was asked for. `state`: queued, running, done, failed, cancelled; `share` of `work` is done."""

    id: int
    state: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    work: str | None
    share: float | None
    error: Fault | None
    code: str | None
    data_hash: str | None
    digest: str | None
    attempts: int


class RunStatus(WorkStatus):
    """One run without its result. `kind` is run or paper."""

    kind: str
    strategy: str
    specification: dict[str, Any]
    sharpe: float | None
    rerun_of: int | None


class SweepStatus(WorkStatus):
    """One sweep without its result. `specification` has the run's own, the grid and the options."""

    strategy: str
    specification: dict[str, Any]
    combinations: int | None


class PatternsStatus(WorkStatus):
    """One analysis of patterns without its result."""

    specification: dict[str, Any]


class RunList(Schema):
    """The newest runs; `next` is the `before` of the following page, null on the last."""

    runs: list[RunStatus]
    next: int | None


class SweepList(Schema):
    """The newest sweeps; `next` is the `before` of the following page, null on the last."""

    sweeps: list[SweepStatus]
    next: int | None


class PatternsList(Schema):
    """The newest analyses; `next` is the `before` of the following page, null on the last."""

    patterns: list[PatternsStatus]
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


class SealRecord(Schema):
    """One proof: the last links of both hash chains over a symbol's signals on a trade date, and where they differ.

    `live_count` events were sealed, `engine_count` of them are in the lake, `unshown` ones of the lake were not sealed.
    """

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
    blocks: int
    retold: int
    unshown: int
    match: bool
    difference: dict[str, Any] | None
