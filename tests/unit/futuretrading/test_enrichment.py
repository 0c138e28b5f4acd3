"""Records: exact digits, honest marks, and missing shown as missing."""

import json
from decimal import Decimal
from typing import Any

import pytest

from thor_fast import QuoteEvent, parse_event
from thor_web.futuretrading.services.enrichment import Enricher

TS_MS = 1_767_225_600_000


@pytest.fixture
def enricher() -> Enricher:
    return Enricher.shipped(stale_after_ms=5_000)


def quote(**fields: Any) -> QuoteEvent:
    event = {
        "symbol": "ZB",
        "ts": TS_MS,
        "source": "TOS",
        "last": 118.3125,
        "bid": 118.3125,
        "ask": 118.34375,
        "lastSize": 1,
        "bidSize": 2,
        "askSize": 3,
        "meta": {"netChange": 0.4375, "open": 0, "close": 117.875},
    } | fields
    return parse_event(json.dumps(event).encode())


def record_of(enricher: Enricher, event: QuoteEvent, *, arrived_ms: int = TS_MS + 40) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(enricher(event, f"{arrived_ms}-7"), parse_float=Decimal)
    return record


def test_a_bond_is_shown_in_32nds(enricher: Enricher) -> None:
    record = record_of(enricher, quote())
    assert record["display"] == {
        "last": "118'10",
        "bid": "118'10",
        "ask": "118'11",
        "change": "+0'14",
        "change_percent": "+0.37",
        "spread": "0'01",
        "open": "0'00",
        "high": None,
        "low": None,
        "close": "117'28",
        "mark": "118'10",
        "open_change": "+118'10",
        "open_change_percent": None,
        "vwap": None,
        "vwap_30m": None,
        "session_high": "118'10",
        "session_low": "118'10",
        "session_range": "0'00",
        "high_24h": "118'10",
        "low_24h": "118'10",
        "range_24h": "0'00",
        "high_52w": None,
        "low_52w": None,
    }
    assert (record["last"], record["change"]) == (Decimal("118.3125"), Decimal("0.4375"))
    assert (record["signal"], record["stat_value"], record["signal_weight"]) == ("BUY", 5, -1)


def test_the_record_says_where_it_came_from_and_when(enricher: Enricher) -> None:
    record = record_of(enricher, quote())
    assert record["active_source"] == "TOS"
    assert record["id"] == f"{TS_MS + 40}-7"
    assert record["updated_at"] == "2026-01-01T00:00:00.040Z"
    assert record["marks"] == []


@pytest.mark.parametrize(
    ("fields", "late_ms", "marks"),
    [
        ({"source": "MOCK"}, 0, ["MOCK"]),
        ({}, 60_001, ["REPLAY"]),
        ({"meta": {"delayed": True}}, 900_000, ["DELAYED"]),
        ({"meta": {"stale": True}}, 90_000_000, ["STALE"]),
        ({"meta": {"stale": False, "delayed": 1}}, 0, []),
    ],
)
def test_marks(enricher: Enricher, fields: dict[str, Any], late_ms: int, marks: list[str]) -> None:
    assert record_of(enricher, quote(**fields), arrived_ms=TS_MS + late_ms)["marks"] == marks


def test_missing_is_missing_and_zero_is_a_value(enricher: Enricher) -> None:
    record = record_of(enricher, quote(symbol="ES", last=None, bid=0, ask=None, meta=None))
    assert record["display"]["last"] is None
    assert record["display"]["bid"] == "0.00"
    assert record["display"]["spread"] is None
    assert record["change"] is None
    assert record["signal"] is None
    flat = record_of(enricher, quote(symbol="ES", last=4800, meta={"netChange": 0}))
    assert (flat["change"], flat["display"]["change"], flat["signal"]) == (0, "0.00", "HOLD")


def test_the_change_is_the_sources_own_before_ours(enricher: Enricher) -> None:
    meta = {"netChange": 0.25, "close": 18.7431}
    assert record_of(enricher, quote(symbol="VX", last=19.05, meta=meta))["change"] == Decimal("0.25")
    own = record_of(enricher, quote(symbol="VX", last=19.05, meta={"close": 18.7431}))
    assert own["change"] == Decimal("0.3069")


def test_an_unknown_instrument_keeps_every_digit(enricher: Enricher) -> None:
    record = record_of(enricher, quote(symbol="AAPL", last=1.000000001, bid=230, ask=230.5))
    assert (record["display"]["last"], record["display"]["bid"], record["display"]["ask"]) == (
        "1.000000001",
        "230.00",
        "230.50",
    )
    assert record["signal"] is None
