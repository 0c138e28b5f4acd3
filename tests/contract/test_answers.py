"""What a running Thor answers, against the shapes that its OpenAPI document promises."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.e2e.conftest import RunningThor, clean_environment, thor, wait_until
from tests.unit.timezones.cases import CASES, fits
from thor_web.futuretrading.schemas import DisplayFields, InstrumentRecord, QuoteRecord
from thor_web.timezones.interface import market_names
from thor_web.timezones.schemas import (
    CalendarRecord,
    LocalTime,
    MarketRecord,
    OverlapRecord,
    QuietRecord,
    SessionRecord,
)

HASH_FIELDS = {"active_source", "received_us", "stream_id", "updated_at"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    folder: Path = tmp_path_factory.mktemp("contract") / "state"
    with RunningThor(folder) as thor:
        wait_until(lambda: len(thor.quotes()) == 11, "every future is quoted")
        yield thor


def test_records_are_what_the_schema_says(running: RunningThor) -> None:
    records = running.quotes()
    for record in records:
        QuoteRecord.model_validate(record, strict=True)
        assert record.keys() == QuoteRecord.model_fields.keys()
        assert record["display"].keys() == DisplayFields.model_fields.keys()


def test_an_enriched_stream_carries_the_same_record(running: RunningThor) -> None:
    (message,) = running.events(1, after="", enrich="1", symbols="ES")
    record: dict[str, Any] = TypeAdapter(dict[str, Any]).validate_json(message.data)
    QuoteRecord.model_validate(record, strict=True)
    assert QuoteRecord.model_fields.keys() - record.keys() == {"age_ms"}
    assert record["id"] == message.id


def test_instruments_and_sessions_are_what_the_schema_says(running: RunningThor) -> None:
    rows = TypeAdapter(list[InstrumentRecord]).validate_python(running.get("/api/instruments").json(), strict=True)
    assert [row.symbol for row in rows] == ["YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB"]
    TypeAdapter(SessionRecord).validate_python(running.get("/api/session").json(), strict=True)
    every = TypeAdapter(list[SessionRecord]).validate_python(running.get("/api/session", market="all").json())
    assert [state.market for state in every] == list(market_names())


def test_the_clock_s_answers_are_what_the_schema_says(running: RunningThor) -> None:
    def asked(path: str, kind: Any, **parameters: str) -> Any:
        return TypeAdapter(kind).validate_python(running.get(path, **parameters).json(), strict=True)

    assert [row.market for row in asked("/api/markets", list[MarketRecord])] == list(market_names())
    week = {"from": "2025-11-24", "to": "2025-11-28"}
    assert len(asked("/api/markets/ES/calendar", CalendarRecord, **week).days) == 5
    (tokyo,) = [
        row for row in asked("/api/markets/times", list[LocalTime], at="2025-06-11T00:00:00Z") if row.market == "TSE"
    ]
    assert (tokyo.local_time, tokyo.is_open) == ("2025-06-11T09:00:00+09:00", True)
    day = {"from": "2025-01-15T00:00:00Z", "to": "2025-01-16T00:00:00Z"}
    (both,) = asked("/api/markets/overlaps", OverlapRecord, markets="LSE,NYSE", **day).spans
    assert (both.starts_at, both.ends_at) == ("2025-01-15T14:30:00Z", "2025-01-15T16:30:00Z")
    quiet = asked("/api/markets/quiet", QuietRecord, markets="ES,DX", after="2025-03-06T12:00:00Z").span
    assert quiet is not None
    assert quiet.starts_at == "2025-03-07T22:00:00Z"
    schedule = running.get("/api/markets/NYSE/schedule.ics")
    assert schedule.headers["content-type"] == "text/calendar; charset=utf-8"
    assert schedule.text.startswith("BEGIN:VCALENDAR")
    pair = running.get("/api/session", markets="ES,NYSE").json()
    assert [state["market"] for state in pair] == ["GLOBEX_EQUITY", "NYSE"]


def test_the_session_answers_every_case(running: RunningThor) -> None:
    for case in CASES:
        answer = running.get("/api/session", market=case["market"], at=case["at"]).json()
        assert fits(case, answer), (case, answer)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/session?market=MOON", 404, "unknown_market"),
        ("/api/session?at=2025-06-11T12:00:00", 400, "bad_instant"),
        ("/api/session?at=yesterday", 400, "bad_instant"),
        ("/api/markets/MOON/calendar", 404, "unknown_market"),
        ("/api/markets/NYSE/calendar?from=2025-01-01&to=2027-01-01", 400, "bad_parameter"),
        ("/api/markets/overlaps?markets=,", 400, "bad_parameter"),
        ("/api/markets/quiet?markets=NYSE&minutes=0", 400, "bad_parameter"),
    ],
)
def test_what_the_clock_refuses(running: RunningThor, path: str, status: int, code: str) -> None:
    path, _, query = path.partition("?")
    answer = running.get(path, **dict(pair.split("=") for pair in query.split("&") if pair))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert code != "unknown_market" or "known are ALWAYS, ASX" in answer.json()["detail"]


def test_the_openapi_document_names_every_path(running: RunningThor) -> None:
    document = running.get("/api/openapi.json").json()
    history = {f"/api/thordata/{name}" for name in ("asof", "bars", "coverage", "exports", "quality", "ticks", "vwap")}
    live = {"/api/instruments", "/api/providers", "/api/quotes", "/api/quotes/stream", "/api/session"}
    clock = {f"/api/markets{name}" for name in ("", "/overlaps", "/quiet", "/times")}
    clock |= {f"/api/markets/{{market}}/{name}" for name in ("calendar", "schedule.ics")}
    runs = {f"/runs{name}" for name in ("", "/{run}", "/{run}/result", "/{run}/report", "/{run}/cancel")}
    backtest = {f"/api/thordata/backtest{name}" for name in ("/strategies", "/compare", *runs)}
    assert set(document["paths"]) == live | history | clock | backtest


def test_streams_say_how_they_must_be_treated(running: RunningThor) -> None:
    import httpx

    with httpx.stream("GET", f"{running.url}/api/quotes/stream", timeout=10) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-cache, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
        assert next(answer.iter_lines()).startswith("retry: ")


def test_providers_tell_how_their_collectors_go_and_take_no_wishes(running: RunningThor) -> None:
    wished = running.get("/api/providers?provider=json&file=/etc/passwd&poll_ms=1")
    assert wished.status_code == 200
    assert [provider["kind"] for provider in wished.json()] == [
        provider["kind"] for provider in running.get("/api/providers").json()
    ]
    assert all(provider["kind"] in {"mock", "replay"} for provider in wished.json())


def test_the_command_tells_the_same_of_providers_as_the_api(running: RunningThor) -> None:
    done = subprocess.run(
        [*thor("providers"), "--state", str(running.state), "--json"],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
        timeout=60,
    )
    (told,) = json.loads(done.stdout)
    (answered,) = running.get("/api/providers").json()
    assert (told["source"], told["kind"], told["status"], told["mode"]) == ("MOCK", "mock", "live", "mock")
    assert answered.keys() == told.keys() - {"pid"}
