"""The providers API: where quotes come from and how that goes. Reads only; nothing here can choose a provider."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final

from django.core.handlers.asgi import ASGIRequest
from ninja import Router, Schema

from collectors.bus import BusError
from collectors.provider_health import read_providers
from thor_web.livedata.services.providers_state import PROVIDERS_STATE, ProvidersState
from thor_web.problems import Problem

__all__ = ["router"]

ANSWER_S: Final = 2.0

router = Router(tags=["providers"])


class ProviderRecord(Schema):
    """One provider; see `thor providers`. Times are ISO 8601 in UTC, what is not known is null."""

    source: str
    kind: str | None
    configured: bool
    status: str
    mode: str | None
    problem: str | None
    last_event_ts: str | None
    last_published_at: str | None
    lag_ms: int | None
    age_ms: int | None
    rate: float | None
    events: int | None
    rejects: int | None
    rejects_by_code: dict[str, int] | None
    spooled: int | None
    dropped: int | None
    login_expires_at: str | None
    login_expires_in_s: int | None
    connections: int | None
    unknown_symbols: list[str] | None
    started_at: str | None


@router.get("/providers", response=list[ProviderRecord], summary="Where quotes come from, and how that goes")
async def providers(request: ASGIRequest) -> Any:
    """Those that are configured first, then whatever else publishes."""
    state: ProvidersState = request.scope["state"][PROVIDERS_STATE]
    try:
        async with asyncio.timeout(ANSWER_S):
            health = await state.bus.health()
    except (BusError, TimeoutError):
        raise Problem(503, "not_ready", "Redis cannot be reached.", retry_after_s=1) from None
    return [provider.to_json() for provider in read_providers(health, state.configured, datetime.now(UTC))]
