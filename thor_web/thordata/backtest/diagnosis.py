"""The automatic diagnosis of a finished run: what makes its result doubtful, each finding with the number behind it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import polars as pl

__all__ = ["Evidence", "Finding", "diagnose"]

FEW_TRADES: Final = 30
TRADES_A_PARAMETER: Final = 10
STALE_FILL_S: Final = 60.0
GREAT_SHARE: Final = 0.5
IDLE_SHARE: Final = 0.5
SIGNIFICANT: Final = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt. `number` is what triggered it, `bound` what it was held against."""

    code: str
    text: str
    number: float
    bound: float

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "text": self.text, "number": self.number, "bound": self.bound}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the diagnosis looks at. Instants in microseconds UTC; fills by instrument number."""

    times_us: pl.Series
    fills: Mapping[str, Sequence[Any]]
    notes: Sequence[tuple[int, int, int, str]]
    trades: pl.DataFrame
    returns: Sequence[float]
    sessions: Mapping[int, Sequence[tuple[int, int]]]
    parameters: int
    fees: float
    margin: float
    cash: float
    most_held: int
    events: int
    signals: int | None
    crossed: int


def diagnose(evidence: Evidence) -> list[Finding]:
    """Every finding, the gravest kinds first."""
    return [finding for kind in KINDS for finding in kind(evidence)]


def _no_signals(it: Evidence) -> Iterator[Finding]:
    if it.signals is not None and it.signals < it.events:
        share = 1 - it.signals / it.events if it.events else 1.0
        text = "of the events carry no signal: they have no net change and no previous settlement to make one from"
        yield Finding("missing_signals", f"{share:.1%} {text}", share, 0.0)


def _few_trades(it: Evidence) -> Iterator[Finding]:
    count = it.trades.height
    if count < FEW_TRADES:
        yield Finding("few_trades", f"{count} trades say little; {FEW_TRADES} are the least", count, FEW_TRADES)
    elif it.parameters and count < it.parameters * TRADES_A_PARAMETER:
        each = count / it.parameters
        text = f"{each:.1f} trades for each of {it.parameters} parameters"
        yield Finding("many_parameters", text, each, TRADES_A_PARAMETER)


def _significance(it: Evidence) -> Iterator[Finding]:
    count = len(it.returns)
    if count < 2 or not any(it.returns):
        return
    mean = math.fsum(it.returns) / count
    variance = math.fsum((value - mean) ** 2 for value in it.returns) / (count - 1)
    t_value = mean / math.sqrt(variance / count) if variance > 0 else 0.0
    if abs(t_value) < SIGNIFICANT:
        text = f"the mean return is {t_value:.2f} standard errors from nothing"
        yield Finding("not_significant", text, t_value, SIGNIFICANT)


def _costs(it: Evidence) -> Iterator[Finding]:
    before = float(it.trades["profit"].sum()) + it.fees if it.trades.height else 0.0
    if it.fees > 0 and before > 0 and it.fees / before > GREAT_SHARE:
        share = it.fees / before
        yield Finding("cost_share", f"fees take {share:.0%} of what the trades earned before them", share, GREAT_SHARE)
    if it.fees == 0 and it.trades.height:
        yield Finding("no_fees", "the run pays no fees at all", 0.0, 0.0)


def _one_trade(it: Evidence) -> Iterator[Finding]:
    if it.trades.height < 2:
        return
    profit, best = float(it.trades["profit"].sum()), float(it.trades["profit"].max() or 0.0)  # type: ignore[arg-type]
    if profit > 0 and best / profit > GREAT_SHARE:
        share = best / profit
        yield Finding("one_trade", f"one trade made {share:.0%} of the profit", share, GREAT_SHARE)


def _idle(it: Evidence) -> Iterator[Finding]:
    if it.times_us.len() < 2:
        return
    span = it.times_us[-1] - it.times_us[0]
    marks = [it.times_us[0], *it.fills["ts_us"], it.times_us[-1]]
    longest = max(after - before for before, after in pairwise(marks))
    if span > 0 and longest / span > IDLE_SHARE and len(marks) > 2:
        share = longest / span
        yield Finding("flat_stretch", f"{share:.0%} of the span passed without a fill", share, IDLE_SHARE)


def _stale_fills(it: Evidence) -> Iterator[Finding]:
    if not len(it.fills["ts_us"]):
        return
    fills = pl.DataFrame({"at": list(it.fills["ts_us"])}).sort("at")
    seen = pl.DataFrame({"at": it.times_us, "seen": it.times_us}).sort("at")
    ages = fills.join_asof(seen, on="at", strategy="backward").select((pl.col("at") - pl.col("seen")) / 1e6).to_series()
    stale = int((ages > STALE_FILL_S).sum())
    if stale:
        yield Finding("stale_fills", f"{stale} fills at a price that was older than a minute", stale, 0)


def _outside_hours(it: Evidence) -> Iterator[Finding]:
    outside = sum(
        not any(opens <= at <= closes for opens, closes in it.sessions.get(number, ()))
        for at, number in zip(it.fills["ts_us"], it.fills["instrument"], strict=True)
    )
    if outside:
        yield Finding("outside_hours", f"{outside} fills outside the session", outside, 0)


def _margin(it: Evidence) -> Iterator[Finding]:
    if it.margin == 0:
        yield Finding("no_margin", "no margin was asked for: the run may hold what no broker would allow", 0.0, 0.0)
    elif it.most_held and it.margin * it.most_held / it.cash < 0.1:
        used = it.margin * it.most_held / it.cash
        yield Finding("unused_margin", f"at most {used:.1%} of the money was ever bound", used, 0.1)


def _notes(it: Evidence) -> Iterator[Finding]:
    refused = {"insufficient_margin", "bad_price", "zero_quantity", "too_many_orders", "unknown_order"}
    counts: dict[str, int] = {}
    for *_, code in it.notes:
        counts[code] = counts.get(code, 0) + 1
    for code in sorted(refused & set(counts)):
        yield Finding("refused_orders", f"{counts[code]} orders ended as {code}", counts[code], 0)
    if counts.get("margin_call"):
        yield Finding("margin_calls", f"{counts['margin_call']} margin calls", counts["margin_call"], 0)
    if counts.get("rolled"):
        yield Finding("rolls", f"positions or orders met {counts['rolled']} contract rolls", counts["rolled"], 0)


def _crossed(it: Evidence) -> Iterator[Finding]:
    if it.crossed:
        text = f"{it.crossed} quotes are crossed (bid above ask); nothing fills on them"
        yield Finding("crossed_quotes", text, it.crossed, 0)


KINDS: Final = (
    _no_signals, _few_trades, _significance, _costs, _one_trade, _idle, _stale_fills, _outside_hours, _margin, _notes,
    _crossed,
)  # fmt: skip
