"""The supervisor with small real processes: readiness, restarts within a budget, ordered stop, nothing left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from thor_web.runtime.child import ChildSpec
from thor_web.runtime.errors import ThorError
from thor_web.runtime.supervisor import ChildState, RestartBudget, Supervisor

LIMIT_S = 20.0
SLEEP = "import time; time.sleep(600)"


def spec(folder: Path, name: str, program: str, **options: object) -> ChildSpec:
    return ChildSpec(
        name=name,
        purpose="a test's own",
        argv=(sys.executable, "-S", "-c", program),
        environment=dict(os.environ),
        log=folder / f"{name}.log",
        **options,  # type: ignore[arg-type]
    )


async def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {LIMIT_S:g} s: {what}"
        await asyncio.sleep(0.01)


def lives(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_child_is_running_once_its_own_check_says_so(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    supervisor = Supervisor()
    program = f"import pathlib, time; pathlib.Path({str(flag)!r}).touch(); time.sleep(600)"
    child = await supervisor.start(spec(tmp_path, "child", program, ready=flag.exists))
    assert (child.state, flag.exists()) == (ChildState.RUNNING, True)
    await supervisor.stop()
    assert child.state is ChildState.STOPPED
    assert child.pid is None


async def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor(budget=RestartBudget(first_wait_s=0.01))
    child = await supervisor.start(spec(tmp_path, "child", SLEEP))
    first = child.pid
    assert first
    os.kill(first, signal.SIGKILL)
    await until(lambda: child.pid not in {None, first}, "a new process")
    assert (child.restarts, supervisor.failed.done()) == (1, False)
    await supervisor.stop()


async def test_a_child_that_falls_too_often_ends_everything_with_its_last_lines(tmp_path: Path) -> None:
    supervisor = Supervisor(budget=RestartBudget(limit=2, first_wait_s=0.01))
    program = "import sys; sys.exit('no luck today')"
    with pytest.raises(ThorError, match=r"^child ended with status 1 3 times; its log is ") as caught:
        await supervisor.start(spec(tmp_path, "child", program, ready=lambda: False))
    assert caught.value.details == ("no luck today",)
    assert supervisor.failed.done()
    await supervisor.stop()


async def test_a_child_whose_work_is_done_is_not_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor()
    child = await supervisor.start(spec(tmp_path, "replay", "pass", may_finish=True))
    await until(child.ended.is_set, "the end")
    assert (child.state, child.restarts, supervisor.failed.done()) == (ChildState.DONE, 0, False)
    await supervisor.stop()
    assert child.state is ChildState.DONE


async def test_a_finished_child_that_failed_is_started_again(tmp_path: Path) -> None:
    supervisor = Supervisor(budget=RestartBudget(limit=1, first_wait_s=0.01))
    child = await supervisor.start(spec(tmp_path, "replay", "raise SystemExit(3)", may_finish=True))
    await until(child.ended.is_set, "the end")
    assert child.state is ChildState.DEAD


async def test_children_stop_in_the_named_order(tmp_path: Path) -> None:
    supervisor = Supervisor()
    order = tmp_path / "order"
    for name in ("redis", "web", "collector"):
        up = tmp_path / f"{name}.up"
        program = (
            "import pathlib, signal, sys, time\n"
            "def stop(*_):\n"
            f"    with open({str(order)!r}, 'a') as file: file.write({name + ' '!r})\n"
            "    sys.exit()\n"
            "signal.signal(signal.SIGTERM, stop)\n"
            f"pathlib.Path({str(up)!r}).touch()\n"
            "time.sleep(600)\n"
        )
        await supervisor.start(spec(tmp_path, name, program, ready=up.exists))
    await supervisor.stop(("collector", "web", "redis"))
    assert order.read_text().split() == ["collector", "web", "redis"]


async def test_a_child_that_will_not_stop_is_ended_with_all_it_started(tmp_path: Path) -> None:
    supervisor = Supervisor()
    pid_file = tmp_path / "grandchild"
    program = (
        "import pathlib, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"started = subprocess.Popen([sys.executable, '-S', '-c', {SLEEP!r}])\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(started.pid))\n"
        "time.sleep(600)\n"
    )
    child = await supervisor.start(
        spec(tmp_path, "stubborn", program, grace_s=0.2, ready=lambda: pid_file.exists() and pid_file.read_text() != "")
    )
    pid = child.pid
    await supervisor.stop()
    assert pid
    assert not lives(pid)
    await until(lambda: not lives(int(pid_file.read_text())), "the grandchild's end")


async def test_being_asked_twice_ends_without_grace(tmp_path: Path) -> None:
    supervisor = Supervisor()
    up = tmp_path / "up"
    program = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(up)!r}).touch(); time.sleep(600)"
    )
    await supervisor.start(spec(tmp_path, "stubborn", program, grace_s=300, ready=up.exists))
    supervisor.hurry()
    await asyncio.wait_for(supervisor.stop(), LIMIT_S)


def test_a_killed_parent_leaves_no_child(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    program = f"""
import asyncio, os, pathlib, sys
from thor_web.runtime.child import ChildSpec
from thor_web.runtime.supervisor import Supervisor

async def main():
    folder = pathlib.Path({str(tmp_path)!r})
    spec = ChildSpec(name="child", purpose="", argv=(sys.executable, "-S", "-c", {SLEEP!r}),
                     environment=dict(os.environ), log=folder / "child.log", unprivileged=True)
    child = await Supervisor().start(spec)
    (folder / "pid.new").write_text(str(child.pid))
    (folder / "pid.new").rename(folder / "pid")
    await asyncio.sleep(600)

asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program])
    try:
        deadline = time.monotonic() + LIMIT_S
        while not pid_file.exists():
            assert parent.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        child = int(pid_file.read_text())
        # The launcher has become the program once its command line says so; only then is its life tied to ours.
        while "thor_web" in " ".join(psutil.Process(child).cmdline()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        parent.kill()
        parent.wait()
    while lives(child):
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.01)


async def test_a_child_whose_disk_is_full_waits_for_room_and_is_not_given_up(tmp_path: Path) -> None:
    room, fails = tmp_path / "room", "import pathlib, sys, time; pathlib.Path(sys.argv[-1]).exists() or sys.exit(1); "
    supervisor = Supervisor(budget=RestartBudget(limit=0))
    program = f"import sys; sys.argv.append({str(room)!r}); {fails}time.sleep(600)"
    room.touch()
    child = await supervisor.start(spec(tmp_path, "child", program, has_room=room.exists))
    room.unlink()
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: child.state is ChildState.RESTARTING, "it waits")
    room.touch()
    await until(lambda: child.pid is not None, "it goes on once there is room")
    assert not supervisor.failed.done()
    await supervisor.stop()
