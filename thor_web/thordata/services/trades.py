"""Trades for footprint charts, inferred from stored quotes: which were trades, and which side began each.

A quote that repeats the last price and size of the one before tells of no trade but of a change of bid or ask; two
trades alike in a row are one here. Who began a trade is inferred as Lee and Ready do (Journal of Finance 46, 1991):
above the middle of bid and ask a buyer, below it a seller; at the middle, or without both, by the last change of price.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from thor_web.thordata.services.history import TickQuery, as_of, read_page
from thor_web.thordata.settings import StorageSettings

__all__ = ["TRADE_SCHEMA", "read_trades", "trades_of"]

TRADE_FIELDS: "Final[list[pa.Field[Any]]]" = [
    pa.field("ts", pa.int64(), nullable=False),
    pa.field("price", pa.float64(), nullable=False),
    pa.field("qty", pa.float64(), nullable=False),
    pa.field("is_sell", pa.bool_(), nullable=False),
]
TRADE_SCHEMA: Final = pa.schema(TRADE_FIELDS)
"""Milliseconds UTC, price, contracts or shares, and whether a seller began it."""
COLUMNS: Final = ["ts", "last", "bid", "ask", "last_size"]
MICROSECOND: Final = timedelta(microseconds=1)
MILLISECOND: Final = timedelta(milliseconds=1)
MOST_AT_ONCE: Final = 1_000_000
"""Ticks of one millisecond: more than any feed has."""


def read_trades(settings: StorageSettings, query: TickQuery, limit: int) -> pa.Table:
    """The first trades of a query, out of about `limit` ticks; none only where there are none in all of it.

    Whoever goes on does so a millisecond behind the last one, so no millisecond is cut in two. The pages are the same
    trades whatever the limit is.
    """
    while True:
        before = as_of(settings, query.symbol, query.start - MICROSECOND, query.source)
        ticks, following = read_page(settings, query, limit)
        if following is None:
            return trades_of(before, ticks)
        cut = _millisecond(following[0])
        found = trades_of(before, ticks.filter(pc.less(ticks["ts"], pa.scalar(cut, ticks.schema.field("ts").type))))
        if len(found):
            return found
        # Nothing traded before the cut: its millisecond as a whole, then on behind it.
        through = replace(query, end=min(cut + MILLISECOND, query.end))
        found = trades_of(before, read_page(settings, through, MOST_AT_ONCE)[0])
        if len(found) or through.end >= query.end:
            return found
        query = replace(query, start=through.end)


def trades_of(before: pa.Table, ticks: pa.Table) -> pa.Table:
    """Ticks in order of time as trades, in the columns of TRADE_SCHEMA. `before` is the tick before them, if any."""
    last, size = pl.col("last"), pl.col("last_size")
    repeated = (last == last.shift()) & (size == size.shift())
    # Twice the price against the sum of both sides: the middle itself need not be a decimal of nine places.
    twice, sides = last + last, pl.col("bid") + pl.col("ask")
    step = pl.when(last != last.shift()).then(last < last.shift()).forward_fill().fill_null(value=False)
    frame = (
        pl.DataFrame(pl.from_arrow(pa.concat_tables([before, ticks]).select(COLUMNS)))
        .with_row_index()
        .filter(last.is_not_null() & (size > 0))
        .with_columns(
            new=(pl.col("index") >= len(before)) & ~repeated.fill_null(value=False),
            is_sell=pl.when(twice > sides)
            .then(statement=False)
            .when(twice < sides)
            .then(statement=True)
            .otherwise(step),
        )
        .filter("new")
        .select(
            pl.col("ts").dt.epoch("ms"),
            last.cast(pl.Float64).alias("price"),
            size.cast(pl.Float64).alias("qty"),
            "is_sell",
        )
    )
    return frame.to_arrow().cast(TRADE_SCHEMA)


def _millisecond(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1_000 * 1_000)
