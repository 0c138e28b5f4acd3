"""The nightly proof: the signals that were shown live on a trade date, against those of the day replayed from the lake.

The live recorder keeps each change of a signal with the instant of the event that made it. The same changes are made
here from the Parquet of that day. Both go into a hash chain: each link is SHA-256 over the one before it and the line
`symbol|source|microseconds|signal`. Equal last links mean equal signals at equal events; else the first line in which
the two differ is named. What the live path did not take (another source, an event older than the newest) it did not
show, and then the chains differ and say where.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import polars as pl
import psycopg
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from collectors.instruments import load_instruments
from thor_web.thordata.backtest.contracts import session_span, us
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.live_signals import live_classifier
from thor_web.thordata.backtest.market_data import TickData, load_ticks
from thor_web.thordata.backtest.parity import NAMES

__all__ = ["Seal", "keep_seals", "listed_seals", "seal_day"]

MOST_LISTED: Final = 200
BEGINNING: Final = bytes(32)

Change = tuple[str, str, int, str]
"""Symbol, source, instant in microseconds, signal."""


@dataclass(frozen=True, slots=True)
class Seal:
    """One symbol of one trade date: both chains' last links, and where they first differ."""

    trade_date: date
    symbol: str
    source: str
    data_hash: str
    live_count: int
    engine_count: int
    live: str
    engine: str
    difference: Mapping[str, Any] | None

    @property
    def match(self) -> bool:
        return self.live == self.engine

    def to_json(self) -> dict[str, Any]:
        """The seal as JSON values."""
        return {
            "trade_date": self.trade_date.isoformat(),
            "symbol": self.symbol,
            "source": self.source,
            "data_hash": self.data_hash,
            "live_count": self.live_count,
            "engine_count": self.engine_count,
            "live": self.live,
            "engine": self.engine,
            "match": self.match,
            "difference": self.difference,
        }


def seal_day(connection: psycopg.Connection[DictRow], lake: Path, symbols: Sequence[str], day: date) -> list[Seal]:
    """A seal a symbol, of the symbol's own session. Raises BacktestError, psycopg.OperationalError."""
    return [_seal(connection, lake, symbol, day) for symbol in symbols]


def _seal(connection: psycopg.Connection[DictRow], lake: Path, symbol: str, day: date) -> Seal:
    instruments = load_instruments()
    instrument = instruments.get(symbol)
    if instrument is None:
        raise BacktestError("unknown_symbol", f"the registry has no symbol {symbol[:40]!r}")
    opens, closes = session_span(instrument.market, day)
    ticks = load_ticks(
        lake, symbols=[symbol], start=opens, end=closes, instruments=instruments, classifier=live_classifier()
    )
    shown = list(_live(connection, symbol, opens, closes))
    replayed = list(_replayed(ticks, _before(connection, symbol, opens)))
    return Seal(
        trade_date=day,
        symbol=symbol,
        source=ticks.frame["source"][0],
        data_hash=ticks.manifest.digest,
        live_count=len(shown),
        engine_count=len(replayed),
        live=chain(shown),
        engine=chain(replayed),
        difference=_first_difference(shown, replayed),
    )


def chain(changes: Iterable[Change]) -> str:
    """The last link."""
    link = BEGINNING
    for change in changes:
        link = hashlib.sha256(link + "|".join(str(part) for part in change).encode()).digest()
    return link.hex()


def _live(connection: psycopg.Connection[DictRow], symbol: str, opens: datetime, closes: datetime) -> Iterator[Change]:
    """What the recorder kept, in the order of the stream."""
    rows = connection.execute(
        "SELECT source, at, signal FROM futuretrading_tradingsignal WHERE symbol = %s AND at >= %s AND at < %s "
        "ORDER BY stream_ms, stream_number",
        (symbol, opens, closes),
    )
    for row in rows:
        yield symbol, str(row["source"]), us(row["at"]), str(row["signal"])


def _before(connection: psycopg.Connection[DictRow], symbol: str, opens: datetime) -> str | None:
    """The signal that stood when the session began: only another one is a change."""
    row = connection.execute(
        "SELECT signal FROM futuretrading_tradingsignal WHERE symbol = %s AND at < %s "
        "ORDER BY stream_ms DESC, stream_number DESC LIMIT 1",
        (symbol, opens),
    ).fetchone()
    return str(row["signal"]) if row else None


def _replayed(ticks: TickData, standing: str | None) -> Iterator[Change]:
    """The changes of the signal in the day's ticks."""
    known = ticks.frame.filter(pl.col("signal").is_not_null())
    changed = known.filter(pl.col("signal") != pl.col("signal").shift(1).fill_null(-128))
    for symbol, source, ts_us, code in changed.select("symbol", "source", "ts_us", "signal").iter_rows():
        name = NAMES[code]
        if name != standing:
            yield symbol, source, ts_us, name
        standing = name


def _first_difference(shown: Sequence[Change], replayed: Sequence[Change]) -> Mapping[str, Any] | None:
    for place, (live, engine) in enumerate(zip_longest(shown, replayed)):
        if live != engine:
            return {"place": place, "live": _words(live), "engine": _words(engine)}
    return None


def _words(change: Change | None) -> dict[str, Any] | None:
    return None if change is None else {"source": change[1], "ts_us": change[2], "signal": change[3]}


def keep_seals(connection: psycopg.Connection[DictRow], seals: Sequence[Seal]) -> None:
    """Store seals; earlier ones of the same day stay."""
    with connection.transaction():
        for it in seals:
            connection.execute(
                "INSERT INTO backtest_seals (trade_date, symbol, source, data_hash, live_count, engine_count, live, "
                "engine, difference) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    it.trade_date, it.symbol, it.source, it.data_hash, it.live_count, it.engine_count, it.live,
                    it.engine, Jsonb(it.difference) if it.difference else None,
                ),
            )  # fmt: skip


def listed_seals(connection: psycopg.Connection[DictRow], *, limit: int = 50) -> list[dict[str, Any]]:
    """The newest seals."""
    rows = connection.execute(
        "SELECT id, sealed_at, trade_date, symbol, source, data_hash, live_count, engine_count, live, engine, "
        "live = engine AS match, difference FROM backtest_seals ORDER BY id DESC LIMIT %s",
        (min(limit, MOST_LISTED),),
    )
    return [dict(row) for row in rows]
