"""An operator at the admin of a running Thor: what is written there is in force everywhere, and what is due runs."""

import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import RunningThor, clean_environment, sse_messages, thor, wait_until

PASSWORD = "correct horse battery staple"
WITHIN_S = 1.0


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    folder: Path = tmp_path_factory.mktemp("clock") / "state"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
        with RunningThor(folder, "--source", "none") as started:
            yield started


@pytest.fixture(scope="module")
def admin(running: RunningThor) -> Iterator[httpx.Client]:
    """A browser with a logged-in operator."""
    made = {
        "DJANGO_SUPERUSER_USERNAME": "ann",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        "DJANGO_SUPERUSER_EMAIL": "a@b.de",
    }
    subprocess.run(
        [*thor("manage"), "--state", str(running.state), "createsuperuser", "--no-input"],
        env={**clean_environment(), **made},
        check=True,
        capture_output=True,
    )
    with httpx.Client(base_url=running.url, follow_redirects=True, timeout=30) as client:
        page = client.get("/admin/login/")
        login = {"username": "ann", "password": PASSWORD, "csrfmiddlewaretoken": token(page)}
        client.post("/admin/login/", data=login, headers={"Referer": running.url})
        assert "Log out" in client.get("/admin/").text
        yield client


def token(page: httpx.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def add(admin: httpx.Client, model: str, **fields: str) -> httpx.Response:
    """Fill a form in and save it."""
    path = f"/admin/timezones/{model}/add/"
    data = {"csrfmiddlewaretoken": token(admin.get(path)), **fields}
    return admin.post(path, data=data, headers={"Referer": str(admin.base_url) + path})


def state_of(running: RunningThor, market: str, **parameters: str) -> dict[str, Any]:
    found: dict[str, Any] = running.get("/api/session", market=market, **parameters).json()
    return found


def until(condition: Callable[[], bool], what: str, limit_s: float) -> float:
    """How long it took until it held."""
    started = time.monotonic()
    wait_until(condition, what, limit_s=limit_s)
    return time.monotonic() - started


def test_a_halt_is_in_force_within_a_second_and_every_client_is_told(running: RunningThor, admin: httpx.Client) -> None:
    """The market that never closes stands still: whatever the time is, this changes its state."""
    told: list[str] = []
    listening = threading.Event()

    def listen() -> None:
        with httpx.stream("GET", f"{running.url}/api/quotes/stream", timeout=60) as answer:
            for message in sse_messages(answer.iter_lines()):
                listening.set()
                if message.event == "session" and '"ALWAYS"' in message.data:
                    told.append(message.data)
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    assert listening.wait(30)
    assert state_of(running, "24/7")["phase"] == "open"
    saved = add(
        admin, "halt", market="24/7", starts_at_0="2020-01-01", starts_at_1="00:00:00", reason="the world stands still"
    )
    assert "was added successfully" in saved.text
    took = until(lambda: state_of(running, "24/7")["phase"] == "halt", "the halt", 30)
    assert took < WITHIN_S
    assert state_of(running, "24/7")["reason"] == "halted: the world stands still"
    listener.join(30)
    assert '"phase":"halt"' in told[0]


def test_an_override_that_contradicts_itself_is_refused_with_the_reason(admin: httpx.Client) -> None:
    wrong = {"market": "NYSE", "day": "2026-11-25", "name": "Storm", "reason": "radio"}
    page = add(admin, "calendaroverride", hours="12:00 regular 11:00 closed", **wrong)
    assert "is not later than the one to" in page.text
    page = add(admin, "calendaroverride", hours="04:00 pre 09:30 regular 16:00 post 20:00 closed", **wrong)
    assert "an override would change nothing" in page.text
    page = add(admin, "calendaroverride", hours="closed", **(wrong | {"market": "MOON"}))
    assert "there is no market" in page.text


def test_an_override_changes_every_answer(running: RunningThor, admin: httpx.Client) -> None:
    add(admin, "calendaroverride", market="ES", day="2026-11-30", hours="closed", name="Storm", reason="radio")
    at = {"at": "2026-11-30T15:00:00Z"}
    wait_until(lambda: state_of(running, "GLOBEX", **at)["holiday"] == "Storm", "the override")
    assert state_of(running, "YM", **at)["reason"] == "closed: Storm (set by an operator: ann)"
    days = running.get("/api/markets/ES/calendar", **{"from": "2026-11-30", "to": "2026-11-30"}).json()["days"]
    assert days[0]["is_trading_day"] is False


def test_a_trigger_runs_and_the_admin_shows_it(running: RunningThor, admin: httpx.Client) -> None:
    due_at = datetime.now(UTC) + timedelta(seconds=3)
    saved = add(
        admin,
        "trigger",
        name="look at the settings",
        market="24/7",
        condition="local_time",
        offset_s="0",
        local_time=f"{due_at:%H:%M:%S}",
        action="command",
        parameters='{"name": "check"}',
        grace_s="60",
        misfire="run_once",
        max_attempts="1",
        timeout_s="60",
        enabled="on",
    )
    assert "was added successfully" in saved.text
    page = admin.get("/admin/timezones/trigger/")
    assert f"{due_at:%Y-%m-%dT%H:%M:%S}Z (of " in page.text
    wait_until(lambda: ">done<" in admin.get("/admin/timezones/triggerrun/").text, "the run is done")
    page = add(admin, "trigger", name="wrong", market="NYSE", condition="phase", action="webhook", parameters="{}")
    assert "A phase belongs to the condition" in page.text


def test_a_trigger_goes_with_its_ledger_and_a_run_by_itself_does_not(running: RunningThor, admin: httpx.Client) -> None:
    name = "look at the settings"
    (number,) = re.findall(rf'/trigger/(\d+)/change/">{name}<', admin.get("/admin/timezones/trigger/").text)
    assert name in admin.get("/admin/timezones/triggerrun/").text
    assert admin.get("/admin/timezones/triggerrun/1/delete/").status_code == 403
    path = f"/admin/timezones/trigger/{number}/delete/"
    asked = admin.get(path)
    sent = {"csrfmiddlewaretoken": token(asked), "post": "yes"}
    gone = admin.post(path, data=sent, headers={"Referer": running.url + path})
    assert "was deleted successfully" in gone.text
    assert name not in admin.get("/admin/timezones/triggerrun/").text


def test_a_flag_and_the_banner_are_in_force_at_once(running: RunningThor, admin: httpx.Client) -> None:
    path = "/admin/flags/flagstate/add/"
    form = admin.get(path)
    data = {"csrfmiddlewaretoken": token(form), "name": "new-chart", "condition": "maintenance", "value": "on"}
    assert "was added successfully" in admin.post(path, data=data, headers={"Referer": running.url + path}).text

    def flags() -> dict[str, bool]:
        found: dict[str, bool] = running.get("/api/flags").json()["flags"]
        return found

    wait_until(lambda: flags() == {"new-chart": False}, "the flag")
    now = datetime.now(UTC)
    add(
        admin,
        "maintenancewindow",
        title="moving the disks",
        starts_at_0="2020-01-01",
        starts_at_1="00:00:00",
        ends_at_0=f"{now + timedelta(days=1):%Y-%m-%d}",
        ends_at_1="23:00:00",
        shows_banner="on",
    )
    wait_until(lambda: flags() == {"new-chart": True}, "the flag follows maintenance")
    (window,) = running.get("/api/maintenance").json()
    assert (window["title"], window["is_on"], window["shows_banner"]) == ("moving the disks", True, True)
    page = admin.post(
        path,
        data=data | {"condition": "market phase", "value": "MOON: open", "csrfmiddlewaretoken": token(admin.get(path))},
        headers={"Referer": running.url + path},
    )
    assert "there is no market" in page.text


def test_the_horizon_is_told_and_can_be_acknowledged(running: RunningThor, admin: httpx.Client) -> None:
    def open_notices() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = running.get("/api/notifications", unacknowledged="1").json()
        return [notice for notice in found if notice["kind"] == "horizon"]

    if datetime.now(UTC) < datetime(2026, 11, 2, tzinfo=UTC):
        return
    wait_until(lambda: len(open_notices()) == 6, "every market of the instruments")
    path = "/admin/timezones/notification/"
    data: dict[str, Any] = {
        "csrfmiddlewaretoken": token(admin.get(path)),
        "action": "acknowledge",
        "_selected_action": [str(notice["id"]) for notice in open_notices()],
    }
    admin.post(path, data=data, headers={"Referer": running.url + path})
    assert open_notices() == []
    assert {notice["acknowledged_by"] for notice in running.get("/api/notifications").json()} >= {"ann"}


def test_an_alert_goes_out_by_e_mail(running: RunningThor, admin: httpx.Client) -> None:
    """The backend writes into the clock's log instead of sending."""
    rule = {"name": "by mail", "kind": "horizon", "severity": "critical", "markets": "SSE", "side": "above"}
    rule |= {"rearm": "0", "cooldown_s": "0"}  # as the form comes
    saved = add(admin, "alertrule", channels="email", emails="ann@example.com", enabled="on", **rule)
    assert "was added successfully" in saved.text
    log = running.state / "logs" / "clock.log"
    subject = "Subject: [Thor] The calendar of Shanghai Stock Exchange is verified through"
    wait_until(lambda: subject in log.read_text(), "the e-mail")
    assert "To: ann@example.com" in log.read_text()


def test_nobody_writes_without_logging_in(running: RunningThor) -> None:
    for path in ("/admin/timezones/halt/add/", "/admin/timezones/trigger/add/", "/admin/flags/flagstate/add/"):
        answer = httpx.post(f"{running.url}{path}", data={"market": "NYSE"}, timeout=30)
        assert answer.status_code in {302, 403}


def test_a_killed_clock_is_started_again_and_catches_up(running: RunningThor, admin: httpx.Client) -> None:
    killed = running.child("clock")
    due_at = datetime.now(UTC) + timedelta(seconds=2)
    fields = {"market": "24/7", "condition": "local_time", "offset_s": "0", "local_time": f"{due_at:%H:%M:%S}"}
    policy = {"grace_s": "60", "misfire": "run_once", "max_attempts": "1", "timeout_s": "60", "enabled": "on"}
    add(admin, "trigger", name="catch up", action="alert", parameters='{"title": "caught up"}', **fields, **policy)
    killed.kill()
    wait_until(lambda: "caught up" in running.get("/api/notifications").text, "the next clock ran it")
    assert running.child("clock").pid != killed.pid
