"""Records of a snapshot of 500 symbols, and the composite after an event, beside the same written in plain Python.

The peer computes far less than Thor: signal, change, spread, mark and ten display texts, on floats, encoded by orjson.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from benchmarks.measure import Contender, Measured, compare, timed
from thor_fast import (
    CompositeBounds,
    Enricher,
    InstrumentRules,
    QuoteBatch,
    Records,
    SignalLadder,
    parse_batch,
)

__all__ = ["composite", "snapshot"]

T = TypeVar("T")

SYMBOLS = 500
TURNS = 24
"""Markets that follow one another in a sample: last, bid, ask, change and volume of every symbol differ from one to the
next, and none comes twice, for a repeat changes nothing."""
TURN_MS = 50
NOW_MS = 1_767_225_600_000
DAY_US = 86_400_000_000


def _sessions(_market: str, at_us: int) -> tuple[int, int, int, int]:
    day = at_us // DAY_US
    return day, day * DAY_US, day * DAY_US, (day + 1) * DAY_US


def _enricher(symbols: int) -> Enricher:
    values = {"strong_buy": 6, "buy": 1, "hold": 0, "sell": -1, "strong_sell": -6}
    rules = [
        InstrumentRules(
            f"S{number}",
            market="UTC",
            display=2,
            tick=0.25,
            tick_value=12.5,
            multiplier=50,
            ladder=SignalLadder(**values, unit=1, weight=1.5, inverse=number % 3 == 0),
        )
        for number in range(symbols)
    ]
    bounds = CompositeBounds(strong_buy=9, buy=3, sell=-3, strong_sell=-9, min_live_share=0.75)
    enricher = Enricher(_sessions)
    enricher.configure(1, rules, bounds)
    return enricher


def _events(turn: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "symbol": f"S{number}",
            "ts": NOW_MS + turn * TURN_MS,
            "source": "TOS",
            "last": 4_800.25 + (number + turn) % 7,
            "bid": 4_800.0 + (number + turn) % 7,
            "ask": 4_800.5 + (number + turn) % 7,
            "lastSize": 1,
            "bidSize": 2,
            "askSize": 3 + turn % 50,
            "seq": turn,
            "meta": {"volume": 1_000 + turn, "netChange": (number + turn) % 15 - 7, "open": 4_790.5, "high": 4_810.25,
                     "low": 4_780.0, "close": 4_788.0},
        }
        for number in range(SYMBOLS)
    ]  # fmt: skip


def _batch(events: list[dict[str, Any]]) -> QuoteBatch:
    """Read from canonical JSON, which is what the unified stream holds."""
    written, rejects = parse_batch([json.dumps(event).encode() for event in events])
    batch, _ = parse_batch(written.to_json())
    assert not rejects
    return batch


def _ids(turn: int) -> list[str]:
    return [f"{NOW_MS + turn * TURN_MS}-{number}" for number in range(SYMBOLS)]


def snapshot() -> list[Measured]:
    """Events as they come to records as they are served; each has its whole state updated."""

    def thor() -> Callable[[], float]:
        enricher = _enricher(SYMBOLS)
        turns = itertools.count()

        def records(events: list[dict[str, Any]], turn: int) -> Records:
            return enricher.records(_batch(events), _ids(turn))

        for turn in itertools.islice(turns, TURNS):
            events = _events(turn)
            made = [json.loads(record) for record in records(events, turn)]
            plain = [_plain(event) for event in events]
            assert [record["signal"] for record in made] == [event["signal"] for event in plain]
            assert [record["display"]["last"] for record in made] == [event["display"]["last"] for event in plain]
            assert {record["session"]["bar"]["events"] for record in made} == {turn + 1}

        def sample() -> float:
            markets = ((_batch(_events(turn)), _ids(turn)) for turn in itertools.islice(turns, TURNS))
            return _spent(lambda market: enricher.records(*market), markets)

        return sample

    def python() -> Callable[[], float]:
        import orjson

        turns = itertools.count()

        def sample() -> float:
            markets = map(_events, itertools.islice(turns, TURNS))
            return _spent(lambda events: [orjson.dumps(_plain(event)) for event in events], markets)

        return sample

    return compare(
        "enrich-snapshot",
        "ns/snapshot",
        Contender("Thor", thor),
        peers={"python": Contender("floats + orjson", python)},
    )


def _spent(work: Callable[[T], object], markets: Iterable[T]) -> float:
    """Processor time of one market in nanoseconds, each made just before as it comes from the stream."""
    spent = 0
    for market in markets:
        started = time.process_time_ns()
        work(market)
        spent += time.process_time_ns() - started
    return spent / TURNS


def composite() -> list[Measured]:
    """The composite's row of eleven symbols, made anew."""

    def thor() -> Callable[[], float]:
        enricher = _enricher(11)
        enricher.observe(_batch(_events())[:11], _ids(0)[:11])
        total = json.loads(enricher.total(NOW_MS))
        assert (total["signal_weight_sum"], total["n_used"]) == (sum(_weights()), 11)
        return timed(lambda: enricher.total(NOW_MS), 1)

    def python() -> Callable[[], float]:
        import orjson

        weights = [(f"S{number}", weight, 1.5) for number, weight in enumerate(_weights())]

        def work() -> bytes:
            total = sum(weight for _, weight, _ in weights)
            score = sum(weight * counts for _, weight, counts in weights) / sum(counts for *_, counts in weights)
            parts = {symbol: weight * counts for symbol, weight, counts in weights}
            return orjson.dumps({"signal_weight_sum": total, "score": score, "contributions": parts})

        return timed(work, 1)

    return compare(
        "composite", "ns/event", Contender("Thor", thor), peers={"python": Contender("sums + orjson", python)}
    )


def _weights() -> list[int]:
    steps = {"STRONG_BUY": 2, "BUY": 1, "HOLD": 0, "SELL": -1, "STRONG_SELL": -2}
    signals = [steps[_plain(event)["signal"]] for event in _events()[:11]]
    return [-weight if number % 3 == 0 else weight for number, weight in enumerate(signals)]


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    meta = event["meta"]
    change = meta["netChange"]
    signal = (
        "STRONG_BUY" if change > 6 else "BUY" if change > 1 else "HOLD" if change >= -1 else "SELL" if change > -6
        else "STRONG_SELL"
    )  # fmt: skip
    spread = event["ask"] - event["bid"]
    prices = {name: event[name] for name in ("last", "bid", "ask")} | {
        name: meta[name] for name in ("open", "high", "low", "close")
    }
    display = {name: f"{value:.2f}" for name, value in prices.items()}
    display |= {
        "change": f"{change:+.2f}",
        "spread": f"{spread:.2f}",
        "percent": f"{change / meta['close'] * 100:+.2f}",
    }
    mark = min(max(event["last"], event["bid"]), event["ask"])
    return {**event, "signal": signal, "change": change, "spread": spread, "mark": mark, "display": display}
