"""A poll of a quote sheet A1:M20: from the cells that COM gave to judged events, beyond the reading itself.

The peer reads the same cells in Python with Decimal, as the slow reference of the tests does.
"""

import json
import random
from collections.abc import Callable
from decimal import Decimal
from itertools import cycle

from benchmarks.measure import Contender, Measured, compare, timed
from collectors.grid import SheetReader
from collectors.instruments import load_instruments, register
from tests.property.collectors.sheet_reference import read_reference
from thor_fast import parse_batch

__all__ = ["every_row_changed", "one_row_changed"]

TS_US = 1_764_194_400_000_000
HEADERS = ["Symbol", "Close", "Open", "NetChange", "High", "Low", "Volume", "Bid", "Last", "Ask", "BidSize", "AskSize"]
COLUMNS = dict(
    zip(("close", "open", "netChange", "high", "low", "volume", "bid", "last", "ask", "bidSize", "askSize"),
        range(1, 12), strict=True)
)  # fmt: skip
MICROSECONDS = 1_000

Grid = list[list[object]]


def _grids(changed_rows: int) -> list[Grid]:
    """Eight readings of one sheet, each with that many rows other than the one before. ZB is text, as it is there."""
    chosen = random.Random(7)
    prices = {instrument.symbol: 1_000.0 for instrument in load_instruments()}
    grids: list[Grid] = []
    for _ in range(8):
        for symbol in list(prices)[:changed_rows]:
            prices[symbol] += chosen.choice([-0.5, -0.25, 0.25, 0.5]) + len(grids)
        rows = [_row(symbol, price) for symbol, price in prices.items()]
        grids.append([[*HEADERS, None], *rows, *[_row(None, 0.0) for _ in range(19 - len(rows))]])
    return grids


def _row(symbol: str | None, price: float) -> list[object]:
    if symbol is None:
        return [None] * 13
    if symbol == "ZB":
        texts = [f"{int(price)}'{at:02d}" for at in range(10, 16)]
        return ["ZB", texts[0], texts[1], "+0'14", texts[4], texts[0], 341967.0, texts[2], texts[3], texts[3], 776.0,
                961.0, None]  # fmt: skip
    return [symbol, price - 12.75, price - 4, 12.75, price + 6, price - 20, 578740.0, price - 0.25, price, price + 0.25,
            17.0, 6.0, None]  # fmt: skip


def every_row_changed() -> list[Measured]:
    """Eleven rows, all of them new at each poll."""
    return _poll("excel-poll", _grids(11))


def one_row_changed() -> list[Measured]:
    """Eleven rows of which one is new, as in a quiet market."""
    return _poll("excel-poll-quiet", _grids(1))


def _poll(work: str, grids: list[Grid]) -> list[Measured]:
    instruments = load_instruments()
    register(instruments)

    def thor() -> Callable[[], float]:
        reader = SheetReader(instruments, source="TOS")
        told: dict[str, object] = {}
        following = cycle(grids)

        def poll() -> int:
            rows = [row for row in reader.read(next(following)).rows if told.get(row.symbol) != row]
            told.update((row.symbol, row) for row in rows)
            events, rejects = parse_batch([row.candidate(TS_US) for row in rows])
            assert not rejects
            return len(events)

        assert [_told(reader, grid) for grid in grids] == [_by_reference(grid) for grid in grids]
        return timed(poll, MICROSECONDS)

    def python() -> Callable[[], float]:
        following = cycle(grids)
        return timed(lambda: [json.dumps(members, default=str) for members in _by_reference(next(following))],
                     MICROSECONDS)  # fmt: skip

    def _by_reference(grid: Grid) -> list[object]:
        found: list[object] = []
        for raw in grid[1 : len(instruments) + 1]:
            instrument = instruments[str(raw[0])]
            members, _ = read_reference(
                {field: raw[column] for field, column in COLUMNS.items()},
                source="TOS",
                precision=instrument.precision,
                tick=instrument.tick,
                stale=False,
            )
            found.append(members)
        return found

    def _told(reader: SheetReader, grid: Grid) -> list[object]:
        return [
            {name: value for name, value in json.loads(b"{%b}" % row.members, parse_float=Decimal, parse_int=Decimal)
             .items() if name not in {"seq", "condition", "venue"}}
            for row in reader.read(grid).rows
        ]  # fmt: skip

    peers = {"python": Contender("Python with Decimal", python)}
    return compare(work, "µs/poll", Contender("Thor", thor), peers=peers)
