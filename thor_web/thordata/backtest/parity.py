"""The proof that a backtest saw the signals that run live: one digest over (key, signal), made both ways.

The live way turns each stored tick back into its canonical event and lets the live enricher write its record; the
engine's way is the column of signals the run was played on. Equal digests mean equal signals, event for event.
"""

import hashlib
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

import orjson
import polars as pl

from thor_fast import QuoteEvent, register_source
from thor_web.thordata.backtest.market_data import TickData

__all__ = ["NAMES", "engine_digest", "live_digest"]

NAMES: Final = {2: "STRONG_BUY", 1: "BUY", 0: "HOLD", -1: "SELL", -2: "STRONG_SELL"}
CHUNK: Final = 4_096


def digest(rows: Iterable[tuple[str, str, int, int | None, str | None]]) -> str:
    """SHA-256 over a line an event: symbol, source, ts, seq, signal."""
    running = hashlib.sha256()
    for symbol, source, ts_us, seq, signal in rows:
        running.update(f"{symbol}|{source}|{ts_us}|{'' if seq is None else seq}|{signal or ''}\n".encode())
    return running.hexdigest()


def engine_digest(data: TickData) -> str:
    """The digest of the signals that the run was played on."""
    rows = data.frame.select("symbol", "source", "ts_us", "seq", "signal").iter_rows()
    return digest((*row[:4], None if row[4] is None else NAMES[row[4]]) for row in rows)


def live_digest(data: TickData, records: Any) -> str:
    """The digest of the signals in the records that the live path writes of the same events.

    `records` maps an event and its stream id to the record, as the live enricher does.
    """
    for name in data.frame["source"].unique():
        register_source(name)

    def rows() -> Iterator[tuple[str, str, int, int | None, str | None]]:
        for event in events_of(data.frame):
            record = orjson.loads(records(event, f"{event.ts_us // 1_000}-0"))
            yield event.symbol, event.source, event.ts_us, event.seq, record["signal"]

    return digest(rows())


def events_of(frame: pl.DataFrame) -> Iterator[QuoteEvent]:
    """The canonical events that ticks were made of."""
    names = (
        "symbol",
        "ts_us",
        "source",
        "last",
        "bid",
        "ask",
        "last_size",
        "bid_size",
        "ask_size",
        "seq",
        "cond",
        "extra",
    )
    for row in frame.select(names).iter_rows(named=True):
        extra = orjson.loads(row["extra"]) if row["extra"] else {}
        prices = {name: None if row[name] is None else Decimal(row[name]).scaleb(-9) for name in ("last", "bid", "ask")}
        meta = extra.get("meta")
        yield QuoteEvent(
            symbol=row["symbol"],
            ts_us=row["ts_us"],
            source=row["source"],
            **prices,
            last_size=row["last_size"],
            bid_size=row["bid_size"],
            ask_size=row["ask_size"],
            seq=row["seq"],
            condition=row["cond"],
            venue=extra.get("venue"),
            meta=None if meta is None else orjson.dumps(meta).decode(),
        )
