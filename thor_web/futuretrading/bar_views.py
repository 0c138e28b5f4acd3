"""Bars as they are stored."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from thor_web.futuretrading.models import Bar
from thor_web.futuretrading.schemas import BarPage
from thor_web.problems import Problem

__all__ = ["router"]

router = Router(tags=["bars"])

MOST_BARS: Final = 5_000
COLUMNS: Final = ("start", "open", "high", "low", "close", "volume", "events")


@router.get("/bars", response=BarPage, summary="Bars of a symbol, oldest first")
def bars(
    request: HttpRequest,
    *,
    symbol: Annotated[str, Query(pattern=r"^[A-Z0-9$][A-Z0-9.$_/-]{0,31}$", max_length=32)],
    interval: Literal["1s", "1m", "5m", "1h", "1d"] = "1m",
    start: Annotated[datetime | None, Query(description="From this instant on; with a zone.")] = None,
    end: Annotated[datetime | None, Query(description="Before this instant; with a zone.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_BARS, description="The newest so many.")] = 500,
    mock: Annotated[bool, Query(description="Those of the made-up market instead of the real ones.")] = False,
) -> Any:
    """The newest `limit` bars of the span, at most a second old. A day is a trade date and begins with its opening.

    `volume` is by the rise of the day's volume, 0 where the source tells none. Where there are more, `before` is the
    `end` that gives the page before this one.
    """
    rows = Bar.objects.filter(symbol=symbol, interval=interval, mock=mock)
    if start is not None:
        rows = rows.filter(start__gte=_aware("start", start))
    if end is not None:
        rows = rows.filter(start__lt=_aware("end", end))
    found = list(rows.order_by("-start").values_list(*COLUMNS)[: limit + 1])
    page = found[:limit][::-1]
    before = _instant(page[0][0]) if len(found) > limit else None
    head = f'{{"symbol":"{symbol}","interval":"{interval}","mock":{"true" if mock else "false"},"before":'
    body = head + (f'"{before}"' if before else "null") + ',"bars":[' + ",".join(map(_bar, page)) + "]}"
    return HttpResponse(body, content_type="application/json", headers={"Cache-Control": "no-store"})


def _bar(row: tuple[Any, ...]) -> str:
    start, *prices, volume, events = row
    numbers = ",".join(f'"{name}":{price.normalize():f}' for name, price in zip(COLUMNS[1:5], prices, strict=True))
    return f'{{"start":"{_instant(start)}",{numbers},"volume":{volume},"events":{events}}}'


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _aware(name: str, at: datetime) -> datetime:
    if at.tzinfo is None:
        raise Problem(400, "bad_parameter", f"{name}: an instant needs a zone, such as Z")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise Problem(400, "bad_parameter", f"{name}: an instant lies in the years 1 to 9999 in UTC") from None
