"""How the market's data stands, seen from a web process: freshness against the market's hours, streams, calendars.

Asked for at each scrape, never on the hot path. What cannot be known just now is left out, as everywhere in `/metrics`.
"""

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import orjson

from collectors import keys
from collectors.bus import Bus, BusError
from collectors.instruments import Instruments
from collectors.metrics import Family, Heartbeat, by_json, number
from thor_web.futuretrading.interface import Enricher
from thor_web.livedata.interface import Hub
from thor_web.timezones.interface import market_names, market_of, session_state, world_clock

__all__ = ["CLOCK_METRICS", "MARKET_METRICS", "SIGNALS_METRICS", "market_health"]

MARKET_METRICS: Final = (
    Family("thor_symbol_age_seconds", "gauge", "Age of the newest quote of a symbol.", by_json("ages"), "symbol"),
    Family(
        "thor_symbol_market_open", "gauge", "1 while the market of a quoted symbol is open.", by_json("open"), "symbol"
    ),
    Family("thor_market_open", "gauge", "1 while a market is open.", by_json("markets"), "market"),
    Family("thor_calendar_horizon_days", "gauge", "Days a calendar is verified ahead.", by_json("horizon"), "market"),
    Family("thor_stream_length", "gauge", "Entries of a stream.", by_json("lengths"), "stream"),
    Family("thor_stream_lag", "gauge", "Entries a group has not read yet.", by_json("lags"), "group"),
    Family("thor_stream_pending", "gauge", "Entries a group has not finished.", by_json("pending"), "group"),
    Family("thor_signal_coverage_ratio", "gauge", "Share of quoted symbols that have a signal.", number("coverage")),
)
CLOCK_METRICS: Final = (
    Family("thor_clock_runs_done", "counter", "Triggered runs that succeeded.", number("runs_done")),
    Family("thor_clock_runs_failed", "counter", "Triggered runs that failed.", number("runs_failed")),
    Family("thor_clock_markets", "gauge", "Markets that the clock knows.", number("markets")),
)
SIGNALS_METRICS: Final = (
    Family("thor_signals_config_version", "gauge", "Version of the configuration in force.", number("config_version")),
    Family(
        "thor_signal_accuracy_ratio",
        "gauge",
        "Share of decided grades of the newest 10,000 signals that worked, by measure.",
        by_json("accuracy"),
        "measure",
    ),
    Family(
        "thor_signal_mock_accuracy_ratio",
        "gauge",
        "The same of the made-up market.",
        by_json("accuracy_mock"),
        "measure",
    ),
    Family("thor_signals_recorded", "counter", "Changes of signals that were stored.", number("signals")),
    Family("thor_signals_graded", "counter", "Grades of signals that were stored.", number("grades")),
)


async def market_health(bus: Bus, hub: Hub, enricher: Enricher, instruments: Instruments) -> Heartbeat:
    """The fields that MARKET_METRICS reads."""
    found: dict[str, str | int | float] = _quotes(hub, enricher, instruments) | _calendars()
    with suppress(BusError):
        found |= await _streams(bus)
    return found


def _quotes(hub: Hub, enricher: Enricher, instruments: Instruments) -> dict[str, str | int | float]:
    now, now_ms = datetime.now(UTC), time.time_ns() // 1_000_000
    markets = {instrument.symbol: market_of(instrument.market) for instrument in instruments}
    newest = dict(hub.newest)
    ages = {symbol: max(0, now_ms - frame.position[0]) / 1_000 for symbol, frame in newest.items()}
    is_open = {
        symbol: int(session_state(markets[symbol], now).is_open is True) for symbol in newest if symbol in markets
    }
    signals = [orjson.loads(frame.record(enricher)).get("signal") for frame in newest.values()]
    fields: dict[str, str | int | float] = {"ages": _json(ages), "open": _json(is_open)}
    if signals:
        fields["coverage"] = sum(signal is not None for signal in signals) / len(signals)
    return fields


def _calendars() -> dict[str, str | int | float]:
    now = datetime.now(UTC)
    calendars = {name: world_clock().market(name).calendar for name in market_names()}
    horizon = {name: (calendar.verified_through - now.date()).days for name, calendar in calendars.items()}
    return {
        "markets": _json({name: int(session_state(name, now).is_open is True) for name in calendars}),
        "horizon": _json(horizon),
    }


async def _streams(bus: Bus) -> dict[str, str | int | float]:
    names = [keys.source_stream(source) for source in await bus.sources()]
    lengths, lags, pending = {}, {}, {}
    for name in (*names, keys.UNIFIED_STREAM, keys.REJECTS_STREAM):
        state = await bus.stream_state(name)
        if state is None:
            continue
        lengths[name] = state.length
        for group in state.groups:
            label = f"{keys.source_of(name)}:{group.name.rpartition(':')[2]}"
            pending[label] = group.pending
            if group.lag is not None:
                lags[label] = group.lag
    return {"lengths": _json(lengths), "lags": _json(lags), "pending": _json(pending)}


def _json(values: dict[str, int] | dict[str, float]) -> str:
    return orjson.dumps(values).decode()
