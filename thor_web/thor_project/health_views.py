"""The health API: how everything stands now, and the refused input with its errors. Reads only."""

import asyncio
from typing import Annotated, Any, Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import Error as DatabaseError
from django.db import connection
from ninja import Query, Router, Schema

from collectors.bus import BusError
from thor_web.problems import Problem
from thor_web.thor_project.health_document import shown_reject
from thor_web.thor_project.web_health import HEALTH_STATE, WebHealth

__all__ = ["router"]

router = Router(tags=["health"])

ANSWER_S: Final = 2.0
MOST_REJECTS: Final = 100


class ProcessRecord(Schema):
    """A process, by what it last said of itself `age_ms` ago; `count` is what it counts: events, clients or runs."""

    name: str
    state: str
    problem: str | None
    age_ms: int | None
    count: int | None
    pid: int | None


class ReaderRecord(Schema):
    """A consumer group of a stream: `lag` entries it has not read, `pending` ones it has not finished."""

    name: str
    lag: int | None
    pending: int


class StreamRecord(Schema):
    """A stream. `added` counts every entry there ever was, `length` those that are kept."""

    name: str
    length: int
    added: int
    last_id: str
    groups: list[ReaderRecord]


class FreshnessRecord(Schema):
    """How fresh a symbol is: `fresh`, `stale`, `silent` (never quoted), or `closed` while nobody need speak."""

    symbol: str
    source: str | None
    age_ms: int | None
    market: str | None
    market_open: bool | None
    phase: str | None
    state: str


class HealthRecord(Schema):
    """Everything of now. `faults` names what does not answer, and why; `rejects` is null where Redis is away."""

    now: str
    processes: list[ProcessRecord]
    streams: list[StreamRecord]
    rejects: int | None
    symbols: list[FreshnessRecord]
    versions: dict[str, str]
    faults: dict[str, str]


class RejectRecord(Schema):
    """A refused input. What does not print is written out; `data_length` is the whole length in characters."""

    id: str
    at: str
    source: str
    code: str
    field: str | None
    message: str
    data: str
    data_length: int


@router.get("/health", response=HealthRecord, summary="How everything stands: processes, streams, freshness, versions")
async def health(request: ASGIRequest) -> Any:
    """Always answered: what is away is named under `faults`."""
    document = await _health(request).document()
    try:
        document["versions"]["postgres"] = await sync_to_async(_postgres_version)()
    except DatabaseError as error:
        document["faults"]["postgres"] = " ".join(str(error).split())
    return document


@router.get("/health/rejects", response=list[RejectRecord], summary="Refused input with its errors, newest first")
async def rejects(
    request: ASGIRequest,
    limit: Annotated[int, Query(ge=1, le=MOST_REJECTS)] = 20,
) -> Any:
    """Each input as it came, at most so many characters of it."""
    try:
        async with asyncio.timeout(ANSWER_S):
            found = await _health(request).bus.rejects(count=limit)
    except (BusError, TimeoutError):
        raise Problem(503, "not_ready", "Redis cannot be reached.", retry_after_s=1) from None
    return [shown_reject(entry) for entry in found]


def _health(request: ASGIRequest) -> WebHealth:
    found: WebHealth = request.scope["state"][HEALTH_STATE]
    return found


def _postgres_version() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            row = cursor.fetchone()
    except DatabaseError:
        connection.close()
        raise
    return str(row[0]) if row else ""
