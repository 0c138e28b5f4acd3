"""How often signals work: counts, hit rates and average moves of recorded grades, each with how sure it is.

A hit rate is that of the decided ones, worked or not; its interval is Wilson's score interval, which stays honest for
few. The interval of an average move is the mean plus or minus 1.96 standard errors. Both hold 95 % of the time if the
signals were independent of one another, which neighbours in time are not wholly: read them as the narrower bound.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Avg, Count, Q, StdDev

from thor_web.futuretrading.models import SignalGrade

__all__ = ["DIMENSIONS", "AccuracyRow", "accuracy", "mean_interval", "wilson"]

Z: Final = 1.959963984540054
"""95 % of a normal distribution lies within so many deviations."""
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


def wilson(worked: int, decided: int) -> tuple[float, float] | None:
    """Wilson's 95 % interval of a share; None where nothing was decided."""
    if decided == 0:
        return None
    share = worked / decided
    spread = Z * math.sqrt(share * (1 - share) / decided + Z * Z / (4 * decided * decided))
    middle, whole = share + Z * Z / (2 * decided), 1 + Z * Z / decided
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


def mean_interval(mean: float, deviation: float | None, count: int) -> tuple[float, float] | None:
    """The 95 % interval of a mean; None for fewer than two values, whose spread nobody knows."""
    if count < 2 or deviation is None:
        return None
    error = Z * deviation / math.sqrt(count)
    return mean - error, mean + error


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
