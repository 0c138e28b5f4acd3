"""The status document of a running Thor: processes, streams with lag, stored ticks, freshness. Only looks.

Works from a state folder alone. A server that cannot be reached is said in the document, under `faults`.
"""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from collectors import keys
from collectors.bus import Bus, BusError, StreamState
from thor_web.runtime.errors import ThorError
from thor_web.runtime.state import StateFolder
from thor_web.thordata.settings import StorageSettings

__all__ = ["read_processes", "read_status", "summary_rows"]

REDIS_LIMIT_S: Final = 10.0
COUNT_TICKS: Final = "SELECT count(*) FROM ticks"


def read_status(state: StateFolder) -> dict[str, Any]:
    """The whole document. Raises ThorError when neither Redis nor Postgres answers."""
    settings = StorageSettings()
    servers = state.read_servers()
    faults: dict[str, str] = {}
    document: dict[str, Any] = {
        "state": str(state.path),
        "pid": state.holder(),
        "running": state.holder() is not None,
        "web_url": servers.web_url if servers else None,
        "processes": {},
        "streams": {},
        "symbols": {},
        "rejects": None,
        "ticks": {"rows": None},
    }
    try:
        document |= asyncio.run(_read_redis(settings.redis_url.get_secret_value()))
    except (BusError, TimeoutError) as error:
        faults["redis"] = str(error) or "no answer in time"
    try:
        document["ticks"] = _ticks(settings.conninfo())
    except ThorError as error:
        faults["postgres"] = str(error)
    if document["running"] and "redis" not in faults and not document["processes"]:
        faults["processes"] = "none has said lately that it lives: a Redis whose disk or memory is full takes no writes"
    if len(faults) == 2:
        where = f"in {state.path}" if not document["running"] else "here"
        why = "; ".join(f"{name}: {fault.rstrip('.')}" for name, fault in faults.items())
        raise ThorError(f"No Thor answers {where}: start one with `thor up`, or name its folder with --state ({why}).")
    return document | {"faults": faults}


async def _read_redis(url: str) -> dict[str, Any]:
    bus = Bus.from_url(url)
    try:
        async with asyncio.timeout(REDIS_LIMIT_S):
            return await read_processes(bus) | {"symbols": _freshness(await bus.read_latest())}
    finally:
        await bus.close()


async def read_processes(bus: Bus) -> dict[str, Any]:
    """What processes last said of themselves, how streams stand and how much was refused. Raises BusError."""
    names = [keys.source_stream(source) for source in await bus.sources()]
    streams = {name: await bus.stream_state(name) for name in (*names, keys.UNIFIED_STREAM)}
    rejects = await bus.stream_state(keys.REJECTS_STREAM)
    return {
        "processes": await bus.health(),
        "streams": {name: _stream(found) for name, found in streams.items() if found},
        "rejects": rejects.length if rejects else 0,
    }


def _stream(found: StreamState) -> dict[str, Any]:
    return {
        "length": found.length,
        "added": found.added,
        "last_id": found.last_id,
        "groups": {group.name: {"lag": group.lag, "pending": group.pending} for group in found.groups},
    }


def _freshness(latest: dict[str, dict[bytes, bytes]]) -> dict[str, Any]:
    """Which source stands for each symbol and how old its newest event is, in ms."""
    now = datetime.now(UTC)
    found: dict[str, Any] = {}
    for symbol, fields in sorted(latest.items()):
        updated = fields.get(b"updated_at", b"").decode()
        age = now - datetime.fromisoformat(updated) if updated else None
        found[symbol] = {
            "active_source": fields.get(b"active_source", b"").decode() or None,
            "updated_at": updated or None,
            "age_ms": None if age is None else max(0, round(age.total_seconds() * 1000)),
        }
    return found


def _ticks(conninfo: str) -> dict[str, Any]:
    """The exact number of stored ticks, and the partitions with their sizes in bytes, oldest first."""
    import psycopg  # noqa: PLC0415 - half a second that a page about Redis alone need not wait for

    from thor_web.thordata.interface import tick_partitions  # noqa: PLC0415 - as psycopg

    try:
        with psycopg.connect(conninfo) as connection:
            row = connection.execute(COUNT_TICKS).fetchone()
            parts = tick_partitions(connection)
    except psycopg.errors.UndefinedTable:
        return {"rows": 0, "bytes": 0, "partitions": []}
    except psycopg.Error as error:
        raise ThorError(" ".join(str(error).split())) from error
    return {
        "rows": int(row[0]) if row else 0,
        "bytes": sum(part.table_bytes + part.index_bytes for part in parts),
        "partitions": [asdict(part) | {"day": part.day.isoformat()} for part in parts],
    }


def _ticks_text(ticks: dict[str, Any]) -> str:
    if not ticks.get("partitions"):
        return f"{ticks['rows']} rows"
    size = ticks["bytes"] / 1024**2
    return f"{ticks['rows']} rows, {size:,.1f} MiB in {len(ticks['partitions'])} partitions"


def summary_rows(document: dict[str, Any]) -> list[tuple[str, str]]:
    """The document as a few lines for a person."""
    rows = [
        ("thor up", f"pid {document['pid']}" if document["running"] else "does not run from this folder"),
        ("dashboard", document["web_url"] or "-"),
        ("ticks", _ticks_text(document["ticks"])),
        ("rejects", str(document["rejects"])),
    ]
    for name, fields in document["processes"].items():
        rows.append((name, fields.get("state", "alive")))
    for name, stream in document["streams"].items():
        groups = ", ".join(
            f"{group} lag {counts['lag']} pending {counts['pending']}" for group, counts in stream["groups"].items()
        )
        rows.append((name, f"{stream['length']} entries" + (f"; {groups}" if groups else "")))
    for symbol, fresh in document["symbols"].items():
        rows.append((symbol, f"{fresh['active_source']}, {fresh['age_ms']} ms old"))
    for name, fault in document["faults"].items():
        rows.append((name, fault))
    return rows
