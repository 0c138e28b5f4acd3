"""What was told, what maintenance is on, which features are on. Reading only: every write goes through the admin."""

from datetime import UTC, datetime
from typing import Annotated

import orjson
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from ninja import Query, Router, Schema

from thor_web.timezones.flags import flag_on, known_flags
from thor_web.timezones.models import Notification
from thor_web.timezones.services.flag_snapshot import flag_snapshot
from thor_web.timezones.services.notices import notice_document

__all__ = ["FlagsRecord", "MaintenanceRecord", "NotificationRecord", "router"]

router = Router(tags=["session"])

FIELDS = (
    *("id", "kind", "severity", "market", "symbol", "title", "text", "created_at", "acknowledged_at"),
    "acknowledged_by",
)


class NotificationRecord(Schema):
    """Something that was told. `acknowledged_at` is null while nobody has taken note of it."""

    id: int
    kind: str
    severity: str
    market: str
    symbol: str
    title: str
    text: str
    created_at: str
    acknowledged_at: str | None
    acknowledged_by: str


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


@router.get("/notifications", response=list[NotificationRecord], summary="What was told, newest first")
async def notifications(
    request: ASGIRequest,
    unacknowledged: Annotated[bool, Query(description="Only those nobody has acknowledged.")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[int | None, Query(ge=1, description="Older than this id.")] = None,
) -> HttpResponse:
    """Page on with `before` set to the last id."""
    chosen = Notification.objects.order_by("-id")
    if unacknowledged:
        chosen = chosen.filter(acknowledged_at=None)
    if before is not None:
        chosen = chosen.filter(id__lt=before)
    return _answer([notice_document(row) async for row in chosen.values(*FIELDS)[:limit]])


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
