"""A TradingView datafeed (UDF): the bars of Thor for whoever embeds TradingView's charting library.

The shapes are TradingView's (its "UDF" protocol): short names, parallel lists, times in whole seconds. A symbol of the
made-up market is asked for as `MOCK:ES`. Streaming goes over `/api/quotes/stream`, not over this.
"""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from thor_web.futuretrading.models import Bar
from thor_web.futuretrading.services.configuration import InstrumentConfiguration
from thor_web.futuretrading.services.quotes_state import QUOTES_STATE, QuotesState
from thor_web.timezones.interface import market_of, world_clock

__all__ = ["router"]

router = Router(tags=["tradingview"])

INTERVALS: Final = {"1S": "1s", "1": "1m", "5": "5m", "60": "1h", "1D": "1d", "D": "1d"}
MOCK: Final = "MOCK:"
MOST_BARS: Final = 5_000
SymbolName = Annotated[str, Query(max_length=37, pattern=r"^(?:MOCK:)?[A-Z0-9$][A-Z0-9.$_/-]{0,31}$")]
Second = Annotated[int, Query(ge=-62_135_596_800, le=253_402_300_799)]


@router.get("/udf/config", summary="TradingView: what this datafeed can do")
def config(request: HttpRequest) -> dict[str, Any]:
    """Search by symbol, no groups, no marks."""
    return {
        "supported_resolutions": ["1S", "1", "5", "60", "1D"],
        "supports_search": True,
        "supports_group_request": False,
        "supports_marks": False,
        "supports_timescale_marks": False,
        "supports_time": True,
        "exchanges": [],
        "symbols_types": [],
    }


@router.get("/udf/time", summary="TradingView: the server's time")
def server_time(request: HttpRequest) -> HttpResponse:
    """Seconds since 1970 as text."""
    return HttpResponse(str(int(time.time())), content_type="text/plain")


@router.get("/udf/symbols", summary="TradingView: one symbol")
async def symbol_info(request: ASGIRequest, symbol: SymbolName) -> dict[str, Any]:
    """`{"s": "error"}` where there is no such instrument, as TradingView has it."""
    for row in _instruments(request):
        if row.symbol == symbol.removeprefix(MOCK):
            return _info(row, symbol)
    return {"s": "error", "errmsg": "unknown_symbol"}


@router.get("/udf/search", summary="TradingView: symbols by a piece of name or title")
async def search(
    request: ASGIRequest,
    query: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> list[dict[str, Any]]:
    """In display order."""
    wanted = query.upper()
    found = [row for row in _instruments(request) if wanted in row.symbol or wanted in row.name.upper()]
    return [
        {
            "symbol": row.symbol,
            "full_name": row.symbol,
            "ticker": row.symbol,
            "description": row.name,
            "exchange": row.exchange,
            "type": row.asset_class,
        }
        for row in found[:limit]
    ]


@router.get("/udf/history", summary="TradingView: bars, oldest first")
def history(
    request: HttpRequest,
    *,
    symbol: SymbolName,
    resolution: Annotated[str, Query(max_length=4)],
    first: Annotated[Second, Query(alias="from")],
    last: Annotated[Second, Query(alias="to")],
    countback: Annotated[int | None, Query(ge=1, le=MOST_BARS)] = None,
) -> dict[str, Any]:
    """The bars of [from, to), at most 5,000; the last `countback` before `to` where that is asked for."""
    interval = INTERVALS.get(resolution)
    if interval is None:
        return {"s": "error", "errmsg": f"There are {', '.join(INTERVALS)}."}
    rows = Bar.objects.filter(
        symbol=symbol.removeprefix(MOCK),
        interval=interval,
        mock=symbol.startswith(MOCK),
        start__lt=datetime.fromtimestamp(last, UTC),
    )
    before = rows.order_by("-start")
    if countback is None:
        rows = rows.filter(start__gte=datetime.fromtimestamp(first, UTC))
    columns = ("start", "open", "high", "low", "close", "volume")
    found = list(rows.order_by("-start").values_list(*columns)[: countback or MOST_BARS])[::-1]
    if not found:
        earlier = before.filter(start__lt=datetime.fromtimestamp(first, UTC)).values_list("start", flat=True).first()
        return {"s": "no_data"} | ({} if earlier is None else {"nextTime": int(earlier.timestamp())})
    starts, *prices, volumes = zip(*found, strict=True)
    lists = {name: [float(value) for value in column] for name, column in zip("ohlc", prices, strict=True)}
    return {"s": "ok", "t": [int(start.timestamp()) for start in starts], **lists, "v": list(volumes)}


def _instruments(request: ASGIRequest) -> tuple[InstrumentConfiguration, ...]:
    state: QuotesState = request.scope["state"][QUOTES_STATE]
    return tuple(state.enricher.configuration.instruments)


def _info(row: InstrumentConfiguration, asked: str) -> dict[str, Any]:
    # A price is a whole number of `minmov / pricescale`.
    places = max(0, -int(row.tick.normalize().as_tuple().exponent))
    scale = 10**places
    fractional = row.display == "32nds"
    return {
        "name": row.symbol,
        "ticker": asked,
        "description": row.name,
        "type": "futures" if row.asset_class == "future" else row.asset_class,
        "exchange": row.exchange,
        "listed_exchange": row.exchange,
        "timezone": world_clock().market(market_of(row.market)).calendar.zone.key,
        "session": "24x7",
        "minmov": 1 if fractional else int(row.tick * scale),
        "pricescale": int(Decimal(1) / row.tick) if fractional else scale,
        "has_intraday": True,
        "has_seconds": True,
        "seconds_multipliers": ["1"],
        "intraday_multipliers": ["1", "5", "60"],
        "has_daily": True,
        "supported_resolutions": ["1S", "1", "5", "60", "1D"],
        "volume_precision": 0,
        "data_status": "streaming",
    }
