"""Questions to the lake that come over HTTP: each is answered by a process of its own, bounded in time and memory."""

import asyncio
import json
import os
import subprocess
import sys
from typing import Any, Final

from thor_web.thordata.errors import StorageError
from thor_web.thordata.settings import StorageSettings

__all__ = ["ask_lake"]

AT_ONCE: Final = 2
"""Questions that are answered at once; the others wait their turn."""
GRACE_S: Final = 5
"""For the process to begin, and to tell what it has found."""
KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "SYSTEMROOT")
"""The environment of the process, beside what an object store wants: no password of ours is in it."""

_turns: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


async def ask_lake(settings: StorageSettings, sql: str, *, limit: int) -> dict[str, Any]:
    """At most `limit` rows of one SELECT over the views `ticks` and `ticks_clean`, as a `LakeAnswer`.

    Raises StorageError.
    """
    question = {
        "sql": sql,
        "limit": limit,
        "settings": {
            "lake_dir": settings.lake_dir or str(settings.lake_folder()),
            "lake_query_time_s": settings.lake_query_time_s,
            "lake_query_memory_mib": settings.lake_query_memory_mib,
        },
    }
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE)):
        told = await asyncio.to_thread(_told, json.dumps(question).encode(), settings.lake_query_time_s)
    if "error" in told:
        raise StorageError(told["error"]["code"], told["error"]["message"])
    found: dict[str, Any] = told["answer"]
    return found


def _told(question: bytes, time_s: int) -> dict[str, Any]:
    """What the process says; a process that says nothing has grown too large."""
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "thor_web.thordata.lake_answer"],
            input=question,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name in KEPT or name.startswith("AWS_")},
            timeout=time_s + GRACE_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StorageError("too_slow", f"the lake had no answer in {time_s} s") from error
    if done.returncode != 0:
        raise StorageError("too_large", "the question ended the process that answered it; ask for less at once")
    document: dict[str, Any] = json.loads(done.stdout)
    return document
