"""The quotes a browser reads: one snapshot and one stream."""

import re
import time
from typing import Annotated, Final

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from ninja import Query, Router

from collectors.bus import parse_id
from thor_web.futuretrading.schemas import QuoteRecord
from thor_web.futuretrading.services.enrichment import with_age
from thor_web.futuretrading.services.quotes_state import QUOTES_STATE, QuotesState
from thor_web.livedata.interface import Hub, Position, StreamRequest, hub_of, stream
from thor_web.problems import Problem

__all__ = ["router"]

router = Router(tags=["quotes"])

SYMBOL: Final = re.compile(r"[A-Z0-9$][A-Z0-9.$_/-]{0,31}")
MOST_SYMBOLS: Final = 500
MOST_HZ: Final = 60.0
FUTURE_TOLERANCE_MS: Final = 60_000
"""A stream id further ahead than this was never given out: no clock is that wrong."""

Symbols = Annotated[str, Query(max_length=8_192, description="Symbols separated by commas; all when empty.")]


@router.get("/quotes", response=list[QuoteRecord], summary="The newest quote of each symbol")
async def quotes(request: ASGIRequest, symbols: Symbols = "") -> HttpResponse:
    """Snapshot records in display order, with their age at this moment."""
    hub, state = hub_of(request.scope), _state(request)
    _require_ready(hub)
    wanted = _symbols(symbols, hub, state)
    now_ms = time.time_ns() // 1_000_000
    found = sorted((symbol for symbol in hub.newest if wanted is None or symbol in wanted), key=state.display_order)
    frames = [hub.newest[symbol] for symbol in found]
    records = [with_age(frame.record(state.enricher), frame.position[0], now_ms) for frame in frames]
    return HttpResponse(
        b"[%b]" % b",".join(records),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


@router.get("/quotes/stream", summary="Every quote as it comes, as server-sent events")
async def quotes_stream(
    request: ASGIRequest,
    symbols: Symbols = "",
    conflate: Annotated[
        float | None, Query(gt=0, le=MOST_HZ, description="Most messages a second, newest event a symbol.")
    ] = None,
    enrich: Annotated[bool, Query(description="Records as in the snapshot instead of bare events.")] = False,
    last_event_id: Annotated[str, Query(max_length=64, description="Resume behind this id.")] = "",
) -> StreamingHttpResponse:
    """`event: quote` each, or `event: quotes` when conflated. `Last-Event-ID` resumes exactly."""
    hub, state = hub_of(request.scope), _state(request)
    _require_ready(hub)
    if hub.clients >= state.most_clients:
        raise Problem(503, "too_many_streams", "This server serves its most streams already.", retry_after_s=5)
    wanted = StreamRequest(
        symbols=_symbols(symbols, hub, state),
        after=_position(request.headers.get("Last-Event-ID") or last_event_id),
        conflate_hz=conflate,
        enrich=state.enricher if enrich else None,
    )
    return StreamingHttpResponse(
        stream(hub, wanted, state.greeting),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"},
    )


def _state(request: ASGIRequest) -> QuotesState:
    state: QuotesState = request.scope["state"][QUOTES_STATE]
    return state


def _require_ready(hub: Hub) -> None:
    if not hub.ready:
        raise Problem(503, "not_ready", "Redis has not been reached yet.", retry_after_s=1)


def _symbols(text: str, hub: Hub, state: QuotesState) -> frozenset[str] | None:
    """The symbols a client named, None for all of them. Raises Problem for one that nobody knows."""
    names = [name for name in text.split(",") if name]
    if not names:
        return None
    if len(names) > MOST_SYMBOLS:
        raise Problem(400, "too_many_symbols", f"At most {MOST_SYMBOLS} symbols can be asked for at once.")
    for name in names:
        if not SYMBOL.fullmatch(name):
            raise Problem(400, "bad_symbol", f"{name[:40]!r} is not a symbol.")
        if name not in state.instruments and name not in hub.newest:
            raise Problem(400, "unknown_symbol", f"There is no symbol {name!r}.")
    return frozenset(names)


def _position(last_event_id: str) -> Position | None:
    """The position a client wants to resume behind. Raises Problem for what is no id, or one from the future."""
    if not last_event_id:
        return None
    try:
        position = parse_id(last_event_id)
    except ValueError:
        raise Problem(400, "bad_event_id", f"{last_event_id[:64]!r} is not an event id.") from None
    if position[0] > time.time_ns() // 1_000_000 + FUTURE_TOLERANCE_MS:
        raise Problem(400, "bad_event_id", f"{last_event_id!r} lies in the future.")
    return position
