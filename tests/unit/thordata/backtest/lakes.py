"""Small lakes for tests: canonical events as the export writes them, without a database in between."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import polars as pl

from thor_fast import QuoteBatch, QuoteEvent, parse_batch

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
OPENED_US = int(datetime(2025, 6, 9, 22, tzinfo=UTC).timestamp()) * 1_000_000
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


def made_up_market() -> QuoteBatch:
    """An hour of ES and GC from the open of 2025-06-10, with net changes that go up, down and up again."""
    events = []
    for second in range(3_600):
        for symbol, base, tick in (("ES", 6_000.0, 0.25), ("GC", 3_300.0, 0.1)):
            steps = round(40 * (1 if second // 600 % 2 else -1) * (second % 600) / 600) + second % 3
            last = base + steps * tick
            change = steps * tick
            events.append(
                QuoteEvent(
                    symbol=symbol, ts_us=OPENED_US + second * 1_000_000, source="TOS", last=round(last, 2),
                    bid=round(last - tick, 2), ask=round(last + tick, 2), last_size=1, bid_size=50, ask_size=50,
                    seq=second, meta=f'{{"netChange":{round(change, 2)},"contract":"{symbol}M25"}}',
                )
            )  # fmt: skip
    batch, rejects = parse_batch([event.to_json() for event in events])
    assert not rejects
    return batch
