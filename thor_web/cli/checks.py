"""`thor check`: every check that CI makes, each run whatever the others say, with a table at the end.

The audits come last. One whose advisories cannot be asked for is told and counted, and fails nothing: see audits.py.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thor_web.cli.audits import AUDITS, Audit, State
from thor_web.cli.checkout import npm, require_checkout, tool_environment
from thor_web.runtime.errors import ThorError

__all__ = ["CHECKS", "Check", "run_checks"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check: a command in a folder of the checkout, or a function that says what is wrong."""

    name: str
    command: Callable[[], list[str]] | None = None
    folder: str = "."
    function: Callable[[Path], str] | None = None

    def run(self, root: Path) -> tuple[bool, str]:
        """Whether it holds, and what it printed."""
        try:
            if self.function is not None:
                fault = self.function(root)
                return not fault, fault
            if self.command is None:
                return True, ""
            done = subprocess.run(
                self.command(),
                cwd=root / self.folder,
                env=tool_environment() | {"CARGO_TERM_PROGRESS_WHEN": "never"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        except ThorError as error:
            return False, str(error)
        except OSError as error:
            return False, f"{error.filename} cannot be run: {error.strerror}"
        return done.returncode == 0, done.stdout


def _python(module: str, *arguments: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-m", module, *arguments]


def _generated_pages(root: Path) -> str:
    """Which generated pages differ from what they are made from; nothing when none does."""
    from thor_web.cli.pages import outdated_pages

    outdated = outdated_pages(root)
    return f"out of date: {', '.join(outdated)}; ./thor docs writes them\n" if outdated else ""


CHECKS: Final = (
    Check("ruff check", _python("ruff", "check", ".", "thor")),
    Check("ruff format", _python("ruff", "format", "--check", ".", "thor")),
    Check("mypy", _python("mypy", "thor_web", "collectors", "thor_client", "benchmarks", "tests")),
    Check("import rules", lambda: ["lint-imports"]),
    Check("cargo fmt", lambda: ["cargo", "fmt", "--check"], "thor_fast"),
    Check(
        "cargo clippy",
        lambda: ["cargo", "clippy", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"],
        "thor_fast",
    ),
    Check("load client's fmt", lambda: ["cargo", "fmt", "--check"], "benchmarks/load"),
    Check(
        "load client's clippy",
        lambda: ["cargo", "clippy", "--all-targets", "--locked", "--", "-D", "warnings"],
        "benchmarks/load",
    ),
    Check("dashboard lint", lambda: [npm(), "run", "--silent", "lint"], "frontend"),
    Check("dashboard types", lambda: [npm(), "run", "--silent", "typecheck"], "frontend"),
    Check("generated files", function=_generated_pages),
    Check("dashboard API types", lambda: [npm(), "run", "--silent", "api:check"], "frontend"),
    Check("market calendars", _python("thor_web.timezones.generator", "--check")),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one check or audit, and how long it took in seconds."""

    name: str
    state: State
    text: str
    took: float


def run_checks() -> int:
    """Run all of them and answer 1 if any failed."""
    root = require_checkout()
    results: list[Result] = []
    for work in (*CHECKS, *AUDITS):
        result = _result(work, root)
        results.append(result)
        sys.stdout.write(f"{result.state.value:<11} {result.name} ({result.took:.1f} s)\n")
        if result.state is not State.HELD:
            sys.stdout.write("".join(f"    {line}\n" for line in result.text.splitlines()))
        sys.stdout.flush()
    width = max(len(result.name) for result in results)
    sys.stdout.write("\n")
    for result in results:
        sys.stdout.write(f"  {result.name:<{width}}  {result.state.value:<11}  {result.took:6.1f} s\n")
    failed = [result.name for result in results if result.state is State.FAILED]
    away = [result.name for result in results if result.state is State.NOT_REACHED]
    verdict = f"{len(failed)} of {len(results)} checks failed: {', '.join(failed)}" if failed else "every check holds"
    if away:
        verdict += f", but {len(away)} that could not be made here: {', '.join(away)}"
    sys.stdout.write(f"\n{verdict}\n")
    return 1 if failed else 0


def _result(work: Check | Audit, root: Path) -> Result:
    started = time.monotonic()
    if isinstance(work, Audit):
        outcome = work.run(root)
        state, text = outcome.state, outcome.text
    else:
        fine, text = work.run(root)
        state = State.HELD if fine else State.FAILED
    return Result(work.name, state, text, time.monotonic() - started)
