"""Data as it stood at an instant, as a window before it, and with another future: what an audit holds beside the whole.

A cut is the number of rows that were known: it lies behind all rows of one instant, for what is known at one instant is
known together.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from thor_web.thordata.backtest.market_data import BarData, TickData

__all__ = ["chosen_cuts", "known_until", "spread_over", "with_another_future", "within_window"]

Data = TickData | BarData

OF_THE_MARKET: Final = (
    "bid", "ask", "last", "bid_size", "ask_size", "last_size", "change", "signal", "weight", "contract_weight",
    "open", "high", "low", "close", "volume", "open_nanos", "high_nanos", "low_nanos", "close_nanos",
)  # fmt: skip
"""What the market decides. Instants, symbols and numbers of an event stay where they are."""


def known_until(data: Data, cut: int) -> Data:
    """The first `cut` rows."""
    return replace(data, frame=data.frame.head(cut))


def within_window(data: Data, cut: int, rows: int) -> Data:
    """The last `rows` of the first `cut` rows."""
    start = max(0, cut - rows)
    return replace(data, frame=data.frame.slice(start, cut - start))


def with_another_future(data: Data, cut: int) -> Data:
    """As many rows, those from the cut on with a market that stands still at what each symbol had last."""
    frame = data.frame
    columns = [name for name in OF_THE_MARKET if name in frame.columns]
    known = frame.head(cut)
    last = known.group_by("symbol").agg(pl.col(columns).last())
    still = frame.slice(cut).drop(columns).join(last, on="symbol", how="left", maintain_order="left")
    return replace(data, frame=pl.concat([known, still.select(frame.columns)]))


def chosen_cuts(times_us: pl.Series, rows: Iterable[int], *, count: int, others: int, seed: int) -> list[int]:
    """Cuts behind the instants of at most `count` of the rows, evenly taken, and of `others` rows by chance."""
    chosen = random.Random(seed)  # noqa: S311 - reproducible on purpose
    height = times_us.len()
    wanted = set(spread_over(sorted(set(rows)), count)) if count else set()
    wanted |= {chosen.randrange(height) for _ in range(others if height else 0)}
    if not wanted:
        return []
    picked = pl.Series(sorted(wanted), dtype=pl.Int64)
    # Times rise, so behind an instant is where the next greater one would stand.
    cuts = times_us.search_sorted(times_us.gather(picked), side="right")
    return sorted(set(cuts.to_list()))


def spread_over(rows: Sequence[int], count: int) -> list[int]:
    """All of them, or `count` in even distances with the first and the last."""
    if len(rows) <= count:
        return list(rows)
    if count == 1:
        return [rows[0]]
    return [rows[round(at * (len(rows) - 1) / (count - 1))] for at in range(count)]
