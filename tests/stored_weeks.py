"""Six weeks of made-up ticks in a running Thor, brought in and exported by its own commands: what history pages show.

Thirty trade dates of ES around the clock, ten of YM and ZB by day; a few rows are doubtful on purpose.
"""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.contract.accounts import command
from tests.e2e.conftest import RunningThor

__all__ = ["CHECKED", "DATES", "DOUBTFUL", "fill"]

FIRST: Final = date(2026, 4, 6)
DATES: Final = [day for day in (FIRST + timedelta(days=number) for number in range(40)) if day.weekday() < 5]
"""Trade dates without a holiday among them."""
DOUBTFUL: Final = date(2026, 5, 12)
"""Here ES has a price far away and back again, and a bid above its ask."""
CHECKED: Final = DATES[5:]
"""The first week is exported without a look at it."""
Row = tuple[str, str, str, int, str, str]


def fill(running: RunningThor, folder: Path) -> None:
    """Store the weeks and export them."""
    path = folder / "weeks.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("time", "symbol", "price", "size", "bid", "ask"))
        for rows in (
            _walk("ES", DATES, 5_400 * 4, 4, hours=(-2, 21)),
            _walk("YM", DATES[-10:], 40_000, 1, hours=(14, 20)),
            _walk("ZB", DATES[-10:], 118 * 32, 32, hours=(14, 20)),
        ):
            writer.writerows(rows)
    command(running, "import", str(path), "--source", "TOS")
    first, last = DATES[0].isoformat(), CHECKED[0] - timedelta(days=1)
    command(running, "export", "--from", first, "--to", last.isoformat())
    command(running, "export", "--from", CHECKED[0].isoformat(), "--to", DATES[-1].isoformat(), "--check")


def _walk(symbol: str, dates: list[date], start: int, per_point: int, *, hours: tuple[int, int]) -> Iterator[Row]:
    """A tick a minute, whole ticks up and down with a slow drift; UTC hours from midnight of the trade date."""
    chance = random.Random(symbol)
    level, trend = start, 0
    for day in dates:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for minute in range(hours[0] * 60, hours[1] * 60):
            trend = max(-2, min(2, trend + chance.choice((-1, 0, 0, 0, 1))))
            level += chance.randint(-3, 3) + trend
            at = midnight + timedelta(minutes=minute, seconds=chance.randint(0, 20))
            shown, bid, ask = level, level - 1, level + 1
            if symbol == "ES" and day == DOUBTFUL and minute == 900:
                shown = level + 4_000
            if symbol == "ES" and day == DOUBTFUL and minute == 960:
                bid, ask = ask, bid
            prices = [f"{price / per_point:.9f}".rstrip("0").rstrip(".") for price in (shown, bid, ask)]
            yield at.isoformat(), symbol, prices[0], chance.randint(1, 40), prices[1], prices[2]
