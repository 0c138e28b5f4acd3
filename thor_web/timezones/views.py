"""The session API: what markets do at an instant, their calendars, and spans computed from them. No database."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final

import orjson
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from ninja import Query, Router

from collectors.instruments import load_instruments
from thor_web.problems import Problem
from thor_web.timezones.interface import (
    market_names,
    market_of,
    session_state,
    world_clock,
)
from thor_web.timezones.notice_views import router as notices_router
from thor_web.timezones.parameters import (
    INSTANT_LENGTH,
    MARKET_LENGTH,
    MARKETS_LENGTH,
    instant_of,
    market_named,
    markets_named,
)
from thor_web.timezones.schemas import (
    CalendarRecord,
    LocalTime,
    MarketRecord,
    OverlapRecord,
    QuietRecord,
    SessionRecord,
)
from thor_web.timezones.services.icalendar_feed import schedule_ics
from thor_web.timezones.services.instants import seconds, utc_text
from thor_web.timezones.services.schedule import Span, market_days, next_quiet, overlaps
from thor_web.timezones.services.zone_changes import next_offset_change
from thor_web.timezones.session_answers import SessionAnswers
from thor_web.timezones.trigger_views import router as triggers_router

__all__ = ["router"]

router = Router(tags=["session"])
router.add_router("", notices_router)
router.add_router("", triggers_router)

MOST_DAYS: Final = 400
ICS_DAYS: Final = 120
MOST_MINUTES: Final = 14 * 24 * 60

Instant = Annotated[str, Query(max_length=INSTANT_LENGTH, description="ISO 8601 with a zone; now when empty.")]
Names = Annotated[str, Query(max_length=MARKETS_LENGTH, description="Markets or symbols, separated by commas.")]
From = Annotated[str, Query(alias="from", max_length=10, description="YYYY-MM-DD; today when empty.")]
To = Annotated[str, Query(alias="to", max_length=10, description="YYYY-MM-DD, included.")]


@router.get("/session", response=SessionRecord | list[SessionRecord], summary="What a market is doing now")
async def session(
    request: ASGIRequest,
    market: Annotated[str, Query(max_length=MARKET_LENGTH, description="A market, a symbol, `traded` or `all`.")] = "",
    markets: Names = "",
    at: Instant = "",
) -> HttpResponse:
    """The state of the named market, of the default one, or a list for several, those of the instruments, or all."""
    answers = SessionAnswers(world_clock(), settings.CONFIGURATION.default_market)
    found = answers.answer({"market": market, "markets": markets, "at": at})
    return HttpResponse(found.body, content_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/markets", response=list[MarketRecord], summary="Every market that the clock knows")
async def markets(request: ASGIRequest) -> HttpResponse:
    """Names, zones, the instruments that trade there, and how far each calendar is verified."""
    symbols: dict[str, list[str]] = {}
    for instrument in load_instruments():
        symbols.setdefault(market_of(instrument.market), []).append(instrument.symbol)
    calendars = [world_clock().market(name).calendar for name in market_names()]
    return _answer(
        [
            {
                "market": calendar.name,
                "title": calendar.title,
                "time_zone": calendar.zone.key,
                "aliases": list(calendar.aliases),
                "symbols": symbols.get(calendar.name, []),
                "verified_from": calendar.verified_from.isoformat(),
                "verified_through": calendar.verified_through.isoformat(),
            }
            for calendar in calendars
        ]
    )


@router.get("/markets/times", response=list[LocalTime], summary="An instant on every market's clock")
async def times(request: ASGIRequest, at: Instant = "") -> HttpResponse:
    """Local time, offset and its next change, and what the market does then."""
    instant = instant_of(at)
    found = []
    for name in market_names():
        zone = world_clock().market(name).calendar.zone
        local = instant.astimezone(zone)
        offset, change = local.utcoffset() or timedelta(0), next_offset_change(zone, instant)
        state = session_state(name, instant)
        found.append(
            {
                "market": name,
                "time_zone": zone.key,
                "local_time": local.isoformat(),
                "utc_offset_s": round(offset.total_seconds()),
                "offset_changes_at": None if change is None else utc_text(seconds(change)),
                "phase": state.phase,
                "is_open": state.is_open,
            }
        )
    return _answer(found)


@router.get("/markets/overlaps", response=OverlapRecord, summary="When markets are open at once")
async def market_overlaps(
    request: ASGIRequest,
    markets: Names,
    start: Annotated[str, Query(alias="from", max_length=40, description="ISO 8601 with a zone; now when empty.")] = "",
    end: Annotated[
        str, Query(alias="to", max_length=40, description="ISO 8601 with a zone; a week on when empty.")
    ] = "",
) -> HttpResponse:
    """The spans, by the calendar, in which every one of the markets is open."""
    first = instant_of(start)
    last = instant_of(end) if end else first + timedelta(days=7)
    if not first < last <= first + timedelta(days=MOST_DAYS):
        raise Problem(400, "bad_parameter", f"to: lies after from, by at most {MOST_DAYS} days.")
    names = markets_named(markets)
    spans = overlaps(world_clock(), names, seconds(first), seconds(last))
    return _answer({"markets": names, "spans": [_span(span) for span in spans]})


@router.get("/markets/quiet", response=QuietRecord, summary="When none of the markets trades for a while")
async def quiet(
    request: ASGIRequest,
    markets: Names,
    minutes: Annotated[int, Query(ge=1, le=MOST_MINUTES, description="How long it must be quiet.")] = 90,
    after: Instant = "",
    with_pre_and_post: Annotated[bool, Query(description="Pre and post market count as trading.")] = False,
) -> HttpResponse:
    """The next such span, whole. None where a calendar is not verified: unknown means no."""
    names = markets_named(markets)
    span = next_quiet(
        world_clock(),
        names,
        seconds(instant_of(after)),
        at_least_s=60 * minutes,
        with_pre_and_post=with_pre_and_post,
    )
    return _answer({"markets": names, "minutes": minutes, "span": None if span is None else _span(span)})


@router.get("/markets/{market}/calendar", response=CalendarRecord, summary="A market's dates")
async def calendar(
    request: ASGIRequest,
    market: str,
    first: From = "",
    last: To = "",
) -> HttpResponse:
    """Each date with its phases in UTC. Without dates the next four weeks."""
    found = world_clock().market(market_named(market))
    start, end = _dates(first, last, days=28)
    return _answer(
        {
            "market": found.calendar.name,
            "time_zone": found.calendar.zone.key,
            "days": [day.to_json() for day in market_days(found, start, end)],
        }
    )


@router.get("/markets/{market}/schedule.ics", summary="A market's schedule for calendar programs")
async def schedule(
    request: ASGIRequest,
    market: str,
    first: From = "",
    last: To = "",
) -> HttpResponse:
    """An iCalendar document. Without dates the next four months."""
    found = world_clock().market(market_named(market))
    start, end = _dates(first, last, days=ICS_DAYS)
    document = schedule_ics(found.calendar, market_days(found, start, end), made_at=datetime.now(UTC))
    return HttpResponse(
        document,
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{found.calendar.name}.ics"', "Cache-Control": "no-store"},
    )


def _answer(document: Any) -> HttpResponse:
    return HttpResponse(orjson.dumps(document), content_type="application/json", headers={"Cache-Control": "no-store"})


def _dates(first: str, last: str, *, days: int) -> tuple[date, date]:
    try:
        start = date.fromisoformat(first) if first else datetime.now(UTC).date()
        end = date.fromisoformat(last) if last else start + timedelta(days=days)
    except (ValueError, OverflowError):
        raise Problem(400, "bad_parameter", "from, to: a date is YYYY-MM-DD.") from None
    if not start <= end <= start + timedelta(days=MOST_DAYS):
        raise Problem(400, "bad_parameter", f"to: lies after from, by at most {MOST_DAYS} days.")
    if not 1990 <= start.year <= end.year <= 2100:
        raise Problem(400, "bad_parameter", "from, to: lie between 1990 and 2100.")
    return start, end


def _span(span: Span) -> dict[str, str | None]:
    return {"starts_at": utc_text(span[0]), "ends_at": utc_text(span[1])}
