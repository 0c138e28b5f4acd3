"""The two hot paths for the API's document: live_paths.py answers them.

`thor web` never lets a request for snapshot or stream come this far. Another server does, and is told.
"""

from typing import Annotated, Final

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from ninja import Query, Router

from thor_web.futuretrading.schemas import QuoteRecord
from thor_web.futuretrading.services.stream_parameters import LEAST_HZ, LEAST_S, MOST_HZ, MOST_S
from thor_web.problems import Problem

__all__ = ["router"]

router = Router(tags=["quotes"])

NEEDS_THOR_WEB: Final = Problem(503, "needs_thor_web", "Quotes are served by `thor web`, not by this server.")

Symbols = Annotated[
    str,
    Query(max_length=8_192, pattern=r"^[A-Z0-9.$_/,-]*$", description="Symbols separated by commas; all when empty."),
]


@router.get("/quotes", response=list[QuoteRecord], summary="The newest quote of each symbol")
async def quotes(request: ASGIRequest, symbols: Symbols = "") -> HttpResponse:
    """Snapshot records in display order, with their age at this moment. A weak ETag gives 304 while nothing changed."""
    raise NEEDS_THOR_WEB


@router.get("/quotes/stream", summary="Every quote as it comes, as server-sent events")
async def quotes_stream(
    request: ASGIRequest,
    *,
    symbols: Symbols = "",
    conflate: Annotated[
        float | None, Query(ge=LEAST_HZ, le=MOST_HZ, description="Most messages a second, newest event a symbol.")
    ] = None,
    enrich: Annotated[bool, Query(description="Records as in the snapshot instead of bare events.")] = False,
    bars: Annotated[
        str,
        Query(
            pattern=r"^(?:(?:1s|1m|5m|1h|1d)(?:,(?:1s|1m|5m|1h|1d))*)?$",
            max_length=20,
            description="Intervals whose growing bars come before each event: 1s,1m,5m,1h,1d.",
        ),
    ] = "",
    gzip: Annotated[bool, Query(description="Compressed, if `Accept-Encoding` allows it.")] = False,
    for_s: Annotated[
        float | None, Query(ge=LEAST_S, le=MOST_S, description="Ends the stream after so many seconds, for scripts.")
    ] = None,
    last_event_id: Annotated[str, Query(max_length=64, description="Resume behind this id.")] = "",
) -> HttpResponse:
    """`event: quote` each, or `event: quotes` when conflated. `Last-Event-ID` resumes exactly."""
    raise NEEDS_THOR_WEB
