"""`thor test`: the Rust tests, the dashboard's tests, then pytest, whose own summary is the last thing printed."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from thor_web.cli.checkout import npm, require_checkout, tool_environment
from thor_web.runtime.errors import ThorError

__all__ = ["run_suite"]

SERVERS_OF_ANOTHER: Final = ("THOR_", "REDIS_URL", "DB_", "DJANGO_SETTINGS_MODULE")
"""Variables that would lead the tests to somebody's running Thor."""


def run_suite(pytest_arguments: Sequence[str]) -> int:
    """Run everything, or with arguments only pytest with them. Answers 1 if any part failed."""
    root = require_checkout()
    failed: list[str] = []
    if not pytest_arguments:
        if not _passes("Rust tests", ["cargo", "test", "--locked", "--quiet"], root / "thor_fast"):
            failed.append("the Rust tests")
        try:
            command = [npm(), "run", "--silent", "test"]
        except ThorError as error:
            sys.stdout.write(f"{error}\n")
            failed.append("the dashboard's tests")
        else:
            if not _passes("dashboard tests", command, root / "frontend"):
                failed.append("the dashboard's tests")
    if failed:
        sys.stdout.write(f"\nFAILED: {' and '.join(failed)}, see above.\n")
    sys.stdout.write("\n== Python tests\n" if not pytest_arguments else "")
    sys.stdout.flush()
    status = subprocess.run(
        [sys.executable, "-m", "pytest", *pytest_arguments], cwd=root, env=_environment(), check=False
    ).returncode
    return 1 if failed else status


def _passes(title: str, command: list[str], folder: Path) -> bool:
    sys.stdout.write(f"\n== {title}\n")
    sys.stdout.flush()
    try:
        return subprocess.run(command, cwd=folder, env=_environment(), check=False).returncode == 0
    except OSError as error:
        sys.stdout.write(f"{command[0]} cannot be run: {error.strerror}\n")
        return False


def _environment() -> dict[str, str]:
    return {name: value for name, value in tool_environment().items() if not name.startswith(SERVERS_OF_ANOTHER)}
