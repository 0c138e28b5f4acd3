"""The API of schedules: what is asked for by itself, on each session of a market. The world clock's triggers do it."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import Router

from collectors.instruments import load_instruments
from thor_web.accounts.interface import signed_in
from thor_web.thordata.backtest.answers import Number, answered
from thor_web.thordata.backtest.contracts import sessions_of
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.schedule_schemas import ScheduleChange, ScheduleRecord, ScheduleRequest
from thor_web.thordata.backtest.schedules import asked_on, scheduled_document, words_of_schedule
from thor_web.thordata.backtest.specification import check_symbols
from thor_web.timezones import scheduling

__all__ = ["router"]

router = Router(tags=["backtest"])

ACTION: Final = "backtest"
LATE_S: Final = 3_600
NEAR: Final = timedelta(days=10)


@router.get("/thordata/backtest/schedules", response=list[ScheduleRecord], summary="What is asked for by itself")
@answered
def schedule_list(request: HttpRequest) -> list[dict[str, Any]]:
    """By name, with the next time and what became of the last one. Other triggers are in the admin."""
    return [record for record in map(_record, scheduling.scheduled(ACTION)) if record is not None]


@router.post(
    "/thordata/backtest/schedules", response={201: ScheduleRecord}, auth=signed_in, summary="Ask for it on each session"
)
@answered
def schedule_add(request: HttpRequest, wanted: ScheduleRequest) -> tuple[int, dict[str, Any]]:
    """The body is that of a run, a sweep or patterns without start and end: each session gives them."""
    words = words_of_schedule(wanted.kind, wanted.body, trade_dates=wanted.trade_dates, name=wanted.name)
    check_symbols(wanted.body.get("symbols") or (), load_instruments())
    market = load_instruments()[wanted.body["symbols"][0]].market
    _try(words, market)
    try:
        made = scheduling.schedule(
            ACTION, name=wanted.name, author=request.user.get_username(), parameters={"arguments": words},
            market=wanted.market or market, condition=wanted.condition, phase=wanted.phase,
            offset_s=wanted.offset_s, local_time=wanted.local_time, enabled=wanted.enabled, grace_s=LATE_S,
        )  # fmt: skip
    except scheduling.ScheduleError as error:
        raise BacktestError("bad_schedule", str(error)) from error
    return 201, _known(_record(made))


@router.patch(
    "/thordata/backtest/schedules/{schedule}",
    response=ScheduleRecord,
    auth=signed_in,
    summary="Switch a schedule on or off",
)
@answered
def schedule_change(request: HttpRequest, schedule: Number, wanted: ScheduleChange) -> dict[str, Any]:
    """What was due while it was off stays undone."""
    _own(schedule)
    changed = scheduling.switch(ACTION, schedule, enabled=wanted.enabled)
    return _known(None if changed is None else _record(changed))


@router.delete(
    "/thordata/backtest/schedules/{schedule}", response={204: None}, auth=signed_in, summary="Remove a schedule"
)
@answered
def schedule_remove(request: HttpRequest, schedule: Number) -> HttpResponse:
    """Its ledger goes with it; the runs it asked for stay."""
    _own(schedule)
    scheduling.unschedule(ACTION, schedule)
    return HttpResponse(status=204)


def _own(number: int) -> None:
    """Only what was made here is changed here. Raises BacktestError `unknown_schedule`."""
    _known(
        next((found for found in map(_record, scheduling.scheduled(ACTION)) if found and found["id"] == number), None)
    )


def _known(record: dict[str, Any] | None) -> dict[str, Any]:
    if record is None:
        raise BacktestError("unknown_schedule", "there is no such schedule")
    return record


def _record(one: scheduling.Scheduled) -> dict[str, Any] | None:
    document = scheduled_document(one.parameters.get("arguments") or ())
    if document is None:
        return None
    asked = {name: document.get(name) for name in ("kind", "trade_dates", "body")}
    record = asdict(one) | asked
    return record | {"local_time": one.local_time and one.local_time.isoformat("minutes")}


def _try(words: list[str], market: str) -> None:
    """What would be asked for on the newest session, to be refused now rather than then. Raises BacktestError."""
    now = datetime.now(UTC)
    sessions = sessions_of(market, now - NEAR, now + NEAR)
    if not sessions:
        raise BacktestError("bad_schedule", f"{market} has no session within days")
    asked_on(scheduled_document(words) or {}, date.fromisoformat(sessions[0][0]))
