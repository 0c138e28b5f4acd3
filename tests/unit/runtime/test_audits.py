"""Audits: a fault fails, and what could not be asked is never called good."""

from pathlib import Path
from typing import Any

import pytest

from thor_web.cli import audits
from thor_web.cli.audits import Audit, Outcome, State, judge_cargo_deny, judge_npm_audit, judge_pip_audit
from thor_web.runtime.errors import ThorError

# As pip-audit 2.10, npm 11 and cargo-deny 0.20 write them, shortened.
GOOD: dict[str, Any] = {"name": "orjson", "version": "3.11.4", "vulns": []}
BAD: dict[str, Any] = {
    "name": "django",
    "version": "5.2.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["5.2.1"], "aliases": [], "description": "words"}],
}
UNKNOWN: dict[str, Any] = {
    "name": "django",
    "skip_reason": "Dependency not found on PyPI and could not be audited: django (5.2.0)",
}


@pytest.mark.parametrize(
    ("packages", "state"),
    [
        ([GOOD], State.HELD),
        ([GOOD, BAD], State.FAILED),
        ([UNKNOWN, BAD], State.FAILED),
        ([GOOD, UNKNOWN], State.NOT_REACHED),
        ([], State.NOT_REACHED),
    ],
)
def test_pip_audit_that_left_something_out_holds_nothing(packages: list[dict[str, Any]], state: State) -> None:
    assert judge_pip_audit({"dependencies": packages, "fixes": []}).state is state


def test_a_fault_of_a_python_package_is_named_with_what_mends_it() -> None:
    assert judge_pip_audit({"dependencies": [BAD]}).text == "django 5.2.0: PYSEC-2026-1, mended in 5.2.1"


@pytest.mark.parametrize(
    ("document", "outcome"),
    [
        ({"auditReportVersion": 2, "vulnerabilities": {}}, Outcome(State.HELD)),
        (
            {"auditReportVersion": 2, "vulnerabilities": {"left-pad": {"range": "<2", "severity": "high"}}},
            Outcome(State.FAILED, "left-pad <2: high"),
        ),
        (
            {"message": "405 Method Not Allowed", "statusCode": 405},
            Outcome(State.NOT_REACHED, "405 Method Not Allowed"),
        ),
    ],
)
def test_npm_audit_holds_only_with_a_report(document: dict[str, Any], outcome: Outcome) -> None:
    assert judge_npm_audit(document) == outcome


@pytest.mark.parametrize(
    ("status", "text", "state"),
    [
        (0, "advisories ok", State.HELD),
        (1, "error[vulnerability]: use after free\nadvisories FAILED", State.FAILED),
        (1, "[ERROR] failed to fetch advisory database https://example.org", State.NOT_REACHED),
        (101, "error: no such command: `deny`", State.NOT_REACHED),
    ],
)
def test_cargo_deny_that_has_no_database_holds_nothing(status: int, text: str, state: State) -> None:
    assert judge_cargo_deny(status, text).state is state


def test_a_tool_that_is_missing_reaches_nothing(tmp_path: Path) -> None:
    def made(_: Path) -> Outcome:
        raise ThorError("Node 20.19 or newer is missing.")

    assert Audit("dashboard", made).run(tmp_path) == Outcome(State.NOT_REACHED, "Node 20.19 or newer is missing.")


def _found(state: State) -> Audit:
    return Audit(f"one that is {state.value}", lambda _: Outcome(state))


@pytest.mark.parametrize(
    ("states", "lenient", "strict"),
    [
        ((State.HELD, State.HELD), 0, 0),
        ((State.HELD, State.NOT_REACHED), 0, 1),
        ((State.HELD, State.FAILED), 1, 1),
    ],
)
def test_what_is_not_reached_is_counted_and_fails_where_all_is_asked_for(
    states: tuple[State, ...],
    lenient: int,
    strict: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(audits, "AUDITS", tuple(_found(state) for state in states))
    assert audits.run_audits(all_of_them=False) == lenient
    assert audits.run_audits(all_of_them=True) == strict
    assert f"2 audits: {states.count(State.HELD)} hold, {states.count(State.NOT_REACHED)} not reached" in (
        capsys.readouterr().out
    )
