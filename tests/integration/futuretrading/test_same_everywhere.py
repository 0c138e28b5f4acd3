"""One stream of events: the same signals live, from the REST snapshot's records, from Postgres and from Parquet."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow.parquet as pq

from collectors.bus import Bus
from tests.servers import Database
from thor_fast import QuoteBatch, QuoteEvent, parse_batch
from thor_web.futuretrading.interface import Enricher
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.export import run_export
from thor_web.thordata.services.lake_files import partition_path
from thor_web.thordata.services.tick_store import TickStore

SYMBOLS = ("YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB")
START = datetime(2025, 6, 11, 14, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIELDS = ("symbol", "seq", "signal", "stat_value", "contract_weight", "signal_weight", "change")


def candidates() -> Iterator[bytes]:
    """Changes on and around every threshold, missing ones, and those that Thor has to reckon itself."""
    for number in range(600):
        symbol = SYMBOLS[number % len(SYMBOLS)]
        steps = number // len(SYMBOLS) - 27
        change = Decimal(steps) * Decimal({"YM": "5", "CL": "0.025", "ZB": "0.03125"}.get(symbol, "0.05"))
        meta: dict[str, Any] = {"close": 100.5, "netChange": float(change)}
        if number % 13 == 0:
            del meta["netChange"]
        if number % 17 == 0:
            meta = {}
        at = START + timedelta(seconds=number)
        event = {"symbol": symbol, "ts": at.isoformat(), "source": "TOS", "last": float(100 + change), "bid": 100.25}
        event |= {"ask": 100.75, "lastSize": 1, "bidSize": 1, "askSize": 1, "seq": number, "venue": "CME", "meta": meta}
        yield json.dumps(event).encode()


def signals(records: Iterable[bytes]) -> list[tuple[Any, ...]]:
    """What the records say, numbers exact."""
    found = (json.loads(record, parse_float=Decimal) for record in records)
    return sorted(tuple(record[name] for name in FIELDS) for record in found)


def enriched(batch: QuoteBatch, ids: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
    enricher = Enricher.shipped(stale_after_ms=5_000)
    return signals(enricher.core.records(batch, ids or [f"{1_800_000_000_000 + i}-0" for i in range(len(batch))]))


def event_of(row: dict[str, Any]) -> QuoteEvent:
    """An event out of a stored row."""
    extra = row["extra"] if isinstance(row["extra"], dict) else json.loads(row["extra"] or "{}")
    return QuoteEvent(
        symbol=row["symbol"],
        ts_us=(row["ts"] - EPOCH) // timedelta(microseconds=1),
        source=row["source"],
        **{name: row[name] for name in ("last", "bid", "ask", "last_size", "bid_size", "ask_size", "seq")},
        venue=extra.get("venue"),
        meta=json.dumps(extra["meta"]) if "meta" in extra else None,
    )


async def test_the_same_events_give_the_same_signals(
    bus: Bus, database: Database, server_settings: ServerSettings
) -> None:
    batch, rejects = parse_batch(list(candidates()))
    assert not rejects

    ids = await bus.append_unified(batch.to_json(), retention_s=86_400)
    live = enriched(batch, ids)
    assert {row[2] for row in live} == {"STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL", None}

    enricher = Enricher.shipped(stale_after_ms=5_000)
    assert signals(enricher(event, entry_id) for event, entry_id in zip(batch, ids, strict=True)) == live

    store = await TickStore.connect(server_settings.conninfo())
    await store.store("quotes:stream:TOS", batch, (1, 0))
    await store.close()
    with psycopg.connect(database.conninfo, row_factory=psycopg.rows.dict_row) as connection:
        rows = connection.execute("SELECT * FROM ticks ORDER BY ts").fetchall()
    assert enriched(QuoteBatch.from_events(event_of(row) for row in rows)) == live

    run_export(server_settings, trade_date=date(2025, 6, 11))
    lake = server_settings.lake_folder()
    exported = [
        {"symbol": symbol, **row}
        for symbol in SYMBOLS
        for row in pq.ParquetFile(partition_path(lake, date(2025, 6, 11), symbol)).read().to_pylist()
    ]
    assert enriched(QuoteBatch.from_events(event_of(row) for row in exported)) == live
