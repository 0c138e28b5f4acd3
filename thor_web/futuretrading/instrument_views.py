"""The instruments as they are configured now, and what a number of them is worth."""

from decimal import Decimal
from typing import Annotated, Any, Final

from django.core.handlers.asgi import ASGIRequest
from ninja import Path, Query, Router

from thor_web.futuretrading.schemas import ContractValue, InstrumentRecord
from thor_web.futuretrading.services.configuration import InstrumentConfiguration
from thor_web.futuretrading.services.quotes_state import QUOTES_STATE, QuotesState
from thor_web.problems import Problem

__all__ = ["instrument_row", "router"]

router = Router(tags=["instruments"])

MOST_CONTRACTS: Final = 1_000_000


@router.get("/instruments", response=list[InstrumentRecord], summary="The instruments, in display order")
async def instruments(request: ASGIRequest) -> Any:
    """Every active instrument with its stat values and weight, as the newest configuration has them."""
    return [instrument_row(row) for row in _state(request).enricher.configuration.instruments]


@router.get("/instruments/{symbol}/value", response=ContractValue, summary="What a number of contracts is worth")
async def contract_value(
    request: ASGIRequest,
    symbol: Annotated[str, Path(max_length=32)],
    price: Annotated[str, Query(description="A price in points.", pattern=r"^-?[0-9]{1,9}(?:\.[0-9]{1,9})?$")],
    quantity: Annotated[int, Query(ge=1, le=MOST_CONTRACTS)] = 1,
) -> Any:
    """`tick_value` is quantity x tick value, `contract_value` is quantity x price x multiplier, both in USD."""
    for row in _state(request).enricher.configuration.instruments:
        if row.symbol == symbol:
            return {
                "symbol": symbol,
                "quantity": quantity,
                "price": price,
                "tick_value": _text(row.tick_value * quantity),
                "contract_value": _text(Decimal(price) * row.multiplier * quantity),
            }
    raise Problem(404, "unknown_symbol", f"There is no instrument {symbol[:32]!r}.")


def instrument_row(row: InstrumentConfiguration) -> dict[str, Any]:
    """An instrument as JSON values; decimals are texts, so that they keep their digits."""
    return {
        "symbol": row.symbol,
        "name": row.name,
        "category": row.category,
        "asset_class": row.asset_class,
        "exchange": row.exchange,
        "market": row.market,
        "tick": _text(row.tick),
        "tick_value": _text(row.tick_value),
        "multiplier": _text(row.multiplier),
        "display": row.display,
        "preferred_source": row.preferred_source,
        "order": row.order,
        "watchlist": row.watchlist,
        "unit": row.unit,
        "inverse": row.inverse,
        "weight": None if row.weight is None else _text(row.weight),
        "target": None if row.target is None else _text(row.target),
        "stat_values": {signal: _text(value) for signal, value in row.stat_values.items()},
    }


def _text(value: Decimal) -> str:
    return f"{value:f}"


def _state(request: ASGIRequest) -> QuotesState:
    state: QuotesState = request.scope["state"][QUOTES_STATE]
    return state
