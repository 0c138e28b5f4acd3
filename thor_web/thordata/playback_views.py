"""Stored trade dates to be played: which there are, what each holds, and its frames by span."""

import json
from datetime import date, datetime
from typing import Annotated, Final

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from ninja import Path, Query, Router, Schema

from thor_web.problems import Problem
from thor_web.thordata.reading import aware, read_in_turn
from thor_web.thordata.services.playback import Played, Wanted, instant, played, stored_dates, stored_day
from thor_web.thordata.services.telling import Frame
from thor_web.timezones.interface import SessionState

__all__ = ["router"]

router = Router(tags=["replay"])

LONGEST_STEP_MS: Final = 3_600_000
MOST_RECORDS: Final = 20_000
MOST_NAMED: Final = 32

TradeDate = Annotated[date, Path(description="A trade date, YYYY-MM-DD.")]


class ReplayDates(Schema):
    """The trade dates that have ticks, newest first."""

    dates: list[date]


class ReplaySession(Schema):
    """What a market does from an instant on, until its next entry. Fields as in `/api/session`."""

    at: datetime
    market: str
    title: str
    is_open: bool
    phase: str
    holiday: str | None
    next_transition_at: datetime | None
    trade_date: date
    reason: str | None
    time_zone: str
    confidence: str


class ReplayDay(Schema):
    """A stored trade date: its span, where its ticks begin and end, and what its markets did."""

    date: date
    starts_at: datetime
    ends_at: datetime
    first_at: datetime
    last_at: datetime
    config_version: int
    sessions: list[ReplaySession]


class ReplayFrame(Schema):
    """What has become new before an instant: records as of `/api/quotes`, and the composite where it is another."""

    at: datetime
    quotes: list[object]
    total: object | None


class ReplayFrames(Schema):
    """Frames in order. They reach to `until`, which may lie before the end that was asked for: go on from there.

    While `preparing` is a number from 0 to 1, the server is still on its way to the span: ask again.
    """

    frames: list[ReplayFrame]
    until: datetime
    preparing: float | None


@router.get("/replay", response=ReplayDates, summary="Trade dates that can be played")
async def dates(request: ASGIRequest) -> ReplayDates:
    """Every date that has ticks, in the lake or in Postgres."""
    return ReplayDates(dates=await read_in_turn(lambda: stored_dates(settings.CONFIGURATION)))


@router.get("/replay/{trade_date}", response=ReplayDay, summary="What there is of a trade date")
async def day(request: ASGIRequest, trade_date: TradeDate) -> ReplayDay:
    """The span of all its markets. A market's sessions come in order of time."""
    found = await read_in_turn(lambda: stored_day(settings.CONFIGURATION, trade_date))
    return ReplayDay(
        date=found.trade_date,
        starts_at=found.start,
        ends_at=found.end,
        first_at=found.first,
        last_at=found.last,
        config_version=found.config_version,
        sessions=[_session(state) for state in found.sessions],
    )


@router.get("/replay/{trade_date}/frames", response=ReplayFrames, summary="A span of a trade date, frame by frame")
async def frames(
    request: ASGIRequest,
    trade_date: TradeDate,
    *,
    start: Annotated[datetime, Query(description="First instant, ISO 8601 with a zone; whole milliseconds.")],
    end: Annotated[datetime, Query(description="The instant behind the last, ISO 8601 with a zone.")],
    step_ms: Annotated[
        int, Query(ge=1, le=LONGEST_STEP_MS, description="Length of a frame; a symbol's newest record stands in it.")
    ] = 50,
    every: Annotated[str, Query(max_length=1_024, description="Symbols with a record an event.")] = "",
    snapshot: Annotated[bool, Query(description="Begin with the newest record of each symbol, and TOTAL.")] = False,
    limit: Annotated[int, Query(ge=1, le=MOST_RECORDS, description="About so many records at most.")] = 2_000,
) -> HttpResponse:
    """What the live path would have shown, by the signals' thresholds of now; time is the ticks' own.

    A frame holds nothing of its own instant or after it.
    """
    names = frozenset(name for name in every.split(",") if name)
    if len(names) > MOST_NAMED:
        raise Problem(400, "too_many_symbols", f"At most {MOST_NAMED} symbols can have a record an event.")
    wanted = Wanted(trade_date, aware("start", start), aware("end", end), step_ms, names, snapshot, limit)
    found = await read_in_turn(lambda: _document(played(settings.CONFIGURATION, wanted)))
    return HttpResponse(found, content_type="application/json", headers={"Cache-Control": "no-store"})


def _session(state: SessionState) -> ReplaySession:
    fields = {name: getattr(state, name) for name in ReplaySession.model_fields if name != "at"}
    return ReplaySession(at=state.now, **fields)


def _document(found: Played) -> bytes:
    """The answer, made of the records' own bytes."""
    return b'{"frames":[%b],"until":"%b","preparing":%b}' % (
        b",".join(_frame(frame) for frame in found.frames),
        _text(found.until_ms),
        json.dumps(found.preparing).encode(),
    )


def _frame(frame: Frame) -> bytes:
    return b'{"at":"%b","quotes":[%b],"total":%b}' % (
        _text(frame.at_ms),
        b",".join(frame.records),
        b"null" if frame.total is None else frame.total,
    )


def _text(at_ms: int) -> bytes:
    return instant(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
