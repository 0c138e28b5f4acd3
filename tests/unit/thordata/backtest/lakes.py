"""Small lakes for tests: canonical events as the export writes them, without a database in between."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import polars as pl

from thor_fast import QuoteBatch

SCHEMA: dict[str, Any] = {
    "symbol": pl.String,
    "ts": pl.Datetime("us", "UTC"),
    "last": pl.Decimal(19, 9),
    "bid": pl.Decimal(19, 9),
    "ask": pl.Decimal(19, 9),
    "last_size": pl.Int32,
    "bid_size": pl.Int32,
    "ask_size": pl.Int32,
    "source": pl.String,
    "cond": pl.String,
    "seq": pl.Int64,
    "extra": pl.String,
}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write_lake(lake: Path, batch: QuoteBatch, day: date) -> None:
    """The events of a batch as one trade date's partitions."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for event in (batch[position] for position in range(len(batch))):
        extra = {"venue": event.venue} if event.venue else {}
        meta = {"meta": orjson.loads(event.meta)} if event.meta else {}
        row = {
            "symbol": event.symbol, "ts": EPOCH + timedelta(microseconds=event.ts_us), "last": event.last,
            "bid": event.bid, "ask": event.ask, "last_size": event.last_size, "bid_size": event.bid_size,
            "ask_size": event.ask_size, "source": event.source, "cond": event.condition, "seq": event.seq,
            "extra": orjson.dumps(extra | meta).decode(),
        }  # fmt: skip
        rows.setdefault(event.symbol, []).append(row)
    for symbol, found in rows.items():
        write_partition(lake, day, symbol, found)


def write_partition(lake: Path, day: date, symbol: str, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of the ticks table as one partition."""
    folder = lake / f"date={day.isoformat()}" / f"symbol={quote(symbol, safe='')}"
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, schema=SCHEMA).sort("ts", "seq", maintain_order=True).write_parquet(folder / "ticks.parquet")
