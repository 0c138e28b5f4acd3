"""Runs one coroutine as a process's whole life; being asked to stop cancels it and is a clean end."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

__all__ = ["run_until_asked"]


def run_until_asked(make: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run to the end, or until SIGINT or SIGTERM."""
    if sys.platform == "win32":
        asyncio.run(make())  # Ctrl-C is the only way to ask there
        return
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_until_asked(make))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """uvloop's loops; those of asyncio on a collector's host, which has none of the server's packages."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _until_asked(make: Callable[[], Coroutine[Any, Any, None]]) -> None:
    # What was imported stays: a collection that walks all of it would hold everything up for many milliseconds.
    gc.freeze()
    work = asyncio.ensure_future(make())
    asked = asyncio.Event()

    def stop() -> None:
        asked.set()
        work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        await work
    except asyncio.CancelledError:
        if not asked.is_set():
            raise
