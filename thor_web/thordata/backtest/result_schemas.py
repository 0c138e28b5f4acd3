"""The shapes of results, for the OpenAPI document and the dashboard's types. What has a default came later.

Results are answered as they are kept; the tests hold real ones against these shapes.
"""

from typing import Any

from ninja import Field, Schema

__all__ = ["PatternsResult", "PortfolioResult", "RunResult", "SweepResult"]

Grouped = dict[str, list[dict[str, Any]]]
Interval = tuple[float, float]
Value = int | float | bool | str


class RunSpecificationRecord(Schema):
    """What was asked, with every default filled in. Decimals are text; the end is not part of the span."""

    strategy: str
    symbols: list[str]
    start: str
    end: str
    parameters: dict[str, Value]
    interval_s: int
    cash: str
    fee: str
    fee_rate: str
    slippage_ticks: str | None
    latency_us: int
    flat_before_close_s: int | None
    fills_at_touch: bool
    participation: str
    initial_margin: str
    maintenance_margin: str
    source: str | None
    seed: int


class StrategyName(Schema):
    """Whose trades these are."""

    name: str
    summary: str
    feed: str


class CodeVersion(Schema):
    """The version that made a result."""

    thor_fast: str
    digest: str


class LakePartition(Schema):
    """One file of the lake that was read."""

    date: str
    symbol: str
    rows: int
    sha256: str


class RunData(Schema):
    """What was read. `events` are the bars or ticks that were played on."""

    hash: str
    partitions: list[LakePartition]
    sources: list[str]
    dropped: list[str]
    ticks: int
    events: int
    first_us: int
    last_us: int
    signals: int


class EquityRecord(Schema):
    """The account's worth; `curve` are pairs of microseconds UTC and money, thinned to a line."""

    start: float
    end: float
    open_profit: float
    curve: list[tuple[int, float]]


class PeriodRecord(Schema):
    """The equal periods a run is judged by; `equity` at the end of each of the newest."""

    name: str
    count: int
    a_year: float
    dates: int
    equity: list[float]
    ends_us: list[int] = []


class FigureRecord(Schema):
    """One figure; withheld where there is no year to speak of."""

    value: float | None
    title: str
    formula: str
    source: str
    unit: str
    withheld: bool


class SignificanceRecord(Schema):
    """What chance could have done. Only `trials` where nothing can be said."""

    trials: int
    sharpe_period: float | None = None
    expected_best_sharpe: float | None = None
    probabilistic_sharpe: float | None = None
    deflated_sharpe: float | None = None
    minimum_track_record: float | None = None
    periods: int | None = None


class MonthRecord(Schema):
    """What a calendar month (UTC) earned, and the money at its end."""

    year: int
    month: int
    total_return: float
    equity: float


class FanRecord(Schema):
    """At each of `steps` the quantiles of the worth of 1 at the start, in the order of the simulation's `shares`."""

    steps: list[int]
    quantiles: list[list[float]]


class SimulationRecord(Schema):
    """Block bootstrap: quantiles of the terminal value (of 1) and of the deepest drawdown at `shares`."""

    paths: int
    block: int
    shares: list[float]
    terminal: list[float]
    max_drawdown: list[float]
    loss_probability: float
    fan: FanRecord | None = None


class TradeStatistics(Schema):
    """Of finished trades, and of the whole account: `exposure` is the share of the span with a position."""

    trades: int
    hit_rate: float | None = None
    profit_factor: float | None = None
    expectancy: float | None = None
    profit: float | None = None
    fees: float | None = None
    mean_gain: float | None = None
    mean_loss: float | None = None
    best: float | None = None
    worst: float | None = None
    mean_adverse_excursion: float | None = None
    mean_favourable_excursion: float | None = None
    median_holding_s: float | None = None
    longest_holding_s: float | None = None
    longest_losing_streak: int | None = None
    fills: int
    exposure: float
    turnover: float
    all_fees: float


class BreakdownRow(Schema):
    """Trades of one symbol, weekday, hour (UTC) or phase of the session."""

    value: str
    trades: int
    hit_rate: float
    profit: float


class TradeRecord(Schema):
    """One finished trade; money in the account's, prices in points, `worst` and `best` on the way."""

    symbol: str
    entered_us: int
    left_us: int
    quantity: int
    entry: float
    exit: float
    profit: float
    fees: float
    worst: float
    best: float


class BacktestFinding(Schema):
    """One doubt with the number that triggered it and what it was held against."""

    code: str
    text: str
    number: float
    bound: float


class StressRow(Schema):
    """The same decisions at other costs or another speed."""

    case: str
    equity: float
    total_return: float
    sharpe: float | None
    max_drawdown: float
    trades: int
    fees: float


class RunAudit(Schema):
    """Does it look ahead? `verdict`: clean, look_ahead, not_repeatable, nothing_decided."""

    verdict: str
    method: str
    rows: int
    decisions: int
    cuts: int
    differing_cuts: int
    windows: int
    beyond_windows: int
    warm_up: int | None
    findings: list[BacktestFinding]
    examples: list[dict[str, Any]]


class RunParity(Schema):
    """Digests of the signals both ways; `match` null where the live way was not walked."""

    engine: str
    live: str | None
    match: bool | None
    events: int


class ElapsedSeconds(Schema):
    """Seconds."""

    all: float
    playing: float


