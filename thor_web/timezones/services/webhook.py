"""Signed webhooks: a POST whose receiver can tell that it is ours and not a repetition."""

import hashlib
import hmac
import time
from typing import Final

import httpx

__all__ = ["WebhookError", "post_signed", "signature"]

TIMEOUT_S: Final = 10.0


class WebhookError(Exception):
    """The receiver did not take it. A `final` refusal (4xx) would be repeated."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


def signature(secret: str, sent_at: int, body: bytes) -> str:
    """Hex HMAC-SHA256 of `<sent_at>.<body>` under the secret, as `X-Thor-Signature` carries it."""
    return hmac.new(secret.encode(), f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()


async def post_signed(client: httpx.AsyncClient, url: str, body: bytes, *, secret: str, key: str) -> str:
    """Send JSON bytes; what the receiver answered in a few words. Raises WebhookError.

    `X-Thor-Key` is the same for every attempt at the same thing. Without a secret nothing is sent: a webhook that
    anybody could forge is none.
    """
    if not secret:
        raise WebhookError("WEBHOOK_SECRET is not set", final=True)
    sent_at = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "X-Thor-Key": key,
        "X-Thor-Timestamp": str(sent_at),
        "X-Thor-Signature": f"v1={signature(secret, sent_at, body)}",
    }
    try:
        answer = await client.post(url, content=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)
    except httpx.HTTPError as error:
        raise WebhookError(f"{type(error).__name__}: {error}", final=False) from error
    if answer.is_success:
        return f"status {answer.status_code}"
    final = 400 <= answer.status_code < 500 and answer.status_code not in {408, 425, 429}
    raise WebhookError(f"status {answer.status_code}", final=final)
