"""The doctor sees what strangers could do, and mends what it can."""

from pathlib import Path

import pytest

from thor_web.runtime.doctor import Finding, examine, mend
from thor_web.runtime.state import StateFolder


def finding(state: StateFolder, what: str) -> Finding:
    return next(one for one in examine(state) if one.what == what)


@pytest.mark.parametrize(
    ("named", "fine", "found"),
    [
        ({}, True, "reading needs no login"),
        ({"THOR_LOGIN": "always"}, True, "this machine only; everybody logs in"),
        ({"THOR_BIND": "0.0.0.0"}, False, "in the clear"),  # noqa: S104 - the fault that is looked for
        ({"THOR_HOSTS": "thor.example.com", "THOR_PROXIES": "127.0.0.1"}, False, "in the clear"),
        ({"THOR_HOSTS": "thor.example.com", "THOR_PROXIES": "127.0.0.1", "THOR_TLS": "1"}, True, "by TLS"),
    ],
)
def test_who_can_reach_the_server_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: dict[str, str], fine: bool, found: str
) -> None:
    for name in ("THOR_LOGIN", "THOR_BIND", "THOR_HOSTS", "THOR_PROXIES", "THOR_TLS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    reach = finding(StateFolder(tmp_path), "reach")
    assert (reach.fine, found in reach.found) == (fine, True), reach


def test_a_secret_that_others_may_read_is_closed(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    state.create()
    assert finding(state, "secrets").fine
    state.secret_key_file.chmod(0o644)
    assert not finding(state, "secrets").fine
    assert mend(state) == [f"{state.secret_key_file} is closed to others now."]
    assert finding(state, "secrets").fine


def test_a_setting_that_is_wrong_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THOR_PROXIES", "not an address")
    wrong = finding(StateFolder(tmp_path), "settings")
    assert not wrong.fine
    assert wrong.found.startswith("THOR_PROXIES: ")
