"""What the slow reference of the tests says of the benchmarks' events, and whether a contender's answer agrees."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, Final

from tests.property.fast.reference import read
from thor_fast import QuoteEvent

__all__ = ["EPOCH", "agrees", "expected", "values_of"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PRICES: Final = ("last", "bid", "ask")


@cache
def _read(line: bytes) -> dict[str, Any]:
    found = read(line)
    if not isinstance(found, dict):
        raise AssertionError(f"{found} of {line!r}")
    found.pop("v", None)
    return found


def expected(lines: Iterable[bytes]) -> list[dict[str, Any]]:
    """The values of each event under their contract names; raises AssertionError for one that is refused."""
    return [_read(line) for line in lines]


def values_of(event: QuoteEvent) -> dict[str, Any]:
    """Thor's own event in the same form."""
    return {
        "symbol": event.symbol, "ts": event.ts_us, "source": event.source, "last": event.last, "bid": event.bid,
        "ask": event.ask, "lastSize": event.last_size, "bidSize": event.bid_size, "askSize": event.ask_size,
        "seq": event.seq, "condition": event.condition, "venue": event.venue, "meta": event.meta,
    }  # fmt: skip


def agrees(found: Sequence[Mapping[str, Any]], lines: Sequence[bytes], *, without: Sequence[str] = ("meta",)) -> None:
    """Assert that a peer read the same values; its prices may be floats and its times datetimes."""
    wanted = expected(lines)
    assert len(found) == len(wanted)
    for one, other in zip(found, wanted, strict=True):
        for name, value in other.items():
            if name in without:
                continue
            mine = one.get(name)
            if name in PRICES and isinstance(mine, float):
                mine = Decimal(repr(mine))
            elif isinstance(mine, datetime):
                mine = (mine - EPOCH) // timedelta(microseconds=1)
            assert mine == value, (name, mine, value)
