"""A duty that one process at a time may hold: an expiring key that only its holder renews or drops."""

import secrets
import time
from typing import Final

from collectors import keys
from collectors.routes import Packed, Routes
from thor_fast import pack

__all__ = ["Lease"]

USE: Final = "lease"
"""A connection of its own: a renewal does not wait behind a large write."""
RENEW: Final = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('PEXPIRE',KEYS[1],ARGV[2]) end return 0"
RELEASE: Final = "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0"


class Lease:
    """One duty of this process. Not held until `acquire` says so."""

    def __init__(self, routes: Routes, name: str, ttl_ms: int) -> None:
        self._routes = routes
        self._key = keys.lease(name)
        self._ttl_ms = ttl_ms
        self._token = secrets.token_hex(16)
        self._held_until_s = 0.0

    @property
    def is_held(self) -> bool:
        """Whether the duty is surely still ours, by this machine's own clock: no other can have taken it yet."""
        return time.monotonic() < self._held_until_s

    async def acquire(self) -> bool:
        """Take the duty if nobody holds it, or renew it if it is ours. True while we hold it. Raises BusError."""
        asked_s = time.monotonic()
        taken = await self._ask("SET", self._key, self._token, "NX", "PX", self._ttl_ms)
        ours = taken == b"OK" or await self._ask("EVAL", RENEW, 1, self._key, self._token, self._ttl_ms) == b"1"
        self._held_until_s = asked_s + self._ttl_ms / 1_000 if ours else 0.0
        return ours

    async def release(self) -> None:
        """Give the duty up, if it is ours. Raises BusError."""
        self._held_until_s = 0.0
        await self._ask("EVAL", RELEASE, 1, self._key, self._token)

    async def _ask(self, *command: str | int) -> bytes | None:
        replies = await self._routes.ask(Packed(self._key, pack(*command)), use=USE)
        return replies.texts()[0]
