"""Keeps a process's clock at what operators have written down: LISTEN in Postgres, and a look every few seconds.

A change reaches every process when its transaction commits. The look heals what a lost connection missed.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import psycopg

from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.rulebook import Rulebook, apply_rulebook, read_rulebook

__all__ = ["RULES_CHANNEL", "follow_files", "follow_rulebook"]

log = logging.getLogger(__name__)

RULES_CHANNEL: Final = "thor_clock"
LOOK_S: Final = 10.0
RETRY_S: Final = 1.0
FILES_LOOKED_AT_S: Final = 5.0


async def follow_rulebook(conninfo: str, clock: Clock) -> AsyncIterator[Rulebook]:
    """Apply what operators write, as they write it; each rulebook read is handed on. Waits while Postgres is away."""
    told = ""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
                await connection.execute(f"LISTEN {RULES_CHANNEL}".encode())
                while True:
                    rulebook = await read_rulebook(connection)
                    apply_rulebook(clock, rulebook)
                    told = ""
                    yield rulebook
                    async for _ in connection.notifies(timeout=LOOK_S, stop_after=1):
                        pass
        except psycopg.Error as error:
            words = " ".join(str(error).split())
            if words != told:
                log.warning("what operators wrote cannot be read, the last known stays in force: %s", words)
                told = words
        await asyncio.sleep(RETRY_S)


async def follow_files(clock: Clock, *folders: Path) -> None:
    """Read calendar files again when one of them changes. A bad one leaves the last good one in force."""
    known = await asyncio.to_thread(_stamps, folders)
    while True:
        await asyncio.sleep(FILES_LOOKED_AT_S)
        stamps = await asyncio.to_thread(_stamps, folders)
        if stamps != known:
            known = stamps
            await asyncio.to_thread(clock.reload, *folders)


def _stamps(folders: tuple[Path, ...]) -> dict[Path, tuple[int, int]]:
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_size) for folder in folders for path in folder.glob("*.toml")
    }
