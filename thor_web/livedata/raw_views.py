"""What a provider says by itself: its newest quotes before the merge has chosen and before anything is derived."""

import asyncio
import time
from collections.abc import Iterable
from typing import Annotated, Final

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from ninja import Path, Query, Router

from collectors.bus import BusError
from collectors.providers import PROVIDER_SOURCES
from thor_fast import join_records
from thor_web.livedata.schemas import RawQuotes
from thor_web.livedata.services.providers_state import PROVIDERS_STATE, ProvidersState
from thor_web.problems import Problem

__all__ = ["router"]

ANSWER_S: Final = 3.0
MOST_SYMBOLS: Final = 500

router = Router(tags=["providers"])


@router.get("/{provider}/quotes/latest/", response=RawQuotes, summary="What one provider says, as it says it")
async def raw_latest(
    request: ASGIRequest,
    provider: Annotated[
        str,
        Path(
            pattern=r"^[A-Za-z][A-Za-z0-9_]{0,15}$",
            description="A kind of provider, such as `schwab` or `excel_live`, or a source's name.",
        ),
    ],
    symbols: Annotated[
        str,
        Query(
            max_length=8_192, pattern=r"^[A-Z0-9.$_/,-]*$", description="Symbols separated by commas; all when empty."
        ),
    ] = "",
) -> HttpResponse:
    """The raw view, before enrichment, also of a source that does not stand. What it never told is not there."""
    state: ProvidersState = request.scope["state"][PROVIDERS_STATE]
    wanted = {symbol for symbol in symbols.split(",") if symbol}
    if len(wanted) > MOST_SYMBOLS:
        raise Problem(400, "too_many_symbols", f"At most {MOST_SYMBOLS} symbols can be asked for at once.")
    try:
        async with asyncio.timeout(ANSWER_S):
            source = source_of(provider, await state.bus.sources())
            found = await state.mirrors.of(source).newest()
    except (BusError, TimeoutError):
        raise Problem(503, "not_ready", "Redis cannot be reached.", retry_after_s=1) from None
    quotes = [found[symbol] for symbol in sorted(found) if not wanted or symbol in wanted]
    events, arrived_ms = [event for _, event in quotes], [at_ms for at_ms, _ in quotes]
    return HttpResponse(
        b'{"source":"%b","rows":%b}' % (source.encode(), join_records(events, arrived_ms, time.time_ns() // 1_000_000)),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def source_of(provider: str, published: Iterable[str]) -> str:
    """The source that a name of a provider or of a source means. Raises Problem for one that is neither."""
    known = {*published, *PROVIDER_SOURCES.values()} - {PROVIDER_SOURCES["replay"]}
    source = PROVIDER_SOURCES.get(provider.lower(), provider.upper())
    if source not in known:
        raise Problem(
            404, "unknown_provider", f"There is no provider {provider!r}; sources are {', '.join(sorted(known))}."
        )
    return source