class RunResult(Schema):
    """A run's whole result."""

    id: int
    specification: RunSpecificationRecord
    strategy: StrategyName
    code: CodeVersion
    data: RunData
    digest: str = Field(description="SHA-256 over equity and fills: equal digests are equal runs, bit for bit.")
    equity: EquityRecord
    periods: PeriodRecord
    months: list[MonthRecord] = []
    figures: dict[str, FigureRecord]
    confidence: dict[str, Interval | None] = Field(description="90 % intervals by block bootstrap.")
    significance: SignificanceRecord
    trial: str = Field(description="Who has the same earned the same at the end of every period.")
    simulation: SimulationRecord | None
    trade_statistics: TradeStatistics
    breakdowns: dict[str, list[BreakdownRow]]
    trades: list[TradeRecord]
    open_positions: dict[str, int]
    notes: dict[str, int]
    diagnosis: list[BacktestFinding]
    caveats: list[str]
    stress: list[StressRow] = []
    audit: RunAudit | None = None
    parity: RunParity | None = None
    elapsed_s: ElapsedSeconds


class SweepData(Schema):
    """What a sweep was played on."""

    hash: str
    sources: list[str]
    events: int


class SweepPeriods(Schema):
    """The equal periods a sweep is judged by."""

    name: str
    count: int
    dates: int


class SweepRow(Schema):
    """One combination. `sharpe` is that of one period."""

    parameters: dict[str, Value]
    sharpe: float | None
    total_return: float
    equity: float
    max_drawdown: float
    fees: float
    fills: int
    trades: int
    wins: int


class OverfittingRecord(Schema):
    """Probability of backtest overfitting; null where the time is too short."""

    probability: float | None
    blocks: int
    splits: int
    quartiles: list[float] | None


class WalkStep(Schema):
    """Trained on, then tested on: periods from and to, the end not included."""

    parameters: dict[str, Value]
    train: tuple[int, int]
    test: tuple[int, int]
    train_sharpe: float
    test_sharpe: float
    test_return: float


class WalkForward(Schema):
    """`sharpe` and `return` are those of the tested spans together."""

    steps: list[WalkStep]
    sharpe: float
    return_: float = Field(alias="return")
    mean_train_sharpe: float
    efficiency: float | None
    choices: int


class CrossValidation(Schema):
    """Purged combinatorial cross-validation."""

    folds: int
    tests: int
    purge: int
    embargo: int
    splits: int
    mean_train_sharpe: float
    mean_test_sharpe: float
    median_test_sharpe: float
    worst_test_sharpe: float
    best_test_sharpe: float
    share_below_zero: float
    mean_hindsight_sharpe: float


class ParameterAxis(Schema):
    """A parameter and its values."""

    name: str
    values: list[Value]


class ParameterSurface(Schema):
    """Mean Sharpe ratio by row (down) and column (across); null in cells without a run."""

    across: ParameterAxis
    down: ParameterAxis | None
    sharpe: list[list[float | None]]


class NeighbourRecord(Schema):
    """The combinations one step away from the best."""

    count: int
    mean_sharpe: float | None
    share_of_best: float | None


class SweepResult(Schema):
    """A sweep's whole result."""

    id: int
    specification: RunSpecificationRecord
    grid: dict[str, list[Value]]
    combinations: int
    refused: int
    code: CodeVersion
    data: SweepData
    digest: str
    periods: SweepPeriods
    best: SweepRow
    rows: list[SweepRow]
    significance: SignificanceRecord
    overfitting: OverfittingRecord
    walk_forward: WalkForward | None
    cross_validation: CrossValidation | None
    surface: ParameterSurface | None
    neighbours: NeighbourRecord
    stress: list[StressRow]
    where: dict[str, Any]
    elapsed_s: ElapsedSeconds


class SymbolPatterns(Schema):
    """Of one symbol: how many lines were tested, how many lie beyond nothing, how many chance alone would give."""

    symbol: str
    bars: int
    trade_dates: int
    lines_tested: int
    beyond_nothing: int
    expected_by_chance: float
    tables: Grouped = Field(description="Lines by the name of their table; each has a count and an interval.")


class PatternsAsked(Schema):
    """What was asked."""

    symbols: list[str]
    start: str
    end: str
    interval_s: int
    source: str | None
    ahead: int
    length: int
    opening_s: int


class PatternsResult(Schema):
    """An analysis of patterns."""

    id: int
    specification: PatternsAsked
    code: CodeVersion
    data_hash: str
    sources: list[str]
    digest: str
    symbols: list[SymbolPatterns]


class PortfolioFigures(Schema):
    """Figures of a portfolio; none where it was ruined on the way."""

    ruined: bool
    total_return: float | None
    sharpe_period: float | None
    deviation: float | None
    max_drawdown: float | None
    cvar_historical: float | None


class PortfolioStress(Schema):
    """One bad case."""

    case: str
    return_: float = Field(alias="return")


class PortfolioResult(Schema):
    """Finished runs in one portfolio; every list is in the order of `runs`."""

    runs: list[int]
    names: list[str]
    sizing: str
    periods: int
    weights: list[float]
    weights_of_the_first_half: list[float]
    figures: PortfolioFigures
    second_half_by_the_first: PortfolioFigures
    equal_weights: PortfolioFigures
    correlation: list[list[float | None]]
    risk_contribution: list[float | None]
    stress: list[PortfolioStress]
