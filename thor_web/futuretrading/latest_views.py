"""The rows of the dashboard with the composite, and the providers' own events before anything is derived."""

import time

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from ninja import Router

from thor_fast import join_records
from thor_web.futuretrading.schemas import LatestQuotes
from thor_web.futuretrading.services.quotes_state import QUOTES_STATE, QuotesState

__all__ = ["router"]

router = Router(tags=["quotes"])


@router.get("/quotes/latest/", response=LatestQuotes, summary="Every row, and TOTAL")
async def latest(request: ASGIRequest) -> HttpResponse:
    """The records of `/api/quotes` as `rows`, and the composite of all of them as `total`."""
    state: QuotesState = request.scope["state"][QUOTES_STATE]
    now_ms = time.time_ns() // 1_000_000
    frames = state.newest_frames()
    rows = join_records(state.enricher.records(frames), [frame.position[0] for frame in frames], now_ms)
    return HttpResponse(
        b'{"rows":%b,"total":%b}' % (rows, state.enricher.total(now_ms)),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
