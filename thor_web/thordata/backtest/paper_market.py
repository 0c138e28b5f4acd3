"""The market of a paper run as it comes: events of the unified stream as the ticks and bars a backtest is played on.

Time only goes on: an event that is stamped earlier than one before it is taken at the instant at which it could be
known, and counted. A bar ends when the stream has reached its end, whatever the wall clock says, so that the same
stream always gives the same bars.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from thor_fast import QuoteBatch
from thor_web.futuretrading.interface import Classifier
from thor_web.thordata.backtest.market_data import (
    BarData,
    Manifest,
    Months,
    Partition,
    TickData,
    make_bars,
    with_signals,
)

__all__ = ["PaperMarket"]

KEPT = (
    "symbol", "id", "ts_us", "source", "seq", "extra", "cond", "bid", "ask", "last", "bid_size", "ask_size",
    "last_size",
)  # fmt: skip


class PaperMarket:
    """Ticks of some symbols from `start_us` to before `end_us`, and the bars of them that have ended."""

    def __init__(
        self, symbols: Sequence[str], classifier: Classifier, *, start_us: int, end_us: int, interval_s: int
    ) -> None:
        self.symbols = tuple(symbols)
        self.late = 0
        self.ended = False
        """Whether the stream has reached the end of the span."""
        self._classifier = classifier
        self._start_us, self._end_us = start_us, end_us
        self._interval_s = interval_s
        self._now_us = start_us
        self._months = Months()
        self._ids = pl.DataFrame(
            {"symbol": self.symbols, "id": range(len(self.symbols))}, schema={"symbol": pl.String, "id": pl.UInt32}
        )
        self._hashes = {symbol: hashlib.sha256() for symbol in self.symbols}
        self._rows = dict.fromkeys(self.symbols, 0)
        self._parts: list[pl.DataFrame] = []
        self._open: list[pl.DataFrame] = []
        """Ticks of bars that have not ended."""
        self._bars: list[pl.DataFrame] = []

    def take(self, batch: QuoteBatch) -> TickData | None:
        """The events of the span as ticks; None without any."""
        frame = pl.DataFrame(batch).with_columns(
            pl.col("symbol", "source").cast(pl.String), ts_us=pl.col("ts").dt.timestamp("us")
        )
        self.ended = self.ended or bool((frame["ts_us"] >= self._end_us).any())
        chosen = frame["ts_us"].is_between(self._start_us, self._end_us, closed="left")
        frame = frame.with_row_index("row").filter(chosen).join(
            self._ids, on="symbol", how="inner", maintain_order="left"
        )  # fmt: skip
        if frame.is_empty():
            return None
        for row, symbol in frame.select("row", "symbol").iter_rows():
            self._hashes[symbol].update(batch[row].to_json())
            self._rows[symbol] += 1
        ticks = with_signals(self._in_time(frame), self._classifier, self._months)
        self._parts.append(ticks)
        self._open.append(ticks)
        return TickData(self.symbols, ticks, self.manifest())

    def _in_time(self, frame: pl.DataFrame) -> pl.DataFrame:
        known_us = pl.col("ts_us").cum_max().clip(lower_bound=self._now_us)
        meta = pl.concat_str(pl.lit('{"meta":'), "meta", pl.lit("}"))  # null without any
        timed = frame.with_columns(known_us=known_us, extra=meta)
        self.late += int((timed["ts_us"] < timed["known_us"]).sum())
        self._now_us = int(timed["known_us"][-1])
        return timed.rename({f"{name}_nanos": name for name in ("bid", "ask", "last")} | {"condition": "cond"}).select(
            *(pl.col("known_us").alias("ts_us") if name == "ts_us" else pl.col(name) for name in KEPT)
        )

    def ended_bars(self, *, all_of_them: bool = False) -> BarData | None:
        """The bars that have ended since the last time, at the end of a run also those that have not; None for none."""
        if not self._open:
            return None
        waiting = pl.concat(self._open)
        interval_us = self._interval_s * 1_000_000
        ended = pl.col("ts_us") - pl.col("ts_us") % interval_us + interval_us <= self._now_us
        done = waiting if all_of_them else waiting.filter(ended)
        self._open = [] if all_of_them else [waiting.filter(~ended)]
        bars = make_bars(TickData(self.symbols, done, self.manifest()), self._interval_s)
        if bars.frame.is_empty():
            return None
        self._bars.append(bars.frame)
        return bars

    def manifest(self) -> Manifest:
        """What was taken in, by symbol; a file's hash is here that of the events' canonical JSON."""
        day = datetime.fromtimestamp(self._start_us / 1e6, UTC).date().isoformat()
        parts = [Partition(day, symbol, self._rows[symbol], it.hexdigest()) for symbol, it in self._hashes.items()]
        return Manifest(tuple(parts), ("unified stream",), ())

    def ticks(self) -> TickData:
        """Every tick so far."""
        return TickData(self.symbols, pl.concat(self._parts), self.manifest())

    def bars(self) -> BarData:
        """Every bar that has ended so far."""
        return BarData(self.symbols, pl.concat(self._bars), self.manifest(), self._interval_s)

    def __len__(self) -> int:
        return sum(self._rows.values())

    def seen(self) -> dict[str, Any]:
        """What a result says of it."""
        return {"events": len(self), "late": self.late}
