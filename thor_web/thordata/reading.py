"""What the views of stored data share: blocking work in its turn, and instants that say their zone."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import psycopg

from thor_web.problems import Problem
from thor_web.thordata.errors import STATUS_OF, StorageError

__all__ = ["aware", "read_in_turn"]

T = TypeVar("T")

AT_ONCE: Final = 4
"""Questions that are read at once; the others wait their turn."""

_turns: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


async def read_in_turn(work: Callable[[], T]) -> T:
    """Do blocking work in a thread, a few at once, and say as a problem what goes wrong."""
    turns = _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE))
    try:
        async with turns:
            return await asyncio.to_thread(work)
    except StorageError as error:
        raise Problem(STATUS_OF.get(error.code, 400), error.code, str(error)) from error
    except psycopg.OperationalError as error:
        raise Problem(503, "postgres_away", "Postgres cannot be reached now.", retry_after_s=2) from error


def aware(name: str, at: datetime) -> datetime:
    """The instant in UTC. Raises Problem for one without a zone."""
    if at.tzinfo is None:
        raise Problem(400, "bad_parameter", f"{name}: the instant needs a time zone, such as 2025-06-10T12:00:00Z.")
    return at.astimezone(UTC)
