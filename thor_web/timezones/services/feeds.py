"""The newest quote of each symbol as an alert looks at it, from the latest hashes in Redis."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from collectors.bus import Bus, BusError
from thor_web.timezones.services.alert_conditions import Feed

__all__ = ["quote_feeds"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def quote_feeds(bus: Bus, market_of_symbol: Mapping[str, str]) -> list[Feed]:
    """Every symbol that has ever been quoted; none while Redis is away: that is not their silence."""
    try:
        latest = await bus.read_latest()
    except BusError:
        return []
    return [
        feed
        for symbol, fields in latest.items()
        if (feed := _feed(symbol, market_of_symbol.get(symbol, ""), fields)) is not None
    ]


def _feed(symbol: str, market: str, fields: Mapping[bytes, bytes]) -> Feed | None:
    try:
        received_us = int(fields[b"received_us"])
        text = fields.get(b"last", b"").decode()
        last = Decimal(text) if text else None
    except (KeyError, ValueError, InvalidOperation):
        return None
    return Feed(symbol, market, last, EPOCH + timedelta(microseconds=received_us))
