"""Keeps processes alive: start, readiness, restart within a budget, ordered stop. Knows nothing of quotes or servers.

A child runs in its own session, so that Ctrl-C reaches the supervisor alone, and dies with it, whatever ends it.
Time limits and budgets are in seconds by the monotonic clock.
"""

import asyncio
import logging
import math
import os
import signal
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from thor_web.runtime import launch
from thor_web.runtime.child import ChildSpec, last_lines
from thor_web.runtime.errors import ThorError

__all__ = ["Child", "ChildState", "RestartBudget", "Supervisor"]

log = logging.getLogger(__name__)

PROBE_EVERY_S: Final = 0.02
ROOM_ASKED_S: Final = 0.5
LOG_KEPT_BYTES: Final = 8 * 1024 * 1024


class ChildState(StrEnum):
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    DONE = "done"
    STOPPED = "stopped"
    DEAD = "dead"


@dataclass(slots=True)
class RestartBudget:
    """How often a child may fall within a time, and how long to wait before each new try."""

    limit: int = 5
    within_s: float = 60.0
    first_wait_s: float = 0.2
    longest_wait_s: float = 5.0
    _falls: deque[float] = field(default_factory=deque)

    def wait_after_fall(self, now: float) -> float | None:
        """Count a fall at `now`. Answers the seconds to wait before the next try, or None when the budget is spent."""
        self._falls.append(now)
        while now - self._falls[0] > self.within_s:
            self._falls.popleft()
        if len(self._falls) > self.limit:
            return None
        return min(math.ldexp(self.first_wait_s, len(self._falls) - 1), self.longest_wait_s)


@dataclass(slots=True)
class Child:
    """One supervised process and what is known of it now."""

    spec: ChildSpec
    budget: RestartBudget
    state: ChildState = ChildState.STARTING
    restarts: int = 0
    process: asyncio.subprocess.Process | None = None
    log_start: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.returncode is None else None

    def last_words(self) -> tuple[str, ...]:
        """The newest log lines of the present or last run."""
        return last_lines(self.spec.log, since=self.log_start)


