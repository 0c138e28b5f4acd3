"""The data of a run: ticks of the lake with the live signals on them, or bars made of those ticks, and their manifest.

Only finished partitions of the lake are read. Every price is exact; what is missing stays missing.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import polars as pl

from collectors.instruments import Instruments
from thor_fast import BacktestBars, BacktestQuotes, BarSeries, net_changes
from thor_web.futuretrading.interface import Classifier
from thor_web.thordata.backtest.columns import MISSING, column
from thor_web.thordata.backtest.errors import BacktestError

__all__ = ["BarData", "Manifest", "Months", "Partition", "TickData", "load_ticks", "make_bars", "with_signals"]

LONGEST_SESSION: Final = timedelta(days=5)
"""A trade date begins at most this long before its own day: a holiday beside a weekend."""
PRICES: Final = ("bid", "ask", "last")
STEPS: Final = {"STRONG_BUY": 2, "BUY": 1, "HOLD": 0, "SELL": -1, "STRONG_SELL": -2}


@dataclass(frozen=True, slots=True)
class Partition:
    """One file that was read."""

    date: str
    symbol: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was read, in order. The hash stands for all of it and for the span that was used of it."""

    partitions: tuple[Partition, ...]
    sources: tuple[str, ...]
    dropped: tuple[str, ...]
    """Sources that were in the files and not used."""

    @property
    def digest(self) -> str:
        """SHA-256 over the files' own hashes, their places and the sources used."""
        lines = [f"{part.date} {part.symbol} {part.rows} {part.sha256}\n" for part in self.partitions]
        lines += [f"source {source}\n" for source in self.sources]
        return hashlib.sha256("".join(lines).encode()).hexdigest()


@dataclass(frozen=True)
class TickData:
    """Quotes of some symbols in one clock.

    The frame has symbol, id, ts_us, source, seq, extra, cond, bid, ask, last (nanos), bid_size, ask_size, last_size,
    contract, change (nanos), signal (2 to -2), weight (the signal's part in the composite) and contract_weight (nanos).
    """

    symbols: tuple[str, ...]
    frame: pl.DataFrame
    manifest: Manifest

    @property
    def times_us(self) -> pl.Series:
        return self.frame["ts_us"]

    @cached_property
    def events(self) -> BacktestQuotes:
        """The quotes as the kernel plays them."""
        take = self.frame.get_column
        return BacktestQuotes(
            ids=column(take("id")),
            ts_us=column(take("ts_us")),
            **{name: column(take(name)) for name in PRICES},
            bid_size=column(take("bid_size")),
            ask_size=column(take("ask_size")),
            contract=column(take("contract")),
            changes=column(take("change")),
            signals=column(take("signal")),
        )


@dataclass(frozen=True)
class BarData:
    """Bars of some symbols in one clock, by the instant at which each is known.

    The frame has symbol, id, ts (end), start_us, end_us, open, high, low, close (points), volume, and each price in
    nanos as `<name>_nanos`.
    """

    symbols: tuple[str, ...]
    frame: pl.DataFrame
    manifest: Manifest
    interval_s: int

    @property
    def times_us(self) -> pl.Series:
        return self.frame["end_us"]

    @cached_property
    def events(self) -> BacktestBars:
        """The bars as the kernel plays them."""
        take = self.frame.get_column
        prices = {name: column(take(f"{name}_nanos")) for name in ("open", "high", "low", "close")}
        return BacktestBars(
            ids=column(take("id")),
            start_us=column(take("start_us")),
            end_us=column(take("end_us")),
            volume=column(take("volume"), missing=-1),
            contract=column(take("contract")),
            **prices,
        )

    def series(self) -> Iterator[tuple[str, pl.DataFrame, BarSeries]]:
        """Each symbol with its part of the frame, in the frame's order, and its prices for the fast kernels."""
        for symbol in self.symbols:
            part = self.frame.with_row_index("row").filter(pl.col("symbol") == symbol)
            prices = {name: column(part.get_column(f"{name}_nanos")) for name in ("open", "high", "low", "close")}
            yield symbol, part, BarSeries(**prices)


