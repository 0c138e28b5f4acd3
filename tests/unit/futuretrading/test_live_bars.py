"""The growing bars of a symbol, as a stream carries them before each event."""

import json
from typing import Any

import pytest

from thor_fast import QuoteBatch, parse_batch
from thor_web.futuretrading.services.enrichment import Enricher
from thor_web.futuretrading.services.stream_parameters import INTERVALS, intervals
from thor_web.livedata.interface import Frame, StreamRequest
from thor_web.problems import Problem

START_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z, in the evening session of Chicago that is the trade date of the first of January."""


def batch_of(*quotes: tuple[int, float | None]) -> QuoteBatch:
    """Quotes of ES: milliseconds after the start, and the last price."""
    events = [
        {
            "symbol": "ES", "ts": START_MS + ms, "source": "TOS", "last": last, "bid": 1, "ask": 2, "lastSize": 1,
            "bidSize": 1, "askSize": 1, "seq": number, "meta": {"volume": 100 + 10 * number},
        }
        for number, (ms, last) in enumerate(quotes)
    ]  # fmt: skip
    batch, rejects = parse_batch([json.dumps(event).encode() for event in events])
    assert not rejects
    return batch


def bars_of(enricher: Enricher, batch: QuoteBatch) -> list[list[dict[str, Any] | None]]:
    ids = [f"{START_MS + 9_000 + number}-0" for number in range(len(batch))]
    made = enricher.core.observe_bars(batch, ids)
    return [[json.loads(bar) if bar else None for bar in bars] for bars in made]


def test_each_event_has_the_bars_as_they_were_after_it() -> None:
    enricher = Enricher.shipped(stale_after_ms=5_000)
    found = bars_of(enricher, batch_of((100, 5.0), (900, 7.25), (1_200, None), (1_500, 6.0)))
    assert found[0][0] == {
        "symbol": "ES",
        "mock": False,
        "interval": "1s",
        "start": "2026-01-01T00:00:00.000Z",
        "open": 5.0,
        "high": 5.0,
        "low": 5.0,
        "close": 5.0,
        "volume": 0,
        "events": 1,
    }
    seconds = [bars[0] for bars in found]
    assert [(bar["start"][17:19], bar["high"], bar["close"], bar["events"]) for bar in seconds if bar] == [
        ("00", 5.0, 5.0, 1),
        ("00", 7.25, 7.25, 2),
        ("00", 7.25, 7.25, 2),
        ("01", 6.0, 6.0, 1),
    ]
    minutes = [bars[1] for bars in found]
    assert [(bar["open"], bar["high"], bar["low"], bar["close"], bar["volume"]) for bar in minutes if bar] == [
        (5.0, 5.0, 5.0, 5.0, 0),
        (5.0, 7.25, 5.0, 7.25, 10),
        (5.0, 7.25, 5.0, 7.25, 10),
        (5.0, 7.25, 5.0, 6.0, 30),
    ]
    assert [bar["interval"] for bar in found[-1] if bar] == list(INTERVALS)


def test_the_intervals_are_the_core_s() -> None:
    enricher = Enricher.shipped(stale_after_ms=5_000)
    enricher.observe(batch_of((0, 5.0)), [f"{START_MS}-0"])
    assert [name for name, _ in enricher.core.bars("ES")] == list(INTERVALS)


def test_a_symbol_without_a_price_has_no_bars() -> None:
    enricher = Enricher.shipped(stale_after_ms=5_000)
    assert bars_of(enricher, batch_of((0, None))) == [[None] * 5]


def test_messages_carry_the_wanted_bars_before_the_event() -> None:
    enricher = Enricher.shipped(stale_after_ms=5_000)
    batch = batch_of((100, 5.0), (1_500, 6.0))
    ids = [f"{START_MS}-0", f"{START_MS}-1"]
    frames = [Frame(ids[i], (START_MS, i), "ES", sse) for i, sse in enumerate(batch.to_sse(ids))]
    enricher.take(frames, bars=True)
    message = StreamRequest(bars=(0, 4)).each(frames[1:]).decode()
    first, second, event = message.strip().split("\n\n")
    assert first.startswith('event: bar\ndata: {"symbol":"ES","mock":false,"interval":"1s"')
    assert second.startswith('event: bar\ndata: {"symbol":"ES","mock":false,"interval":"1d"')
    assert event == frames[1].sse.decode().strip()
    together = StreamRequest(bars=(1,), conflate_hz=1.0).together([], frames).decode()
    bars, quotes = together.strip().split("\n\n")
    assert bars.startswith('event: bars\ndata: [{"symbol":"ES"')
    assert [bar["close"] for bar in json.loads(bars.partition("data: ")[2])] == [5.0, 6.0]
    assert "event: quotes" in quotes
    # Who asks for none gets none, and a frame from before anybody asked has none.
    assert b"event: bar" not in StreamRequest().each(frames)
    enricher.take([bare := Frame(f"{START_MS}-2", (START_MS, 2), "ES", batch.to_sse([f"{START_MS}-2"] * 2)[1])])
    assert StreamRequest(bars=(0,)).each([bare]) == bare.sse


def test_intervals_are_named_in_any_order_and_once() -> None:
    assert intervals({"bars": "1d,1s,,1d"}, "bars") == (0, 4)
    assert intervals({}, "bars") == ()
    with pytest.raises(Problem, match="intervals are 1s, 1m, 5m, 1h, 1d, was '2m'"):
        intervals({"bars": "1s,2m"}, "bars")