class Supervisor:
    """Starts children and keeps them until `stop`. `failed` is set when one of them dies for good."""

    def __init__(self, *, budget: RestartBudget | None = None) -> None:
        self._budget = budget or RestartBudget()
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._stopping: set[str] = set()
        self._hurry = asyncio.Event()
        self.children: dict[str, Child] = {}
        self.failed: asyncio.Future[Child] = asyncio.get_running_loop().create_future()

    async def start(self, spec: ChildSpec) -> Child:
        """Start a child and wait until it is ready. Raises ThorError when it dies for good before that."""
        budget = RestartBudget(
            limit=self._budget.limit,
            within_s=self._budget.within_s,
            first_wait_s=self._budget.first_wait_s,
            longest_wait_s=self._budget.longest_wait_s,
        )
        child = Child(spec, budget)
        self.children[spec.name] = child
        ready = asyncio.Event()
        self._keepers[spec.name] = asyncio.create_task(self._keep(child, ready), name=f"keep {spec.name}")
        waits = {asyncio.create_task(ready.wait()), asyncio.create_task(child.ended.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        if child.state is ChildState.DEAD:
            raise death_of(child)
        return child

    async def stop(self, order: Sequence[str] = ()) -> None:
        """Stop every child, one after the other: those named in `order` first, the rest in reverse order of start."""
        named = [name for name in order if name in self.children]
        rest = [name for name in reversed(self.children) if name not in named]
        for name in (*named, *rest):
            await self.stop_child(name)

    async def stop_child(self, name: str) -> None:
        """Ask one child to stop, and end it and all it started when its time of grace is over."""
        child = self.children[name]
        self._stopping.add(name)
        keeper = self._keepers[name]
        if child.pid is not None:
            _signal(child.pid, child.spec.stop_signal)
        else:
            keeper.cancel()  # it waits for its next try
        done, _ = await asyncio.wait({keeper, hurry := asyncio.create_task(self._hurry.wait())},
                                     timeout=child.spec.grace_s, return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
        hurry.cancel()
        if child.process is not None:
            _kill_session(child.process.pid)
        if keeper not in done:
            with suppress(asyncio.CancelledError):
                await keeper
        if child.state not in {ChildState.DONE, ChildState.DEAD}:
            child.state = ChildState.STOPPED

    def hurry(self) -> None:
        """Stop without grace from now on: a person asked a second time."""
        self._hurry.set()

    async def _keep(self, child: Child, ready: asyncio.Event) -> None:
        """The life of one child, over all its restarts."""
        try:
            while True:
                await self._run_once(child, ready)
                if self._ended_well(child):
                    return
                if await self._waits_for_room(child):
                    child.restarts += 1
                    continue
                wait = child.budget.wait_after_fall(time.monotonic())
                if wait is None:
                    child.state = ChildState.DEAD
                    if not self.failed.done():
                        self.failed.set_result(child)
                    return
                child.state = ChildState.RESTARTING
                await asyncio.sleep(wait)
                child.restarts += 1
        finally:
            child.ended.set()

    async def _waits_for_room(self, child: Child) -> bool:
        """Wait while the disk of a child that fell is full. False where that was not why it fell."""
        has_room = child.spec.has_room
        if has_room is None or has_room():
            return False
        child.state = ChildState.RESTARTING
        log.error("%s waits: its disk is full; make room and it goes on", child.spec.name)
        while not has_room():  # noqa: ASYNC110 - a disk tells nobody of its room
            await asyncio.sleep(ROOM_ASKED_S)
        return True

    def _ended_well(self, child: Child) -> bool:
        """Whether the end of the last run was asked for, by us or by the child's own work being done."""
        if child.spec.name in self._stopping:
            child.state = ChildState.STOPPED
            return True
        if child.spec.may_finish and child.process is not None and child.process.returncode == 0:
            child.state = ChildState.DONE
            return True
        return False

    async def _run_once(self, child: Child, ready: asyncio.Event) -> None:
        spawning = asyncio.create_task(_spawn(child))
        try:
            child.process = await asyncio.shield(spawning)
        except asyncio.CancelledError:
            # asyncio never finishes a spawn that is cancelled half-way, so it is let through and then ended.
            _kill_session((await spawning).pid)
            raise
        watch = asyncio.create_task(self._watch_readiness(child, ready))
        try:
            await child.process.wait()
        finally:
            watch.cancel()
            _kill_session(child.process.pid)  # what it started and left behind

    async def _watch_readiness(self, child: Child, ready: asyncio.Event) -> None:
        """Mark the child ready, or end it when it is not ready in time."""
        probe = child.spec.ready
        try:
            async with asyncio.timeout(child.spec.start_limit_s):
                while probe is not None and not await asyncio.to_thread(probe):  # noqa: ASYNC110 - polled
                    await asyncio.sleep(PROBE_EVERY_S)
        except TimeoutError:
            if child.pid is not None:
                _kill_session(child.pid)
            return
        child.state = ChildState.RUNNING
        ready.set()


def death_of(child: Child) -> ThorError:
    """The sentence for a child that died for good, with its last lines."""
    status = child.process.returncode if child.process else None
    how = f"was ended by signal {-status}" if status is not None and status < 0 else f"ended with status {status}"
    times = f" {child.restarts + 1} times" if child.restarts else ""
    return ThorError(f"{child.spec.name} {how}{times}; its log is {child.spec.log}.", details=child.last_words())


async def _spawn(child: Child) -> asyncio.subprocess.Process:
    spec = child.spec
    _rotate(spec.log)
    argv = launch.command(spec.argv, death_signal=spec.death_signal, unprivileged=spec.unprivileged, owned=spec.owned)
    with spec.log.open("ab") as log:
        child.log_start = log.tell()
        return await asyncio.create_subprocess_exec(
            *argv,
            env=dict(spec.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _rotate(log: Path) -> None:
    """Keep one older log of a bounded size; only between two runs, so that no line is lost."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_KEPT_BYTES:
            log.replace(log.with_name(log.name + ".1"))


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def _kill_session(pid: int) -> None:
    """End the whole process group of a child. Groups are never shared: each child leads its own session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