def load_ticks(
    lake: Path,
    *,
    symbols: Sequence[str],
    start: datetime,
    end: datetime,
    instruments: Instruments,
    classifier: Classifier,
    source: str | None = None,
) -> TickData:
    """Ticks with `start <= ts < end`. Raises BacktestError `no_data`."""
    frames: list[pl.DataFrame] = []
    partitions: list[Partition] = []
    for number, symbol in enumerate(symbols):
        for day in _days(start, end):
            path = lake / f"date={day.isoformat()}" / f"symbol={quote(symbol, safe='')}" / "ticks.parquet"
            if not path.is_file():
                continue
            frame = _read(path, start, end)
            if frame.height:
                frames.append(frame.with_columns(symbol=pl.lit(symbol), id=pl.lit(number, pl.UInt32)))
                partitions.append(Partition(day.isoformat(), symbol, frame.height, _file_hash(path)))
    if not frames:
        span = f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
        raise BacktestError(
            "no_data", f"the lake has no ticks of {', '.join(symbols)} from {span}; `thor export` writes them"
        )
    ticks = pl.concat(frames)
    ticks, used, dropped = _one_source(ticks, instruments, source)
    ticks = ticks.sort("ts_us", "id", "seq", maintain_order=True, nulls_last=False)
    return TickData(
        tuple(symbols), with_signals(ticks, classifier, Months()), Manifest(tuple(partitions), used, dropped)
    )


def _days(start: datetime, end: datetime) -> Iterator[date]:
    day = (start.astimezone(UTC) - timedelta(days=1)).date()
    while day <= (end + LONGEST_SESSION).date():
        yield day
        day += timedelta(days=1)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path, start: datetime, end: datetime) -> pl.DataFrame:
    """One partition's rows of the span, prices as whole nanos."""
    nanos = [pl.col(name).cast(pl.Decimal(19, 9)).to_physical().cast(pl.Int64).alias(name) for name in PRICES]
    kept = ["source", "cond", "seq", "extra", "bid_size", "ask_size", "last_size"]
    return (
        pl.scan_parquet(path, glob=False, hive_partitioning=False)
        .filter(pl.col("ts").is_between(start, end, closed="left"))
        .select(pl.col("ts").dt.timestamp("us").alias("ts_us"), *nanos, *kept)
        .collect()
    )


