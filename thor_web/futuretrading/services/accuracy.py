"""How often signals work: counts, hit rates and average moves of recorded grades, each with how sure it is.

A hit rate is that of the decided ones, worked or not. The intervals hold 95 % of the time if the signals were
independent of one another, which neighbours in time are not wholly: the truth is a little less sure than they say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Avg, Count, Q, StdDev

from thor_web.futuretrading.models import SignalGrade
from thor_web.futuretrading.services.intervals import mean_interval, wilson

__all__ = ["DIMENSIONS", "AccuracyRow", "accuracy"]

MOCK: Final = "MOCK"

DIMENSIONS: Final = {
    "symbol": "signal__symbol",
    "signal": "signal__signal",
    "phase": "signal__phase",
    "measure": "measure",
}


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """One group of grades. Moves in points of what was traded, net of the spread, in the signal's favour."""

    symbol: str | None
    signal: str | None
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


def accuracy(
    by: Sequence[str], *, symbol: str | None = None, measure: str | None = None, mock: bool = False
) -> list[AccuracyRow]:
    """The groups of the recorded grades by these dimensions, those with most grades first.

    A made-up market and a real one are never counted together. Moves of several symbols are not averaged: points of one
    are not points of another.
    """
    grades = (
        SignalGrade.objects.filter(signal__source=MOCK) if mock else SignalGrade.objects.exclude(signal__source=MOCK)
    )
    if symbol is not None:
        grades = grades.filter(signal__symbol=symbol)
    if measure is not None:
        grades = grades.filter(measure=measure)
    found = (
        grades.values(*(DIMENSIONS[name] for name in by))
        .annotate(
            count=Count("id"),
            worked=Count("id", filter=Q(outcome="WORKED")),
            didnt_work=Count("id", filter=Q(outcome="DIDNT_WORK")),
            mean=Avg("move"),
            deviation=StdDev("move", sample=True),
        )
        .order_by("-count", *(DIMENSIONS[name] for name in by))
    )
    comparable = symbol is not None or "symbol" in by
    return [_row(by, group, comparable=comparable) for group in found]


def _row(by: Sequence[str], group: dict[str, Any], *, comparable: bool) -> AccuracyRow:
    worked, didnt_work, count = group["worked"], group["didnt_work"], group["count"]
    decided = worked + didnt_work
    hit = wilson(worked, decided)
    mean = _float(group["mean"]) if comparable else None
    move = None if mean is None else mean_interval(mean, _float(group["deviation"]), count)
    return AccuracyRow(
        **{name: group[DIMENSIONS[name]] if name in by else None for name in DIMENSIONS},
        count=count,
        worked=worked,
        didnt_work=didnt_work,
        neutral=count - decided,
        hit_rate=worked / decided if decided else None,
        hit_rate_low=hit[0] if hit else None,
        hit_rate_high=hit[1] if hit else None,
        average_move=mean,
        average_move_low=move[0] if move else None,
        average_move_high=move[1] if move else None,
    )


def _float(value: Decimal | float | None) -> float | None:
    return None if value is None else float(value)
