"""Several web processes behind one port: clients go from one to another without a gap, and nobody is refused."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import psutil
import pytest

from collectors.bus import Bus
from tests.integration.live import LIMIT_S, event, eventually, running
from thor_web.runtime.errors import ThorError
from thor_web.runtime.workers import listening_sockets

WORKERS = 2
CLIENTS = 12
KEPT_S = 86_400


class Follower:
    """A client as a browser is one: it comes back with the last id whenever its stream ends."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.ids: list[str] = []
        self.connections = 0
        self.refused = 0
        self.resets = 0

    async def run(self) -> None:
        while True:
            try:
                await self._follow()
            except ConnectionRefusedError:
                self.refused += 1
            except (OSError, asyncio.IncompleteReadError):
                pass  # it was cut
            await asyncio.sleep(0.02)

    async def _follow(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            after = f"Last-Event-ID: {self.ids[-1]}\r\n" if self.ids else ""
            query = "" if self.ids else "?last_event_id=0-0"
            writer.write(f"GET /api/quotes/stream{query} HTTP/1.0\r\nHost: localhost\r\n{after}\r\n".encode())
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            self.connections += 1
            async for line in reader:
                if line.startswith(b"id: "):
                    self.ids.append(line[4:].decode().strip())
                elif line.startswith(b"event: reset"):
                    self.resets += 1
        finally:
            writer.close()


@asynccontextmanager
async def web(redis_url: str, port: int) -> AsyncIterator[psutil.Process]:
    """`thor web` with several workers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("THOR_", "DB_"))}
    process = subprocess.Popen(  # noqa: ASYNC220 - a moment
        [*(sys.executable, "-P", "-m", "thor_web.cli.main", "web"), "--port", str(port), "--workers", str(WORKERS)],
        env=environment | {"REDIS_URL": redis_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        assert process.wait(LIMIT_S) == 0


def workers(parent: psutil.Process) -> set[int]:
    return {child.pid for child in parent.children()}


async def until(ask: Callable[[], object], what: str) -> None:
    async def answer() -> object:
        return ask()

    await eventually(answer, bool, what)


async def test_workers_are_replaced_and_killed_without_a_gap(redis_url: str, bus: Bus, unused_port: int) -> None:
    written: list[str] = []

    async def publish() -> None:
        while True:
            written.extend(await bus.append_unified([event(len(written) + 1)], retention_s=KEPT_S))
            await asyncio.sleep(0.002)

    async with web(redis_url, unused_port) as parent, running(publish()):
        followers = [Follower(unused_port) for _ in range(CLIENTS)]
        tasks = [asyncio.create_task(follower.run()) for follower in followers]
        try:
            await until(lambda: all(follower.ids for follower in followers), "everyone is served")
            before = workers(parent)
            assert len(before) == WORKERS
            refused = sum(follower.refused for follower in followers)
            parent.send_signal(signal.SIGHUP)
            await until(lambda: len(workers(parent)) == WORKERS and not workers(parent) & before, "all were replaced")
            os.kill(min(workers(parent)), signal.SIGKILL)
            await until(lambda: all(follower.connections >= 2 for follower in followers), "everyone came back")
            last = written[-1]
            await until(lambda: all(last in follower.ids for follower in followers), "everyone goes on")
            names = await bus.health()
            assert len([name for name in names if name.startswith("web:")]) == WORKERS
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    for follower in followers:
        assert follower.ids == written[: len(follower.ids)]
        assert follower.resets == 0
    assert sum(follower.refused for follower in followers) == refused  # nobody found the door shut


def test_a_worker_that_cannot_start_is_tried_again_and_then_given_up(unused_port: int) -> None:
    program = "from thor_web.runtime.workers import run_workers; "
    program += f"run_workers(lambda *_: ['false'], address='127.0.0.1', port={unused_port}, count=1, falls=1)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith("ThorError: Web worker 0 cannot be kept alive.")


def test_a_taken_port_is_one_sentence(unused_port: int) -> None:
    sockets = listening_sockets("127.0.0.1", unused_port, WORKERS)
    assert len(sockets) == WORKERS
    assert {listening.getsockname()[1] for listening in sockets} == {unused_port}
    with pytest.raises(ThorError, match=f"Port {unused_port} is taken"):
        listening_sockets("127.0.0.1", unused_port, WORKERS)
    for listening in sockets:
        listening.close()
