"""How the whole of Thor stands, for the health page: processes, streams, freshness against market hours, versions.

Asked for when somebody looks, never on the hot path. What does not answer is named under `faults` and left out.
"""

import asyncio
import platform
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.metadata import version
from typing import Any, Final

import orjson

import thor_fast
from collectors import keys
from collectors.bus import Bus, BusError
from collectors.instruments import Instruments
from thor_web.futuretrading.interface import Enricher
from thor_web.livedata.interface import Hub
from thor_web.runtime.status import read_processes
from thor_web.timezones.interface import market_of, session_state, traded_markets, world_clock

__all__ = ["health_document", "shown_reject"]

REDIS_LIMIT_S: Final = 2.0
MOST_REJECT_TEXT: Final = 600
"""Characters of a refused input that are shown."""
MOCK: Final = "MOCK"
COUNTERS: Final = ("events", "events_out", "clients", "runs_done")
"""What a process counts, the first that it has."""


async def health_document(
    bus: Bus, hub: Hub, enricher: Enricher, instruments: Instruments, *, stale_after_ms: int
) -> dict[str, Any]:
    """The document of `/api/health`, without what Postgres says."""
    now = datetime.now(UTC)
    faults: dict[str, str] = {}
    found: dict[str, Any] = {"processes": {}, "streams": {}, "rejects": None}
    try:
        async with asyncio.timeout(REDIS_LIMIT_S):
            found = await read_processes(bus)
    except (BusError, TimeoutError) as error:
        faults["redis"] = str(error) or "no answer in time"
    return {
        "now": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "processes": [_process(name, fields) for name, fields in found["processes"].items()],
        "streams": [_stream(name, stream) for name, stream in found["streams"].items()],
        "rejects": found["rejects"],
        "symbols": _freshness(hub, instruments, now, stale_after_ms),
        "versions": {
            "thor": version("thor"),
            "thor_fast": thor_fast.__version__,
            "python": platform.python_version(),
            "configuration": str(enricher.configuration.version),
            "calendars": f"verified through {_verified_through()}",
        },
        "faults": faults,
    }


def shown_reject(entry: Mapping[str, str]) -> dict[str, Any]:
    """A refused input as it may be shown: bounded, and whatever does not print written out."""
    data = entry.get("data", "")
    ms = int(entry["id"].partition("-")[0])
    return {
        "id": entry["id"],
        "at": datetime.fromtimestamp(ms / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "source": _printable(entry.get("source", "")),
        "code": _printable(entry.get("code", "")),
        "field": _printable(entry.get("field", "")) or None,
        "message": _printable(entry.get("message", "")),
        "data": _printable(data),
        "data_length": len(data),
    }


def _printable(text: str) -> str:
    shown = "".join(it if it.isprintable() else it.encode("unicode_escape").decode() for it in text[:MOST_REJECT_TEXT])
    return shown[:MOST_REJECT_TEXT] + ("…" if len(text) > MOST_REJECT_TEXT or len(shown) > MOST_REJECT_TEXT else "")


def _verified_through() -> date:
    """The first date at which the calendar of a market that is traded ends to be verified."""
    return min(world_clock().market(market).calendar.verified_through for market in traded_markets())


def _process(name: str, fields: Mapping[str, str]) -> dict[str, Any]:
    counted = next((fields[counter] for counter in COUNTERS if counter in fields), "")
    told_ms = fields.get("time_ms", "")
    return {
        "name": name,
        "state": fields.get("state", "alive"),
        "problem": fields.get("problem") or None,
        "age_ms": max(0, time.time_ns() // 1_000_000 - int(told_ms)) if told_ms.isdigit() else None,
        "count": int(counted) if counted.isdigit() else None,
        "pid": int(fields["pid"]) if fields.get("pid", "").isdigit() else None,
    }


def _stream(name: str, stream: Mapping[str, Any]) -> dict[str, Any]:
    groups = [
        {"name": group.rpartition(":")[2], "lag": counts["lag"], "pending": counts["pending"]}
        for group, counts in stream["groups"].items()
    ]
    return {
        "name": keys.source_of(name),
        "length": stream["length"],
        "added": stream["added"],
        "last_id": stream["last_id"],
        "groups": groups,
    }


def _freshness(hub: Hub, instruments: Instruments, now: datetime, stale_after_ms: int) -> list[dict[str, Any]]:
    """Each instrument and whatever else is quoted. Silence is told as such only where the market is open."""
    now_ms = round(now.timestamp() * 1_000)
    newest = dict(hub.newest)
    markets = {instrument.symbol: market_of(instrument.market) for instrument in instruments}
    states = {market: session_state(market, now) for market in set(markets.values())}
    rows = []
    for symbol in dict.fromkeys([*markets, *sorted(newest)]):
        frame, market = newest.get(symbol), markets.get(symbol)
        session = states[market] if market is not None else None
        source = orjson.loads(frame.data)["source"] if frame is not None else None
        age_ms = max(0, now_ms - frame.position[0]) if frame is not None else None
        is_open = None if session is None else session.is_open and not session.halted
        rows.append(
            {
                "symbol": symbol,
                "source": source,
                "age_ms": age_ms,
                "market": market,
                "market_open": is_open,
                "phase": session.phase if session is not None else None,
                "state": _state(age_ms, stale_after_ms, awake=is_open is not False or source == MOCK),
            }
        )
    return rows


def _state(age_ms: int | None, stale_after_ms: int, *, awake: bool) -> str:
    """`awake`: somebody should be speaking: the market is open, or the source is the mock, which never closes."""
    if age_ms is None:
        return "silent" if awake else "closed"
    if age_ms <= stale_after_ms:
        return "fresh"
    return "stale" if awake else "closed"