def _one_source(
    ticks: pl.DataFrame, instruments: Instruments, source: str | None
) -> tuple[pl.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """One source a symbol: the one asked for, else the preferred one, else the one with the most events."""
    counts = ticks.group_by("symbol", "source").len().sort("symbol", "len", "source", descending=[False, True, False])
    chosen: dict[str, str] = {}
    for symbol, found, _ in counts.iter_rows():
        instrument = instruments.get(symbol)
        wanted = source or (instrument.preferred if instrument else None)
        if symbol not in chosen or found == wanted:
            chosen[symbol] = found
    if source is not None and any(found != source for found in chosen.values()):
        raise BacktestError("no_data", f"the lake has no ticks of the source {source} for every symbol")
    names = {(symbol, found) for symbol, found, _ in counts.iter_rows()}
    dropped = sorted(f"{symbol} of {found}" for symbol, found in names if chosen[symbol] != found)
    table = pl.DataFrame({"symbol": list(chosen), "source": list(chosen.values())})
    kept = ticks.join(table, on=["symbol", "source"], how="semi", maintain_order="left")
    return kept, tuple(f"{symbol} of {found}" for symbol, found in sorted(chosen.items())), tuple(dropped)


class Months:
    """Contract months as numbers from 1, in the order in which they became known, and the newest of each symbol."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.newest: dict[str, int] = {}

    def table(self, names: pl.Series) -> pl.DataFrame:
        """Every month that is known, these included."""
        for name in names.drop_nulls().unique().sort():
            self.numbers.setdefault(name, len(self.numbers) + 1)
        columns = {"month": list(self.numbers), "contract": list(self.numbers.values())}
        return pl.DataFrame(columns, schema={"month": pl.String, "contract": pl.UInt32})

    def filled(self, contract: pl.Series, symbol: pl.Series) -> pl.Series:
        """Each event's month, or the newest of its symbol before it; 0 where none was ever said."""
        before = symbol.replace_strict(self.newest, default=0, return_dtype=pl.UInt32) if self.newest else 0
        frame = pl.DataFrame({"contract": contract, "symbol": symbol}).with_columns(before=before)
        frame = frame.with_columns(
            pl.col("contract").forward_fill().over("symbol").fill_null(pl.col("before").cast(pl.UInt32))
        )
        self.newest |= dict(frame.group_by("symbol").agg(pl.col("contract").last()).iter_rows())
        return frame["contract"]


def with_signals(ticks: pl.DataFrame, classifier: Classifier, months: Months) -> pl.DataFrame:
    """The change, the contract month and the live signal of each event."""
    extras = ticks.select(pl.col("extra").unique())
    path = pl.col("extra").str.json_path_match
    exact = {
        name: path(f"$.meta.{field}").str.to_decimal(scale=9).to_physical().cast(pl.Int64, strict=False)
        for name, field in (("net_change", "netChange"), ("settled", "close"))
    }
    exact["volume"] = path("$.meta.volume").cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
    extras = extras.select("extra", **exact, month=path("$.meta.contract"))
    # A contract month is a number of its own, from 1; 0 is an event that does not say.
    extras = extras.join(months.table(extras["month"]), on="month", how="left").drop("month")
    joined = ticks.join(extras, on="extra", how="left", nulls_equal=True, maintain_order="left")
    columns = [column(joined[name]) for name in ("last", "net_change", "settled", "volume")]
    joined = joined.with_columns(
        change=pl.Series(net_changes(*columns), dtype=pl.Int64).replace(MISSING, None),
        contract=months.filled(joined["contract"], joined["symbol"]),
    )
    pairs = joined.select("symbol", "change").unique().drop_nulls()
    signals = [_signal(classifier, symbol, change) for symbol, change in pairs.iter_rows()]
    schema = {"signal": pl.Int8, "weight": pl.Int8, "contract_weight": pl.Int64}
    known = pairs.hstack(pl.DataFrame(signals, schema=schema, orient="row"))
    return joined.join(known, on=["symbol", "change"], how="left", maintain_order="left").drop(
        "net_change", "settled", "volume"
    )


def _signal(classifier: Classifier, symbol: str, change: int) -> tuple[int | None, int | None, int | None]:
    """What the live path says of a change: its step, its part in the composite, the contract's weight in nanos."""
    found = classifier.signal(symbol, Decimal(change).scaleb(-9))
    if found is None:
        return None, None, None
    return STEPS[found.name], found.weight, int(found.contract_weight.scaleb(9))


def make_bars(ticks: TickData, interval_s: int) -> BarData:
    """Bars of the last prices; an interval without any has none. The volume is unknown: ticks are no list of trades."""
    interval = interval_s * 1_000_000
    start = pl.col("ts_us") - pl.col("ts_us") % interval
    last = pl.col("last")
    frame = (
        ticks.frame.filter(last.is_not_null())
        .with_columns(start_us=start)
        .group_by("symbol", "id", "start_us", maintain_order=True)
        .agg(
            open_nanos=last.first(),
            high_nanos=last.max(),
            low_nanos=last.min(),
            close_nanos=last.last(),
            contract=pl.col("contract").last(),
        )
        .with_columns(end_us=pl.col("start_us") + interval, volume=pl.lit(None, pl.Int64))
        .sort("end_us", "id")
    )
    return BarData(ticks.symbols, with_points(frame), ticks.manifest, interval_s)


def with_points(frame: pl.DataFrame) -> pl.DataFrame:
    """Prices in points beside those in nanos, and the end as an instant."""
    points: dict[str, Any] = {name: pl.col(f"{name}_nanos") / 1e9 for name in ("open", "high", "low", "close")}
    return frame.with_columns(**points, ts=pl.from_epoch("end_us", time_unit="us").dt.replace_time_zone("UTC"))
