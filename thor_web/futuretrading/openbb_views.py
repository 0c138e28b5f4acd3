"""OpenBB Workspace: the list of widgets that it reads from a custom backend; each asks an API that is there anyway.

The Workspace is a page of another origin: a proxy in front of Thor must allow it (CORS), Thor itself allows none.
"""

from typing import Any, Final

from django.http import HttpRequest
from ninja import Router

__all__ = ["WIDGETS", "router"]

router = Router(tags=["openbb"])


def _column(field: str, heading: str, kind: str = "number") -> dict[str, Any]:
    return {"field": field, "headerName": heading, "cellDataType": kind}


SYMBOLS: Final = {
    "paramName": "symbols",
    "label": "Symbols",
    "type": "text",
    "value": "",
    "description": "Symbols separated by commas; all when empty.",
}
SYMBOL: Final = {"paramName": "symbol", "label": "Symbol", "type": "text", "value": "ES", "description": "One symbol."}
WIDGETS: Final[dict[str, Any]] = {
    "thor_quotes": {
        "name": "Thor: quotes",
        "description": "The newest quote of each symbol, with its source, its age and its signal.",
        "category": "Futures",
        "type": "table",
        "endpoint": "api/quotes",
        "gridData": {"w": 24, "h": 12},
        "params": [SYMBOLS],
        "data": {
            "table": {
                "showAll": False,
                "columnsDefs": [
                    _column("symbol", "Symbol", "text"),
                    _column("last", "Last"),
                    _column("bid", "Bid"),
                    _column("ask", "Ask"),
                    _column("signal", "Signal", "text"),
                    _column("active_source", "Source", "text"),
                    _column("age_ms", "Age, ms"),
                ],
            }
        },
    },
    "thor_bars": {
        "name": "Thor: bars of a minute",
        "description": "Open, high, low, close and volume, as stored.",
        "category": "Futures",
        "type": "table",
        "endpoint": "api/bars",
        "gridData": {"w": 24, "h": 12},
        "params": [SYMBOL],
        "data": {
            "dataKey": "bars",
            "table": {
                "showAll": False,
                "columnsDefs": [
                    _column("start", "Start", "text"),
                    *(_column(name, name.capitalize()) for name in ("open", "high", "low", "close", "volume")),
                ],
            },
        },
    },
    "thor_sessions": {
        "name": "Thor: markets",
        "description": "What every market is doing now.",
        "category": "Futures",
        "type": "table",
        "endpoint": "api/session?market=all",
        "gridData": {"w": 18, "h": 10},
        "data": {
            "table": {
                "showAll": False,
                "columnsDefs": [
                    _column("market", "Market", "text"),
                    _column("is_open", "Open", "boolean"),
                    _column("next_transition_at", "Changes at", "text"),
                ],
            }
        },
    },
}


@router.get("/openbb/widgets.json", summary="OpenBB Workspace: the widgets of Thor")
def widgets(request: HttpRequest) -> dict[str, Any]:
    """Endpoints are relative to the server's root."""
    return WIDGETS
