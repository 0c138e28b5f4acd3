"""Tells a process at once when what somebody may do has changed: LISTEN in Postgres, to what its triggers say."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Final

import psycopg

__all__ = ["ACCOUNTS_CHANNEL", "follow_accounts"]

log = logging.getLogger(__name__)

ACCOUNTS_CHANNEL: Final = "thor_accounts"
LISTENED_S: Final = 30.0
RETRY_S: Final = 1.0


async def follow_accounts(conninfo: str) -> AsyncIterator[None]:
    """One item at each change of a key, a role, a password or the end of a session, and one when listening begins.

    The latter because what changed before, or while Postgres was away, was not heard.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
                await connection.execute(f"LISTEN {ACCOUNTS_CHANNEL}".encode())
                yield
                while True:
                    async for _ in connection.notifies(timeout=LISTENED_S, stop_after=1):
                        yield
        except psycopg.Error as error:
            log.debug("changes of accounts cannot be followed: %s", error)
        await asyncio.sleep(RETRY_S)
