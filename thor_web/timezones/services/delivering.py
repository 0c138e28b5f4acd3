"""Sends notices through their channels: e-mail and signed webhooks. Dashboards are told through Postgres itself."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import httpx

from thor_web.timezones.services.notices import Delivery, NoticeBoard
from thor_web.timezones.services.quiet_hours import QuietSpan, quiet_until
from thor_web.timezones.services.webhook import WebhookError, post_signed

__all__ = ["CHANNELS", "Channel", "DeliveryError", "deliver_due", "webhook_channel"]

log = logging.getLogger(__name__)

CHANNELS: Final = ("email", "webhook")
MOST_AT_ONCE: Final = 20
LEASE_S: Final = 60.0
MOST_ATTEMPTS: Final = 6
FIRST_PAUSE_S: Final = 5.0
TEXT_LIMIT: Final = 500

Channel = Callable[[Delivery], Awaitable[None]]


class DeliveryError(Exception):
    """A notice could not be sent. A `final` one would fail again the same way."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


async def deliver_due(
    board: NoticeBoard, channels: Mapping[str, Channel], quiet: Sequence[QuietSpan], now: datetime
) -> int:
    """Send what is due; how many were looked at. Critical ones know no quiet hours. Raises psycopg.Error."""
    deliveries = await board.claim(most=MOST_AT_ONCE, lease_s=LEASE_S)
    await asyncio.gather(*(_deliver(board, channels, quiet, delivery, now) for delivery in deliveries))
    return len(deliveries)


async def _deliver(
    board: NoticeBoard, channels: Mapping[str, Channel], quiet: Sequence[QuietSpan], delivery: Delivery, now: datetime
) -> None:
    until = None if delivery.severity == "critical" else quiet_until(quiet, delivery.market, now)
    if until is not None:
        await board.hold(delivery, until)
        return
    channel = channels.get(delivery.channel)
    try:
        if channel is None:
            raise DeliveryError(f"there is no channel {delivery.channel!r}", final=True)
        await channel(delivery)
    except DeliveryError as error:
        log.warning("a notice was not sent by %s: %s", delivery.channel, error)
        text = str(error)[:TEXT_LIMIT]
        if error.final or delivery.attempts >= MOST_ATTEMPTS:
            await board.close(delivery, "failed", text)
        else:
            await board.try_again(delivery, text, in_s=FIRST_PAUSE_S * 2 ** (delivery.attempts - 1))
    else:
        await board.close(delivery, "sent")


def webhook_channel(client: httpx.AsyncClient, secret: str) -> Channel:
    """Posts the notice as signed JSON to the rule's address."""

    async def send(delivery: Delivery) -> None:
        if not delivery.webhook_url:
            raise DeliveryError("the rule names no webhook", final=True)
        document = {
            name: getattr(delivery, name) for name in ("key", "kind", "severity", "market", "symbol", "title", "text")
        } | {"created_at": delivery.created_at.isoformat().replace("+00:00", "Z")}
        try:
            await post_signed(
                client, delivery.webhook_url, json.dumps(document).encode(), secret=secret, key=delivery.key
            )
        except WebhookError as error:
            raise DeliveryError(str(error), final=error.final) from error

    return send
