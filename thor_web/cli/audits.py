"""`thor audit`: known faults of what Thor depends on, its licences and sources. Part of `thor check` as well.

Advisories lie at services that a machine may not reach. What could not be asked is told and counted as not reached,
never as good: `thor audit --all`, as the workflow calls it, fails on it. Thor's own code is looked through for what is
unsafe by ruff's S rules, which are bandit's, and Django's settings by `check --deploy`.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from thor_web.cli.checkout import npm, require_checkout, tool_environment
from thor_web.runtime.errors import ThorError

__all__ = [
    "AUDITS",
    "Audit",
    "Outcome",
    "State",
    "judge_cargo_deny",
    "judge_npm_audit",
    "judge_pip_audit",
    "run_audits",
]

LOCK: Final = "requirements/server.txt"
ADVISORIES_AWAY: Final = re.compile(r"advisory database|failed to fetch|no such command", re.IGNORECASE)


class State(StrEnum):
    HELD = "ok"
    FAILED = "FAILED"
    NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an audit found. `text` says what is wrong, or why nobody could be asked."""

    state: State
    text: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit: what it is of, and how it is made in a checkout."""

    name: str
    make: Callable[[Path], Outcome]

    def run(self, root: Path) -> Outcome:
        """Make it. A tool that is not there reaches nothing."""
        try:
            return self.make(root)
        except (OSError, subprocess.TimeoutExpired, ThorError) as error:
            return Outcome(State.NOT_REACHED, str(error))


def judge_pip_audit(document: dict[str, Any]) -> Outcome:
    """The outcome of a report of pip-audit, which leaves out what it could not look up and calls the rest good."""
    packages: list[dict[str, Any]] = document["dependencies"]
    faults = [
        f"{package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions']) or 'none'}"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    if faults:
        return Outcome(State.FAILED, "\n".join(faults))
    unknown = [package for package in packages if "skip_reason" in package]
    if unknown or not packages:
        reason = unknown[0]["skip_reason"] if unknown else "nothing was asked"
        return Outcome(State.NOT_REACHED, f"{len(unknown)} of {len(packages)} packages: {reason}")
    return Outcome(State.HELD)


def judge_npm_audit(document: dict[str, Any]) -> Outcome:
    """The outcome of a report of npm audit."""
    if "auditReportVersion" not in document:
        return Outcome(State.NOT_REACHED, str(document.get("message", "npm audit made no report")))
    found: dict[str, dict[str, Any]] = document["vulnerabilities"]
    faults = [f"{name} {fault['range']}: {fault['severity']}" for name, fault in found.items()]
    return Outcome(State.FAILED, "\n".join(faults)) if faults else Outcome(State.HELD)


def judge_cargo_deny(status: int, text: str) -> Outcome:
    """The outcome of a run of cargo-deny by its exit status and what it printed."""
    if status == 0:
        return Outcome(State.HELD)
    if ADVISORIES_AWAY.search(text):
        return Outcome(State.NOT_REACHED, next(line for line in text.splitlines() if ADVISORIES_AWAY.search(line)))
    return Outcome(State.FAILED, text)


def _python_advisories(root: Path) -> Outcome:
    """Ask of one package first: a service that does not know it is not the service, and the rest is not asked."""
    first = re.search(r"^[\w.-]+==[\w.]+", (root / LOCK).read_text(encoding="utf-8"), re.MULTILINE)
    if first is None:
        return Outcome(State.FAILED, f"{LOCK} names no package")
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        one.write_text(f"{first[0]}\n", encoding="utf-8")
        tried = _pip_audit(root, "--no-deps", "-r", str(one))
    if tried.state is not State.HELD:
        return tried
    return _pip_audit(root, "--require-hashes", "-r", LOCK)


def _pip_audit(root: Path, *words: str) -> Outcome:
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    status, out, err = _run([*command, "--timeout", "5", *words], root)
    try:
        return judge_pip_audit(json.loads(out))
    except ValueError:
        return Outcome(State.NOT_REACHED, (err.splitlines() or [f"pip-audit ended with status {status}"])[-1])


def _npm_advisories(root: Path) -> Outcome:
    words = ["audit", "--json", "--package-lock-only", "--omit=dev", "--fetch-retries=0", "--fetch-timeout=10000"]
    status, out, err = _run([npm(), *words], root / "frontend")
    try:
        return judge_npm_audit(json.loads(out))
    except ValueError:
        return Outcome(State.NOT_REACHED, (err.splitlines() or [f"npm audit ended with status {status}"])[-1])


def _cargo_deny(*words: str) -> Callable[[Path], Outcome]:
    """An audit by cargo-deny of every crate that is locked here: the core and the load client."""

    def made(root: Path) -> Outcome:
        for folder in ("thor_fast", "benchmarks/load"):
            command = ["cargo", "deny", "--locked", "check", "--config", str(root / "deny.toml"), *words]
            status, out, err = _run(command, root / folder)
            outcome = judge_cargo_deny(status, out + err)
            if outcome.state is not State.HELD:
                return outcome
        return Outcome(State.HELD)

    return made


def _run(command: list[str], folder: Path) -> tuple[int, str, str]:
    done = subprocess.run(
        command,
        cwd=folder,
        env=tool_environment() | {"CARGO_TERM_PROGRESS_WHEN": "never", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


AUDITS: Final = (
    Audit("Python advisories", _python_advisories),
    Audit("Rust advisories", _cargo_deny("advisories")),
    Audit("Rust licences and sources", _cargo_deny("bans", "licenses", "sources")),
    Audit("dashboard advisories", _npm_advisories),
)


def run_audits(*, all_of_them: bool) -> int:
    """Make them all. Answers 1 if one failed, with `all_of_them` also if one could not be made."""
    root = require_checkout()
    bad = {State.FAILED, State.NOT_REACHED} if all_of_them else {State.FAILED}
    states: list[State] = []
    for audit in AUDITS:
        outcome = audit.run(root)
        states.append(outcome.state)
        sys.stdout.write(f"{outcome.state.value:<11}  {audit.name}\n")
        sys.stdout.write("".join(f"    {line}\n" for line in outcome.text.splitlines()))
        sys.stdout.flush()
    away = states.count(State.NOT_REACHED)
    sys.stdout.write(f"{len(states)} audits: {states.count(State.HELD)} hold, {away} not reached\n")
    return int(bool(bad.intersection(states)))
