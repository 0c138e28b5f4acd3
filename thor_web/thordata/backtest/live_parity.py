"""The nightly proof: the signals that were shown live on a trade date, against those of the day replayed from the lake.

The sealer keeps what was shown in a hash chain of blocks (`seal_chain`). Here the day is classified anew from its
Parquet, every block is written again with those signals, and its chain must arrive at the same last link. An event that
was told again under the same key is in the lake as it was told last; its earlier telling is taken as it was sealed, and
counted. What was sealed and is not in the lake, or is in the lake and was not shown, is counted too; the first breaks
the proof.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import polars as pl
import psycopg
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from collectors.instruments import load_instruments
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.live_signals import live_classifier
from thor_web.thordata.backtest.market_data import load_ticks
from thor_web.thordata.backtest.parity import NAMES
from thor_web.thordata.backtest.seal_chain import beginning, linked, unpacked
from thor_web.thordata.services.trade_dates import span_of

__all__ = ["Seal", "keep_seals", "listed_seals", "seal_day", "seals_of"]

MOST_LISTED: Final = 201
SHOWN: Final = (
    "id, sealed_at, trade_date, symbol, source, data_hash, live_count, engine_count, live, engine, blocks, retold, "
    "unshown, live = engine AND difference IS NULL AS match, difference"
)
KEY: Final = ("source", "ts_us", "seq")
LINES: Final = {"source": pl.String, "ts_us": pl.Int64, "seq": pl.Int64, "signal": pl.String}


@dataclass(frozen=True, slots=True)
class Seal:
    """One symbol of one trade date: both chains' last links, and where they first differ.

    `live_count` events were sealed in `blocks`, `engine_count` of them are in the lake; `retold` were told again under
    the same key, `unshown` events of the lake were never shown (the merge kept them out, or nobody sealed).
    """

    trade_date: date
    symbol: str
    source: str
    data_hash: str
    live_count: int
    engine_count: int
    live: str
    engine: str
    blocks: int
    retold: int
    unshown: int
    difference: Mapping[str, Any] | None

    @property
    def match(self) -> bool:
        return self.live == self.engine and self.difference is None

    def to_json(self) -> dict[str, Any]:
        """The seal as JSON values."""
        return asdict(self) | {"trade_date": self.trade_date.isoformat(), "match": self.match}


@dataclass(frozen=True, slots=True)
class _Chain:
    """Sealed blocks: one row an event with its block, and the links as they were kept."""

    events: pl.DataFrame
    links: Sequence[bytes]
    altered: int | None
    """The first block whose link does not follow from its lines; None where all do."""


def seal_day(connection: psycopg.Connection[DictRow], lake: Path, symbols: Sequence[str], day: date) -> list[Seal]:
    """A seal a symbol; without symbols, of all that were sealed that day. Raises BacktestError `not_sealed`."""
    found = connection.execute("SELECT DISTINCT symbol FROM backtest_sealed WHERE trade_date = %s", (day,)).fetchall()
    sealed = {str(row["symbol"]) for row in found}
    if unsealed := [symbol for symbol in symbols if symbol not in sealed]:
        raise BacktestError("not_sealed", f"nothing of {unsealed[0][:40]} was sealed on {day}")
    return [_seal(connection, lake, symbol, day) for symbol in symbols or sorted(sealed)]


def _seal(connection: psycopg.Connection[DictRow], lake: Path, symbol: str, day: date) -> Seal:
    chain = _chain(connection, symbol, day)
    replayed, data_hash = _replayed(lake, symbol, day, chain.events["source"].unique().sort().to_list())
    # Of a key that was told more than once the lake has the last telling.
    marked = chain.events.with_columns(retold=~pl.struct(*KEY).is_last_distinct())
    joined = marked.join(replayed, on=KEY, how="left", nulls_equal=True, maintain_order="left").with_columns(
        missing=pl.col("known").is_null()
    )
    joined = joined.with_columns(
        replayed=pl.when("retold").then("signal").when("missing").then(pl.lit("?")).otherwise("replayed")
    )
    links = list(_links(beginning(symbol, day), joined))
    unshown = replayed.join(marked, on=KEY, how="anti", nulls_equal=True).height
    return Seal(
        trade_date=day,
        symbol=symbol,
        source=",".join(marked["source"].unique().sort()),
        data_hash=data_hash,
        live_count=joined.height,
        engine_count=int((~joined["missing"]).sum()),
        live=chain.links[-1].hex(),
        engine=links[-1].hex(),
        blocks=len(chain.links),
        retold=int(marked["retold"].sum()),
        unshown=unshown,
        difference=_first_difference(chain, joined),
    )


def _chain(connection: psycopg.Connection[DictRow], symbol: str, day: date) -> _Chain:
    rows = connection.execute(
        "SELECT place, lines, link FROM backtest_sealed WHERE symbol = %s AND trade_date = %s ORDER BY place",
        (symbol, day),
    )
    events: list[pl.DataFrame] = []
    links: list[bytes] = []
    altered: int | None = None
    before = beginning(symbol, day)
    for expected, row in enumerate(rows):
        kept = bytes(row["link"])
        try:
            text, _ = unpacked(row["lines"])
            frame = pl.read_csv(text, separator="|", has_header=False, schema=LINES)
        except (ValueError, pl.exceptions.PolarsError):
            text, frame = b"", pl.DataFrame(schema=LINES)
        if altered is None and (row["place"] != expected or linked(before, text) != kept):
            altered = expected
        events.append(frame.with_columns(block=pl.lit(expected, pl.Int64)))
        links.append(kept)
        before = kept
    return _Chain(pl.concat(events), links, altered)


def _replayed(lake: Path, symbol: str, day: date, sources: Sequence[str]) -> tuple[pl.DataFrame, str]:
    """Each event of the lake's partition with its signal, and the hash of what was read."""
    instruments, span = load_instruments(), span_of(symbol, day)
    frames = [pl.DataFrame(schema=LINES)]
    digest = ""
    for source in sources:
        if span is None:
            break
        try:
            ticks = load_ticks(
                lake, symbols=[symbol], start=span[0], end=span[1], instruments=instruments,
                classifier=live_classifier(), source=source,
            )  # fmt: skip
        except BacktestError as error:
            if error.code != "no_data":
                raise
            continue
        digest = ticks.manifest.digest
        signal = pl.col("signal").replace_strict(NAMES, return_dtype=pl.String)
        frames.append(ticks.frame.select(pl.col("source").cast(pl.String), "ts_us", "seq", signal))
    joined = pl.concat(frames).rename({"signal": "replayed"}).with_columns(known=pl.lit(value=True))
    return joined.unique(KEY, keep="last", maintain_order=True), digest


