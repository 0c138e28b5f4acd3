"""From a merged event to the record a trader reads: display strings, change, signal and honest marks.

The event's own JSON stays byte for byte as the core wrote it, so numbers keep their digits; the derived
fields are added behind it.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import orjson

from collectors.bus import parse_id
from collectors.instants import iso_from_ms
from collectors.instruments import Instruments
from thor_fast import QuoteEvent, format_price
from thor_web.futuretrading.services.classification import Classifier

__all__ = ["Enricher"]

RECORDED_AFTER_MS: Final = 60_000
"""An event that is this much older than its arrival was recorded: it is a replay, not the market."""
NATURAL_PRECISION: Final = 9


class Enricher:
    """Makes records. Holds the registry and the thresholds, and no state of the market."""

    def __init__(self, instruments: Instruments, classifier: Classifier, *, stale_after_ms: int) -> None:
        self._displays = {instrument.symbol for instrument in instruments}
        self._classifier = classifier
        self._stale_after_ms = stale_after_ms

    def __call__(self, event: QuoteEvent, entry_id: str) -> bytes:
        """The record of an event that entered the unified stream under that id: one JSON object."""
        meta: Mapping[str, Any] = json.loads(event.meta, parse_float=Decimal) if event.meta else {}
        arrived_ms = parse_id(entry_id)[0]
        change = change_of(event, meta)
        signal = self._classifier.signal(event.symbol, change)
        derived = orjson.dumps(
            {
                "active_source": event.source,
                "updated_at": iso_from_ms(arrived_ms),
                "id": entry_id,
                "stale_after_ms": self._stale_after_ms,
                "marks": marks_of(event, meta, arrived_ms),
                "display": self._display(event, meta, change),
                "signal": None if signal is None else signal.name,
            }
        )
        figures = {
            "change": change,
            "stat_value": None if signal is None else signal.stat_value,
            "contract_weight": None if signal is None else signal.contract_weight,
            "signal_weight": None if signal is None else Decimal(signal.weight),
        }
        numbers = ",".join(f'"{name}":{json_number(value)}' for name, value in figures.items())
        return b"%b,%b,%b}" % (event.to_json()[:-1], derived[1:-1], numbers.encode())

    def _display(self, event: QuoteEvent, meta: Mapping[str, Any], change: Decimal | None) -> dict[str, str | None]:
        spread = None if event.ask is None or event.bid is None else event.ask - event.bid
        close = decimal_of(meta.get("close"))
        if close is None and change is not None and event.last is not None:
            close = event.last - change
        percent = None if change is None or not close else change / abs(close) * 100
        return {
            "last": self._price(event, event.last),
            "bid": self._price(event, event.bid),
            "ask": self._price(event, event.ask),
            "change": self._price(event, change, signed=True),
            "change_percent": None if percent is None else format_price(percent, 2, signed=True),
            "spread": self._price(event, spread),
            "open": self._price(event, decimal_of(meta.get("open"))),
            "high": self._price(event, decimal_of(meta.get("high"))),
            "low": self._price(event, decimal_of(meta.get("low"))),
            "close": self._price(event, close),
        }

    def _price(self, event: QuoteEvent, value: Decimal | None, *, signed: bool = False) -> str | None:
        if value is None:
            return None
        if event.symbol in self._displays:
            return format_price(value, event.symbol, signed=signed)
        # An instrument nobody has described: every digit that came, and no more.
        exponent = value.normalize().as_tuple().exponent
        places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
        return format_price(value, min(places, NATURAL_PRECISION), signed=signed)


def change_of(event: QuoteEvent, meta: Mapping[str, Any]) -> Decimal | None:
    """Net change against the previous settlement: the source's own, else last less close, else unknown."""
    change = decimal_of(meta.get("netChange"))
    if change is not None:
        return change
    close = decimal_of(meta.get("close"))
    return None if close is None or event.last is None else event.last - close


def marks_of(event: QuoteEvent, meta: Mapping[str, Any], arrived_ms: int) -> list[str]:
    """What a reader must know before trusting a quote."""
    delayed = meta.get("delayed") is True
    stale = meta.get("stale") is True
    recorded = arrived_ms - event.ts_us // 1_000 > RECORDED_AFTER_MS
    marks = {
        "MOCK": event.source == "MOCK",
        "REPLAY": recorded and not (delayed or stale),
        "DELAYED": delayed,
        "STALE": stale,
    }
    return [mark for mark, holds in marks.items() if holds]


def decimal_of(value: object) -> Decimal | None:
    """A JSON number as an exact decimal; None for everything else."""
    if isinstance(value, bool):
        return None
    return Decimal(value) if isinstance(value, int | Decimal) else None


def json_number(value: Decimal | None) -> str:
    """A decimal as a JSON number with all its digits, None as null."""
    return "null" if value is None else format(value, "f")
