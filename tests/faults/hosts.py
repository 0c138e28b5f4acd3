"""A second host, made of a network namespace: what runs there reaches Redis only over a wire that can be cut.

Needs root and `ip`. The near end of the wire leads to the socket of the embedded Redis.
"""

import asyncio
import ctypes
import os
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Self
from urllib.parse import urlsplit

from tests.faults.feeding import Feeder
from tests.faults.rig import Counts, Rig

__all__ = ["Host"]

NEAR, FAR = "10.213.77.1", "10.213.77.2"
PORT: Final = 6399
NAME: Final = f"thor{os.getpid()}"
CLONE_NEWNET: Final = 0x40000000


class FarFeeder(Feeder):
    """A publisher whose thread lives in the namespace: every connection it makes goes over the wire."""

    def run(self) -> None:
        with open(f"/var/run/netns/{NAME}", "rb") as namespace:  # noqa: PTH123 - a file of the kernel's
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
                self.fault = OSError(ctypes.get_errno(), "setns")
                return
        super().run()


class Host:
    """A namespace and the pair of interfaces that leads into it."""

    def __enter__(self) -> Self:
        self._near, far = f"n{os.getpid()}", f"f{os.getpid()}"
        run("ip", "netns", "add", NAME)
        run("ip", "link", "add", self._near, "type", "veth", "peer", "name", far, "netns", NAME)
        run("ip", "addr", "add", f"{NEAR}/24", "dev", self._near)
        run("ip", "link", "set", self._near, "up")
        run("ip", "-n", NAME, "addr", "add", f"{FAR}/24", "dev", far)
        run("ip", "-n", NAME, "link", "set", far, "up")
        return self

    def __exit__(self, *_: object) -> None:
        run("ip", "link", "del", self._near)
        run("ip", "netns", "del", NAME)

    def feeder(self, redis_url: str, rate: float) -> Feeder:
        """A publisher on this host."""
        threading.Thread(target=lambda: asyncio.run(relay(urlsplit(redis_url).path)), daemon=True).start()
        return FarFeeder(f"redis://{NEAR}:{PORT}/0", rate)

    def cut_off(self, rig: Rig, *, seconds: int, say: Callable[[str], None]) -> Counts:
        """Cut the wire for a while, mend it, and count."""
        rig.comes_through()
        say(f"{rig.feeder.sent} sent; the wire is cut")
        run("ip", "link", "set", self._near, "down")
        time.sleep(seconds)
        say(f"{rig.feeder.sent} offered, {len(rig.follower.ids)} delivered; the wire is mended")
        run("ip", "link", "set", self._near, "up")
        rig.comes_through()
        return rig.counts()


async def relay(socket_path: str) -> None:
    """Lead each connection of the near end to a Unix socket."""

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(socket_path)
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await asyncio.start_server(lead, NEAR, PORT)
    await server.serve_forever()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


def run(*words: str) -> None:
    """One command, which must succeed."""
    subprocess.run(words, check=True)
