"""Several web processes behind one port: kept alive, and replaced one after the other without a refused connection.

This process holds a listening socket for each of them and serves nothing itself. While a worker is replaced, or has
died, its socket goes on taking connections; whoever serves next answers them. POSIX only.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from thor_web.runtime import launch
from thor_web.runtime.errors import ThorError
from thor_web.runtime.ports import require_free_port
from thor_web.runtime.supervisor import RestartBudget

__all__ = ["listening_sockets", "run_workers"]

log = logging.getLogger(__name__)

BACKLOG: Final = 4_096
START_LIMIT_S: Final = 60.0
GRACE_S: Final = 10.0
READY: Final = b"1"
"""What a worker writes into its pipe once it serves."""

Command = Callable[[int, int, int], Sequence[str]]
"""Makes a worker's command line from its number and the files that are its listening socket and its pipe."""


def run_workers(command: Command, *, address: str, port: int, count: int, falls: int = 5) -> None:
    """Run until SIGTERM or SIGINT; SIGHUP replaces every worker.

    Raises ThorError when the port is taken, or a worker has fallen more than `falls` times within a minute.
    """
    with asyncio.Runner() as runner:
        runner.run(_Workers(command, listening_sockets(address, port, count), falls).run())


def listening_sockets(address: str, port: int, count: int) -> list[socket.socket]:
    """A listening socket for each worker, among which the kernel shares new connections; one for all where it cannot.

    Raises ThorError when the port is taken.
    """
    # Sockets that share a port would let a second Thor share it too, without a word.
    require_free_port(port, address=address)
    shared = sys.platform == "linux"
    sockets: list[socket.socket] = []
    try:
        for _ in range(count if shared else 1):
            listening = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            sockets.append(listening)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listening.bind((address, port))
            port = listening.getsockname()[1]
            listening.listen(BACKLOG)
    except OSError as error:
        for listening in sockets:
            listening.close()
        raise ThorError(f"Port {port} cannot be listened on: {error.strerror}.") from error
    return sockets * (1 if shared else count)


class _Worker:
    """The place of one worker: at any time one process serves there, and while it is replaced two."""

    def __init__(self, number: int, listening: socket.socket, command: Command, falls: int) -> None:
        self._number = number
        self._listening = listening
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._asked = asyncio.Event()
        self._replaced = asyncio.Event()
        self._budget = RestartBudget(limit=falls)

    async def keep(self) -> None:
        """Have a process serve here until cancelled. Raises ThorError when none stays alive."""
        try:
            while True:
                try:
                    await self._serve()
                except ThorError as error:
                    log.warning("%s", error)
                wait_s = self._budget.wait_after_fall(time.monotonic())
                if wait_s is None:
                    raise ThorError(f"Web worker {self._number} cannot be kept alive.")
                await asyncio.sleep(wait_s)
        finally:
            await stop(self._process)

    async def replace(self) -> None:
        """Let a new process serve here, then send the old one away; if the new one does not start the old one stays."""
        self._replaced.clear()
        self._asked.set()
        await self._replaced.wait()

    async def _serve(self) -> None:
        """Until the process ends by itself."""
        self._process = await self._start()
        while True:
            ended = asyncio.create_task(self._process.wait())
            asked = asyncio.create_task(self._asked.wait())
            try:
                await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                ended.cancel()
                asked.cancel()
            if self._process.returncode is not None:
                raise ThorError(f"web worker {self._number} ended with status {self._process.returncode}")
            self._asked.clear()
            try:
                old, self._process = self._process, await self._start()
                await stop(old)
            except ThorError as error:
                log.warning("web worker %d is not replaced: %s", self._number, error)
            finally:
                self._replaced.set()

    async def _start(self) -> asyncio.subprocess.Process:
        """A new process, once it serves. Raises ThorError when it does not come so far."""
        reading, writing = os.pipe()
        try:
            argv = launch.command(
                self._command(self._number, self._listening.fileno(), writing), death_signal=signal.SIGTERM
            )
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=asyncio.subprocess.DEVNULL, pass_fds=(self._listening.fileno(), writing)
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        try:
            async with asyncio.timeout(START_LIMIT_S):
                said = await asyncio.to_thread(read_and_close, reading)
        except BaseException:
            await stop(process)
            raise
        if said != READY:
            await stop(process)
            raise ThorError(f"web worker {self._number} did not start")
        log.info("web worker %d serves as process %d", self._number, process.pid)
        return process


class _Workers:
    """All of them, and what a person asks of them by signals."""

    def __init__(self, command: Command, sockets: Sequence[socket.socket], falls: int) -> None:
        self._sockets = sockets
        self._workers = [_Worker(number, listening, command, falls) for number, listening in enumerate(sockets)]
        self._hung_up = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        loop.add_signal_handler(signal.SIGHUP, self._hung_up.set)
        duties = [asyncio.create_task(worker.keep()) for worker in self._workers]
        duties += [asyncio.create_task(self._replace_when_asked())]
        end = asyncio.create_task(stopped.wait())
        try:
            done, _ = await asyncio.wait({end, *duties}, return_when=asyncio.FIRST_COMPLETED)
            for duty in done:
                duty.result()
        finally:
            for duty in duties:
                duty.cancel()
            await asyncio.gather(*duties, return_exceptions=True)
            for listening in self._sockets:
                listening.close()

    async def _replace_when_asked(self) -> None:
        while True:
            await self._hung_up.wait()
            self._hung_up.clear()
            for worker in self._workers:
                await worker.replace()
            log.info("every web worker was replaced")


async def stop(process: asyncio.subprocess.Process | None) -> None:
    """Ask a process to send its clients away and end; end it when its time of grace is over."""
    if process is None or process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def read_and_close(pipe: int) -> bytes:
    """What a worker says of itself: READY, or nothing when it ends before."""
    with os.fdopen(pipe, "rb") as file:
        return file.read(len(READY))
