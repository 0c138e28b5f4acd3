"""New notifications as they are entered by any process, for the clients of this one."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any, Final

import psycopg

from thor_web.timezones.services.notices import NOTICES_CHANNEL, NoticeBoard

__all__ = ["follow_notices"]

log = logging.getLogger(__name__)

RETRY_S: Final = 1.0


async def follow_notices(conninfo: str) -> AsyncIterator[dict[str, Any]]:
    """Each notification as a JSON document, from now on; those entered while Postgres was away are in the list only."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
                await connection.execute(f"LISTEN {NOTICES_CHANNEL}".encode())
                while True:
                    numbers = [int(notice.payload) async for notice in connection.notifies(timeout=30, stop_after=1)]
                    for number in numbers:
                        document = await NoticeBoard(connection).one(number)
                        if document is not None:
                            yield document
        except psycopg.Error as error:
            log.debug("notifications cannot be followed: %s", error)
        await asyncio.sleep(RETRY_S)
