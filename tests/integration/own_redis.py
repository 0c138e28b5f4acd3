"""A real Redis or Valkey of a test's own, which it may stop, kill, freeze and start again."""

import asyncio
import contextlib
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from collectors.bus import Bus, BusError
from thor_web.runtime.servers import find_redis

DEADLINE_S = 30.0
POLL_S = 0.01


class OwnRedis:
    """One server on a Unix socket whose data outlives it."""

    def __init__(self, folder: Path) -> None:
        self._program = find_redis().path
        self._folder = folder
        self._socket = folder / "s"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    async def start(self) -> None:
        """Returns once it answers."""
        self._process = self._launch()
        bus = Bus.from_url(self.url)
        try:
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    with contextlib.suppress(BusError):
                        await bus.ping()
                        return
                    await asyncio.sleep(POLL_S)
        finally:
            await bus.close()

    def _launch(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [
                *(str(self._program), "--port", "0", "--unixsocket", str(self._socket), "--dir", str(self._folder)),
                *("--save", "", "--appendonly", "yes", "--appendfsync", "always", "--logfile", "log"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        """End it in good order."""
        self._end(lambda process: process.terminate())

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(lambda process: process.kill())

    def freeze(self) -> None:
        """Stop it from answering, with every connection open, as a cut network does."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _end(self, how: Callable[["subprocess.Popen[bytes]"], None]) -> None:
        if self._process is not None:
            how(self._process)
            self._process.wait(DEADLINE_S)
            self._process = None
            self._socket.unlink(missing_ok=True)
