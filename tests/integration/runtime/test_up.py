"""`thor up` as a process: what it refuses in one sentence, and that nothing outlives it however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.servers import Database
from thor_web.runtime.state import StateFolder
from thor_web.runtime.up import migrations_fingerprint

LIMIT_S = 90.0
BY_NOBODY = 1
"""A port of this machine that nobody listens on."""


def command(state: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "thor_web.cli.main", "up", "--state", str(state), "--no-browser", *arguments]


def environment(**named: str) -> dict[str, str]:
    strange = ("THOR_", "REDIS_URL", "DB_", "DJANGO_")
    return {name: value for name, value in os.environ.items() if not name.startswith(strange)} | named


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {LIMIT_S:g} s: {what}"
        time.sleep(0.02)


def lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        ({"REDIS_URL": f"redis://127.0.0.1:{BY_NOBODY}"}, "thor: The Redis of REDIS_URL cannot be reached: "),
        ({"DB_HOST": "127.0.0.1", "DB_PORT": str(BY_NOBODY)}, "thor: The Postgres of DB_HOST cannot be reached: "),
        ({"REDIS_URL": "carrier-pigeon:"}, "thor: The Redis of REDIS_URL cannot be reached: "),
    ],
)
def test_servers_that_cannot_be_reached_are_one_sentence(
    named: dict[str, str], sentence: str, tmp_path: Path, unused_port: int
) -> None:
    done = subprocess.run(
        command(tmp_path / "state", "--port", str(unused_port)),
        env=environment(**named),
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_a_killed_thor_leaves_no_process_and_starts_again(
    tmp_path: Path, unused_port: int, redis_url: str, database: Database
) -> None:
    state = StateFolder(tmp_path / "state")
    argv = command(state.path, "--port", str(unused_port), "--source", "none")
    for number, expected in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 0)):
        with subprocess.Popen(
            argv,
            env=environment(REDIS_URL=redis_url, **database.environment()),
            stdout=subprocess.PIPE,
            text=True,
        ) as running:
            assert running.stdout
            assert running.stdout.readline() == f"READY http://127.0.0.1:{unused_port}\n"
            assert state.holder() == running.pid
            children = psutil.Process(running.pid).children(recursive=True)
            assert len(children) >= 3
            running.send_signal(number)
            assert running.wait(LIMIT_S) == expected
            until(lambda: not any(lives(child) for child in children), "every child's end")  # noqa: B023 - called here
        assert state.holder() is None
    assert state.read_servers() is None


def test_the_fingerprint_of_the_migrations_is_stable() -> None:
    assert migrations_fingerprint() == migrations_fingerprint()
    assert len(migrations_fingerprint()) == 64
