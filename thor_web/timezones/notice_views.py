"""What was told, what maintenance is on, which features are on. Reading only."""

from datetime import UTC, datetime
from typing import Annotated, Final

import orjson
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from ninja import Field, Query, Router, Schema

from thor_web.timezones.flags import flag_on, known_flags
from thor_web.timezones.models import Notification
from thor_web.timezones.services.flag_snapshot import flag_snapshot
from thor_web.timezones.services.notices import notice_document

__all__ = ["FlagsRecord", "MaintenanceRecord", "NotificationRecord", "router"]

router = Router(tags=["session"])

MOST_ID: Final = 2**63 - 1
SYMBOL: Final = "^([A-Z0-9$][A-Z0-9.$_/-]{0,31}|)$"

FIELDS = (
    *("id", "rule_id", "kind", "severity", "market", "symbol", "title", "text", "created_at", "acknowledged_at"),
    *("acknowledged_by", "rule_version", "event_id", "value", "mark"),
)


class NotificationRecord(Schema):
    """Something that was told. `acknowledged_at` is null while nobody has taken note of it.

    What rules on quotes told has the event's id in the unified stream, the exact value that crossed, and its marks.
    """

    id: int
    rule_id: int | None
    kind: str
    severity: str
    market: str
    symbol: str
    title: str
    text: str
    created_at: str
    acknowledged_at: str | None
    acknowledged_by: str
    rule_version: int | None
    event_id: str
    value: str | None
    mark: str


class MaintenanceRecord(Schema):
    """A maintenance window that is on or to come."""

    title: str
    starts_at: str
    ends_at: str
    markets: list[str]
    is_on: bool
    shows_banner: bool
    pauses_alerts: bool


class FlagsRecord(Schema):
    """Each known feature and whether it is on for this caller."""

    flags: dict[str, bool]
    version: int


class NoticeFilter(Schema):
    """Which notifications are asked for. Page on with `before` set to the last id."""

    unacknowledged: Annotated[bool, Field(description="Only those nobody has acknowledged.")] = False
    kind: Annotated[str, Field(pattern="^[a-z_]{0,16}$", description="Only of that kind.")] = ""
    severity: Annotated[str, Field(pattern="^(info|warning|critical|)$", description="Only of that one.")] = ""
    symbol: Annotated[str, Field(pattern=SYMBOL, description="Only of that symbol.")] = ""
    rule: Annotated[int | None, Field(ge=1, le=MOST_ID, description="Only what that rule told.")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Annotated[int | None, Field(ge=1, le=MOST_ID, description="Older than this id.")] = None


@router.get("/notifications", response=list[NotificationRecord], summary="What was told, newest first")
async def notifications(request: ASGIRequest, wanted: Query[NoticeFilter]) -> HttpResponse:
    """Page on with `before` set to the last id."""
    chosen = Notification.objects.order_by("-id")
    if wanted.unacknowledged:
        chosen = chosen.filter(acknowledged_at=None)
    for name in ("kind", "severity", "symbol"):
        if getattr(wanted, name):
            chosen = chosen.filter(**{name: getattr(wanted, name)})
    if wanted.rule is not None:
        chosen = chosen.filter(rule_id=wanted.rule)
    if wanted.before is not None:
        chosen = chosen.filter(id__lt=wanted.before)
    return _answer([notice_document(row) async for row in chosen.values(*FIELDS)[: wanted.limit]])


@router.get("/maintenance", response=list[MaintenanceRecord], summary="Maintenance that is on or to come")
async def maintenance(request: ASGIRequest) -> HttpResponse:
    """In the order in which they begin."""
    now = datetime.now(UTC)
    return _answer([window.to_json(now) for window in flag_snapshot().maintenance if window.ends_at > now])


@router.get("/flags", response=FlagsRecord, summary="Which features are on")
async def flags(
    request: ASGIRequest,
    key: Annotated[str, Query(max_length=100, description="Tells callers apart for features of a percentage.")] = "",
) -> HttpResponse:
    """For the user who is logged in, or for `key`."""
    user = await request.auser()
    now = datetime.now(UTC)
    who = user if user.is_authenticated else None
    states = {name: flag_on(name, at=now, user=who, key=key) for name in known_flags()}
    return _answer({"flags": states, "version": flag_snapshot().version})


def _answer(document: object) -> HttpResponse:
    return HttpResponse(orjson.dumps(document), content_type="application/json", headers={"Cache-Control": "no-store"})
