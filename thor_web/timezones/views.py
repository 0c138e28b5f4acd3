"""The session API: what a market is doing now."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from ninja import Query, Router, Schema

from thor_web.problems import Problem
from thor_web.timezones.interface import UnknownMarketError, market_names, session_state

__all__ = ["router"]

router = Router(tags=["session"])


class SessionRecord(Schema):
    """One market at one instant. `next_transition_at` is the next change of `is_open`."""

    is_open: bool
    market: str
    now: str
    next_transition_at: str | None
    holiday: str | None
    phase: str
    trade_date: str
    title: str
    confidence: str


@router.get("/session", response=SessionRecord | list[SessionRecord], summary="What a market is doing now")
async def session(
    request: ASGIRequest,
    market: Annotated[str, Query(max_length=32, description="A market, a symbol, or `all`.")] = "",
) -> Any:
    """The state of the named market, of the default one, or of all of them."""
    now = datetime.now(UTC)
    if market.lower() == "all":
        return [session_state(name, now).to_json() for name in market_names()]
    try:
        return session_state(market or settings.CONFIGURATION.default_market, now).to_json()
    except UnknownMarketError as error:
        raise Problem(404, error.code, str(error)) from error