def _links(before: bytes, joined: pl.DataFrame) -> Iterator[bytes]:
    """The chain once more, with the replayed signals."""
    line = pl.concat_str(
        "source", pl.lit("|"), "ts_us", pl.lit("|"), pl.col("seq").cast(pl.String).fill_null(""), pl.lit("|"),
        pl.col("replayed").fill_null(""), pl.lit("\n"),
    )  # fmt: skip
    blocks = joined.group_by("block", maintain_order=True).agg(line.str.join("").alias("text"))
    texts = blocks["text"].to_list()
    return accumulate((text.encode() for text in texts), linked, initial=before) if texts else iter([before])


def _first_difference(chain: _Chain, joined: pl.DataFrame) -> Mapping[str, Any] | None:
    if chain.altered is not None:
        return {"reason": "altered", "block": chain.altered}
    wrong = joined.with_row_index("place").filter(pl.col("replayed").ne_missing(pl.col("signal"))).head(1)
    if wrong.is_empty():
        return None
    (row,) = wrong.iter_rows(named=True)
    return {
        "reason": "not in the lake" if row["missing"] else "another signal",
        "block": row["block"],
        **{name: row[name] for name in ("place", *KEY)},
        "live": row["signal"],
        "engine": None if row["missing"] else row["replayed"],
    }


def keep_seals(connection: psycopg.Connection[DictRow], seals: Sequence[Seal]) -> None:
    """Store seals; earlier ones of the same day stay."""
    with connection.transaction():
        for it in seals:
            connection.execute(
                "INSERT INTO backtest_seals (trade_date, symbol, source, data_hash, live_count, engine_count, live, "
                "engine, blocks, retold, unshown, difference) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    it.trade_date, it.symbol, it.source, it.data_hash, it.live_count, it.engine_count, it.live,
                    it.engine, it.blocks, it.retold, it.unshown, Jsonb(it.difference) if it.difference else None,
                ),
            )  # fmt: skip


def listed_seals(connection: psycopg.Connection[DictRow], *, limit: int = 50) -> list[dict[str, Any]]:
    """The newest seals."""
    rows = connection.execute(
        f"SELECT {SHOWN} FROM backtest_seals ORDER BY id DESC LIMIT %s".encode(),  # noqa: S608 - our own columns
        (min(limit, MOST_LISTED),),
    )
    return [dict(row) for row in rows]


def seals_of(connection: psycopg.Connection[DictRow], partitions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The newest proof of each partition that a run was played on, where there is one."""
    rows = connection.execute(
        f"SELECT DISTINCT ON (trade_date, symbol) {SHOWN} FROM backtest_seals "  # noqa: S608 - our own columns
        "WHERE (trade_date, symbol) IN (SELECT * FROM unnest(%s::date[], %s::text[])) "
        "ORDER BY trade_date, symbol, id DESC".encode(),
        ([part["date"] for part in partitions], [part["symbol"] for part in partitions]),
    )
    return [
        {
            name: value.isoformat() if isinstance(value, date | datetime) else value
            for name, value in row.items() if name not in {"id", "difference"}
        }
        for row in rows
    ]  # fmt: skip
