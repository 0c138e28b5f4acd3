"""The backtest API of a running Thor: open to read, a login to ask, every error a problem document."""

import os
import subprocess
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from ninja import Schema

from tests.e2e.conftest import RunningThor, clean_environment, thor
from tests.unit.thordata.backtest.lakes import write_lake
from thor_fast import parse_batch
from thor_web.thordata.backtest.result_schemas import PatternsResult, RunResult, SweepResult

GOLDEN = Path(__file__).parent.parent / "golden" / "es_open.jsonl"
DEADLINE_S = 60.0
BASE = "/api/thordata/backtest"
WANTED: dict[str, Any] = {
    "strategy": "sma_cross", "symbols": ["ES"], "start": "2023-12-25", "end": "2023-12-25",
    "parameters": {"fast": 3, "slow": 8}, "options": {"interval_s": 1},
}  # fmt: skip


def as_promised(shape: type[Schema], document: dict[str, Any]) -> bool:
    """Whether a result has the shape that the OpenAPI document promises, and nothing beside it."""
    return shape.model_validate(document).model_dump(mode="json", by_alias=True, exclude_unset=True) == document


def log_in(client: httpx.Client, state: Path) -> None:
    secret = os.urandom(12).hex()
    words = ("createsuperuser", "--no-input", "--username", "trader", "--email", "t@example.com")
    done = subprocess.run(
        [*thor("manage"), "--state", str(state), *words],
        env=clean_environment() | {"DJANGO_SUPERUSER_PASSWORD": secret},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    client.get("/admin/login/")
    form = {"username": "trader", "password": secret, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
    assert client.post("/admin/login/", data=form, headers={"Referer": str(client.base_url)}).status_code == 302
    client.headers["X-CSRFToken"] = client.cookies["csrftoken"]
    client.headers["Referer"] = str(client.base_url)


def finished(running: RunningThor, run: int, *, kind: str = "runs") -> None:
    deadline = time.monotonic() + DEADLINE_S
    while (state := running.get(f"{BASE}/{kind}/{run}").json()["state"]) in {"queued", "running"}:
        assert time.monotonic() < deadline
        threading.Event().wait(0.1)
    assert state == "done"


def test_a_run_from_asking_to_its_report(state: Path) -> None:
    with RunningThor(state, "--source", "none") as running:
        write_lake(state / "lake", parse_batch(GOLDEN.read_bytes())[0].last_per_key(), date(2023, 12, 26))
        names = [it["name"] for it in running.get(f"{BASE}/strategies").json()]
        assert {"composite", "ladder", "open_capture", "sma_cross"} <= set(names)
        assert httpx.post(f"{running.url}{BASE}/runs", json=WANTED).status_code == 401

        with httpx.Client(base_url=running.url, timeout=30) as client:
            log_in(client, state)
            _ask_and_read(running, client)
            _sweep_and_count(running, client)
            _schedule(running, client)
            _refusals(running, client)


def _ask_and_read(running: RunningThor, client: httpx.Client) -> None:
    asked = client.post(f"{BASE}/runs", json=WANTED)
    assert (asked.status_code, asked.json()["created_by"]) == (202, "trader")
    # The worker hears of it at once and may have it already.
    assert asked.json()["state"] in {"queued", "running"}
    number = asked.json()["id"]
    second = client.post(f"{BASE}/runs", json=WANTED | {"parameters": {"fast": 2, "slow": 9}}).json()["id"]
    # The worker of a running Thor takes it by itself.
    for run in (number, second):
        finished(running, run)
    result: dict[str, Any] = running.get(f"{BASE}/runs/{number}/result").json()
    assert as_promised(RunResult, result)
    assert result["parity"]["match"] is True
    report = running.get(f"{BASE}/runs/{number}/report")
    assert result["data"]["hash"] in report.text
    assert report.headers["content-security-policy"].startswith("default-src 'none'")
    compared = running.get(f"{BASE}/compare", ids=f"{number},{second}").json()
    assert compared["differing_inputs"]["parameters.slow"] == [8, 9]
    # A few minutes are too few periods for a portfolio.
    assert running.get(f"{BASE}/portfolio", ids=f"{number},{second}").json()["code"] == "no_data"
    page = running.get(f"{BASE}/runs", limit="1").json()
    assert ([run["id"] for run in page["runs"]], page["next"]) == ([second], second)
    assert client.post(f"{BASE}/runs/{number}/cancel").json()["state"] == "done"


def _sweep_and_count(running: RunningThor, client: httpx.Client) -> None:
    """A sweep and patterns wait in the same queue, have numbers of the same series, and are told apart."""
    wanted = WANTED | {"parameters": {}, "grid": {"fast": [2, 3], "slow": "5:8:3"}, "judging": {"folds": 4}}
    asked = client.post(f"{BASE}/sweeps", json=wanted)
    assert (asked.status_code, asked.json()["strategy"]) == (202, "sma_cross")
    sweep = asked.json()["id"]
    span = {name: WANTED[name] for name in ("symbols", "start", "end")}
    patterns = client.post(f"{BASE}/patterns", json=span | {"interval_s": 1}).json()["id"]
    finished(running, sweep, kind="sweeps")
    finished(running, patterns, kind="patterns")
    swept = running.get(f"{BASE}/sweeps/{sweep}/result").json()
    assert as_promised(SweepResult, swept)
    assert (swept["combinations"], swept["grid"]) == (4, {"fast": [2, 3], "slow": [5, 8]})
    assert swept["digest"] in running.get(f"{BASE}/sweeps/{sweep}/report").text
    assert [one["combinations"] for one in running.get(f"{BASE}/sweeps").json()["sweeps"]] == [4]
    counted = running.get(f"{BASE}/patterns/{patterns}/result").json()
    assert as_promised(PatternsResult, counted)
    assert counted["symbols"][0]["tables"].keys() >= {"gaps", "candlesticks"}
    assert "candlesticks" in running.get(f"{BASE}/patterns/{patterns}/report").text
    assert [one["id"] for one in running.get(f"{BASE}/patterns").json()["patterns"]] == [patterns]
    for kind, other in (("runs", sweep), ("sweeps", patterns), ("patterns", sweep)):
        assert running.get(f"{BASE}/{kind}/{other}").json()["code"] == f"unknown_{kind.removesuffix('s')}".replace(
            "unknown_pattern", "unknown_patterns"
        )
    assert client.post(f"{BASE}/sweeps/{sweep}/cancel").json()["state"] == "done"


def _schedule(running: RunningThor, client: httpx.Client) -> None:
    body = {name: WANTED[name] for name in ("strategy", "symbols", "parameters", "options")}
    wanted = {"name": "Each night", "body": body, "trade_dates": 2}
    made = client.post(f"{BASE}/schedules", json=wanted)
    assert made.status_code == 201, made.text
    record = made.json()
    assert (record["market"], record["condition"], record["offset_s"]) == ("GLOBEX_EQUITY", "close", 1_800)
    assert (record["author"], record["body"], record["trade_dates"]) == ("trader", body, 2)
    assert record["next_due_at"] is not None
    assert running.get(f"{BASE}/schedules").json() == [record]
    off = client.patch(f"{BASE}/schedules/{record['id']}", json={"enabled": False}).json()
    assert (off["enabled"], off["next_due_at"]) == (False, None)
    for code, change in (
        ("bad_schedule", {}),
        ("bad_schedule", {"name": "Other", "condition": "phase"}),
        ("bad_specification", {"name": "Other", "body": body | {"start": "2023-12-25"}}),
        ("unknown_strategy", {"name": "Other", "body": body | {"strategy": "os:system"}}),
        ("unknown_symbol", {"name": "Other", "body": body | {"symbols": ["NOPE"]}}),
    ):
        refused = client.post(f"{BASE}/schedules", json=wanted | change)
        assert (refused.status_code, refused.json()["code"]) in {(400, code), (404, code)}, refused.text
    assert client.delete(f"{BASE}/schedules/{record['id']}").status_code == 204
    assert client.delete(f"{BASE}/schedules/{record['id']}").json()["code"] == "unknown_schedule"
    assert running.get(f"{BASE}/schedules").json() == []


def _refusals(running: RunningThor, client: httpx.Client) -> None:
    assert client.post(f"{BASE}/runs", json=WANTED, headers={"X-CSRFToken": "no"}).status_code == 403
    asked: dict[str, dict[str, Any]] = {
        "unknown_strategy": {"strategy": "os:system"},
        "bad_specification": {"options": {"lake": "/etc"}},
        "unknown_symbol": {"symbols": ["NOPE"]},
        "bad_parameter": {"parameters": {"fast": -1}},
    }
    for code, change in asked.items():
        answer = client.post(f"{BASE}/runs", json=WANTED | change)
        assert (answer.status_code, answer.json()["code"]) in {(400, code), (404, code)}, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert running.get(f"{BASE}/runs/99").json()["code"] == "unknown_run"
    assert running.get(f"{BASE}/compare", ids="1").json()["code"] == "bad_parameter"
    assert running.get(f"{BASE}/portfolio", ids="1,2", sizing="luck").json()["code"] == "bad_specification"
    assert client.post(f"{BASE}/sweeps", json=WANTED | {"grid": {}}).json()["code"] == "bad_specification"
    assert client.post(f"{BASE}/sweeps", json=WANTED | {"grid": {"depth": [1]}}).json()["code"] == "unknown_parameter"
    assert running.get(f"{BASE}/sweeps/1/result").json()["code"] == "unknown_sweep"
