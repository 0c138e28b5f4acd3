"""What triggers did and will do. Reading only: they are written in the admin."""

from contextlib import suppress
from typing import Annotated, Any, Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.utils.timezone import now
from ninja import Query, Router, Schema

from thor_web.timezones.interface import UnknownMarketError, world_clock
from thor_web.timezones.models import Trigger, TriggerRun
from thor_web.timezones.services.instants import iso_text, seconds, utc_text
from thor_web.timezones.services.occurrences import next_occurrence

__all__ = ["router"]

router = Router(tags=["session"])

MOST_TEXT: Final = 600


class RunRecord(Schema):
    """An occurrence of a trigger: `due`, `running`, `done`, `failed` or `missed`, and why."""

    id: int
    trigger: str
    due_at: str
    session_date: str
    state: str
    reason: str
    attempts: int
    finished_at: str | None


class TriggerRecord(Schema):
    """A trigger with its newest run; `next_due_at` is null where it is off, or due within 40 days at no time."""

    id: int
    name: str
    market: str
    condition: str
    action: str
    enabled: bool
    next_due_at: str | None
    last_run: RunRecord | None


@router.get("/triggers", response=list[TriggerRecord], summary="What happens because of markets, and how it went")
async def triggers(request: ASGIRequest) -> Any:
    """In the order of their names, each with its newest run."""
    return await sync_to_async(_triggers)()


@router.get("/triggers/runs", response=list[RunRecord], summary="Runs of triggers, newest first")
async def runs(
    request: ASGIRequest,
    state: Annotated[str, Query(pattern="^(due|running|done|failed|missed|)$", description="Only of that state.")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="Older than this id.")] = None,
) -> Any:
    """Page on with `before` set to the last id."""
    chosen = TriggerRun.objects.select_related("trigger").order_by("-id")
    if state:
        chosen = chosen.filter(state=state)
    if before is not None:
        chosen = chosen.filter(id__lt=before)
    return [_run(run) async for run in chosen[:limit]]


def _triggers() -> list[dict[str, Any]]:
    newest = {
        run.trigger_id: run for run in TriggerRun.objects.order_by("trigger_id", "-due_at").distinct("trigger_id")
    }
    return [_trigger(trigger, newest.get(trigger.pk)) for trigger in Trigger.objects.order_by("name")]


def _trigger(trigger: Trigger, run: TriggerRun | None) -> dict[str, Any]:
    found = None
    if trigger.enabled:
        with suppress(UnknownMarketError):
            found = next_occurrence(world_clock().market(trigger.market), trigger.rule(), seconds(now()))
    if run is not None:
        run.trigger = trigger
    return {
        "id": trigger.pk,
        "name": trigger.name,
        "market": trigger.market,
        "condition": trigger.condition,
        "action": trigger.action,
        "enabled": trigger.enabled,
        "next_due_at": None if found is None else utc_text(found.due_at),
        "last_run": None if run is None else _run(run),
    }


def _run(run: TriggerRun) -> dict[str, Any]:
    return {
        "id": run.pk,
        "trigger": run.trigger.name,
        "due_at": iso_text(run.due_at),
        "session_date": run.session_date.isoformat(),
        "state": run.state,
        "reason": run.reason[:MOST_TEXT],
        "attempts": run.attempts,
        "finished_at": None if run.finished_at is None else iso_text(run.finished_at),
    }
