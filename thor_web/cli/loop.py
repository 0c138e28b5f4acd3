"""Runs one coroutine as a process's whole life; being asked to stop cancels it and is a clean end."""

import asyncio
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
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_asked(make))


async def _until_asked(make: Callable[[], Coroutine[Any, Any, None]]) -> None:
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
