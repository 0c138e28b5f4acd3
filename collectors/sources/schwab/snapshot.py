"""REST quotes as a frame of the streamer, so that one reader decides what a quote means.

Sizes of stocks are left out: the streamer gives lots, and what REST gives is not documented. So are changes in percent.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["frames_of"]

EQUITIES: Final = "LEVELONE_EQUITIES"
FUTURES: Final = "LEVELONE_FUTURES"

_EQUITY_FIELDS: Final = {
    "bidPrice": "1",
    "askPrice": "2",
    "lastPrice": "3",
    "totalVolume": "8",
    "lastSize": "9",
    "highPrice": "10",
    "lowPrice": "11",
    "closePrice": "12",
    "openPrice": "17",
    "netChange": "18",
    "52WeekHigh": "19",
    "52WeekLow": "20",
    "mark": "33",
    "quoteTime": "34",
    "tradeTime": "35",
}
_FUTURE_FIELDS: Final = {
    "bidPrice": "1",
    "askPrice": "2",
    "lastPrice": "3",
    "bidSize": "4",
    "askSize": "5",
    "totalVolume": "8",
    "lastSize": "9",
    "quoteTime": "10",
    "tradeTime": "11",
    "highPrice": "12",
    "lowPrice": "13",
    "closePrice": "14",
    "openPrice": "18",
    "netChange": "19",
    "mark": "24",
}


def frames_of(quotes: Mapping[str, Mapping[str, Any]]) -> list[bytes]:
    """A frame for each service that has quotes among these."""
    content: dict[str, list[dict[str, Any]]] = {EQUITIES: [], FUTURES: []}
    for key, answer in quotes.items():
        quote, reference = answer.get("quote"), answer.get("reference")
        if not isinstance(quote, dict):
            continue
        is_future = answer.get("assetMainType") == "FUTURE"
        fields = _FUTURE_FIELDS if is_future else _EQUITY_FIELDS
        delta: dict[str, Any] = {"key": key, "delayed": answer.get("realtime") is False}
        if isinstance(reference, dict):
            delta |= _reference(reference, is_future=is_future)
        delta |= {number: quote[name] for name, number in fields.items() if quote.get(name) is not None}
        content[FUTURES if is_future else EQUITIES].append(delta)
    return [
        json.dumps({"data": [{"service": service, "content": deltas}]}).encode()
        for service, deltas in content.items()
        if deltas
    ]


def _reference(reference: dict[str, Any], *, is_future: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    venue, active = reference.get("exchangeName"), reference.get("futureActiveSymbol")
    if isinstance(venue, str):
        found["21" if is_future else "25"] = venue
    if is_future and isinstance(active, str):
        found["34"] = active
    return found
