"""What a running Thor answers, against the shapes that its OpenAPI document promises."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from tests.e2e.conftest import RunningThor, clean_environment, sse_messages, thor, wait_until
from tests.unit.timezones.cases import CASES, fits
from thor_web.futuretrading.schemas import (
    AccuracyReport,
    BarPage,
    CurrentSignals,
    DisplayFields,
    InstrumentRecord,
    LatestQuotes,
    LiveBar,
    QuoteRecord,
    SignalPage,
    TotalRecord,
)
from thor_web.livedata.schemas import RawQuote, RawQuotes
from thor_web.thor_project.web_health import METRICS
from thor_web.timezones.interface import market_names
from thor_web.timezones.schemas import (
    CalendarRecord,
    LocalTime,
    MarketRecord,
    OverlapRecord,
    QuietRecord,
    SessionRecord,
)

CHECKOUT = Path(__file__).parent.parent.parent
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


def test_a_stream_tells_the_composite_at_its_start_and_when_it_has_changed(running: RunningThor) -> None:
    totals: list[dict[str, Any]] = []
    query = {"symbols": "ES", "conflate": "1"}
    with httpx.stream("GET", f"{running.url}/api/quotes/stream", params=query, timeout=60) as answer:
        for message in sse_messages(answer.iter_lines()):
            if message.event == "total":
                totals.append(json.loads(message.data))
                # Within a second it may have changed and come back.
                if any(totals[0] | {"as_of": total["as_of"]} != total for total in totals):
                    break
    for total in totals:
        TotalRecord.model_validate(total, strict=True)
    instants = [total["as_of"] for total in totals]
    assert instants == sorted(instants)


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
        ("/api/session?at=0001-01-01T00:00:00%2B23:00", 400, "bad_instant"),
        ("/api/session?markets=NYSE,MOON", 404, "unknown_market"),
        ("/api/session?markets=,", 400, "bad_parameter"),
        ("/api/session?market=" + "X" * 33, 400, "bad_parameter"),
        ("/api/session?markets=" + "NYSE," * 300, 400, "bad_parameter"),
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


def test_a_session_that_did_not_change_is_304(running: RunningThor) -> None:
    answer = running.get("/api/session", market="ALWAYS")
    assert (answer.headers["cache-control"], answer.headers["content-type"]) == ("no-store", "application/json")
    known = {"If-None-Match": answer.headers["etag"]}
    same = httpx.get(f"{running.url}/api/session?market=ALWAYS", headers=known)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert httpx.get(f"{running.url}/api/session?market=TSE", headers=known).status_code == 200
    head = httpx.head(f"{running.url}/api/session?market=all")
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["content-length"]) > 5_000


def test_a_session_is_only_read_and_under_our_names(running: RunningThor) -> None:
    posted = httpx.post(f"{running.url}/api/session")
    assert (posted.status_code, posted.json()["code"]) == (405, "method_not_allowed")
    foreign = httpx.get(f"{running.url}/api/session", headers={"Host": "evil.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (400, "bad_host")
    for cookie in ("sessionid=nonsense", 'a="b; sessionid=c'):
        assert httpx.get(f"{running.url}/api/session", headers={"Cookie": cookie}).status_code == 200


def test_the_latest_rows_come_with_the_composite(running: RunningThor) -> None:
    latest = running.get("/api/quotes/latest/").json()
    LatestQuotes.model_validate(latest, strict=True)
    rows, total = latest["rows"], latest["total"]
    assert [row["symbol"] for row in rows] == [row["symbol"] for row in running.quotes()]
    assert total["signal_weight_sum"] == sum(row["signal_weight"] for row in rows)
    assert (total["n_used"], total["n_expected"], total["missing"]) == (11, 11, [])
    assert {row["config_version"] for row in rows} == {total["config_version"]}
    assert total["config_version"] > 0
    current = running.get("/api/signals").json()
    CurrentSignals.model_validate(current, strict=True)
    assert [row["symbol"] for row in current["signals"]] == [row["symbol"] for row in rows]


def test_bars_and_signals_are_recorded(running: RunningThor) -> None:
    def bars(interval: str) -> Any:
        return running.get("/api/bars", symbol="ES", interval=interval, mock="true").json()

    wait_until(lambda: len(bars("1s")["bars"]) >= 3, "three seconds have passed")
    page = BarPage.model_validate(bars("1s"), strict=True)
    assert all(bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in page.bars)
    assert [bar.start for bar in page.bars] == sorted(bar.start for bar in page.bars)
    (day,) = bars("1d")["bars"]
    assert day["events"] >= sum(bar.events for bar in page.bars)
    assert bars("1m")["before"] is None
    assert running.get("/api/bars", symbol="ES", interval="1s").json()["bars"] == []

    first = running.get("/api/signals/history", symbol="TOTAL", limit="1").json()
    SignalPage.model_validate(first)
    assert first["items"][0]["source"] == "MOCK"
    AccuracyReport.model_validate(running.get("/api/signals/accuracy", by="symbol", mock="1").json(), strict=True)


def test_a_number_of_contracts_has_a_worth(running: RunningThor) -> None:
    answer = running.get("/api/instruments/ES/value", price="4800.25", quantity="3").json()
    assert (answer["tick_value"], answer["contract_value"]) == ("37.5", "720037.50")
    assert running.get("/api/instruments/XX/value", price="1").json()["code"] == "unknown_symbol"


def test_the_openapi_document_names_every_path(running: RunningThor) -> None:
    document = running.get("/api/openapi.json").json()
    stored = ("asof", "bars", "coverage", "exports", "quality", "query", "ticks", "vwap")
    history = {f"/api/thordata/{name}" for name in stored}
    history |= {f"/api/thordata/replay{part}" for part in ("", "/{trade_date}", "/{trade_date}/frames")}
    clock = {f"/api/markets{name}" for name in ("", "/overlaps", "/quiet", "/times")}
    clock |= {f"/api/markets/{{market}}/{name}" for name in ("calendar", "schedule.ics")}
    parts = ("", "/{%s}", "/{%s}/result", "/{%s}/report", "/{%s}/cancel")
    kinds = {"runs": "run", "sweeps": "sweep", "patterns": "patterns"}
    runs = {f"/{kind}{part.replace('%s', word)}" for kind, word in kinds.items() for part in parts}
    others = {"/strategies", "/compare", "/portfolio", "/parity", "/schedules", "/schedules/{schedule}"}
    backtest = {f"/api/thordata/backtest{name}" for name in others | runs}
    told = {"/api/flags", "/api/maintenance", "/api/notifications", "/api/notifications/acknowledge"}
    told |= {"/api/alerts/rules", "/api/alerts/rules/{rule_id}"}
    told |= {"/api/health", "/api/health/rejects", "/api/triggers", "/api/triggers/runs"}
    accounts = {"/api/me", "/api/login", "/api/logout"}
    accounts |= {"/api/openbb/widgets.json", "/api/thordata/trades.arrow"} | {
        f"/api/udf/{name}" for name in ("config", "history", "search", "symbols", "time")
    }
    assert set(document["paths"]) == history | clock | backtest | told | accounts | {
        "/api/bars",
        "/api/instruments",
        "/api/instruments/{symbol}/value",
        "/api/providers",
        "/api/quotes",
        "/api/quotes/latest/",
        "/api/quotes/stream",
        "/api/session",
        "/api/signals",
        "/api/signals/accuracy",
        "/api/signals/history",
        "/api/watchlists",
        "/api/watchlists/{list_id}",
        "/api/signals/findings",
        "/api/{provider}/quotes/latest/",
    }


@pytest.mark.parametrize(
    ("paths", "checks", "logs_in"),
    [
        # Logged in all the time, so that what comes without a login is no question here. It comes before the strangers,
        # who try to log in until they are made to wait.
        (
            r"^/api/(watchlists|alerts|notifications)",
            ("--exclude-checks", "positive_data_acceptance,negative_data_rejection,ignored_auth"),
            True,
        ),
        # Which symbols there are is no part of the document, so an unknown one looks like a good request.
        (r"^/api/", ("--exclude-checks", "positive_data_acceptance"), False),
    ],
    ids=["logged in", "anonymous"],
)
def test_every_answer_is_as_the_document_says(
    running: RunningThor, tmp_path: Path, paths: str, checks: tuple[str, str], *, logs_in: bool
) -> None:
    """Schemathesis against the whole document; bounded, and the same each time. Each stream is read for a moment."""
    headers = [word for header in logged_in(running) for word in ("-H", header)] if logs_in else []
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{running.url}/api/openapi.json"),
            *("--include-path-regex", paths, "--max-examples", "5", "--seed", "1", "--no-color"),
            *("--phases", "coverage,fuzzing", *checks, *headers),
        ],
        cwd=tmp_path,
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.contract.bounded_streams", "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert running.get("/api/quotes").status_code == 200


def logged_in(running: RunningThor) -> list[str]:
    """The headers of a new user's session."""
    password = "a password of this test alone"
    command = [*thor("manage"), "--state", str(running.state), "createsuperuser", "--no-input"]
    environment = clean_environment() | {"DJANGO_SUPERUSER_PASSWORD": password}
    subprocess.run(
        [*command, "--username", "ada", "--email", "ada@example.org"], env=environment, check=True, capture_output=True
    )
    with httpx.Client(base_url=running.url) as client:
        client.get("/admin/login/")
        form = {"username": "ada", "password": password, "csrfmiddlewaretoken": client.cookies["csrftoken"]}
        assert client.post("/admin/login/", data=form).status_code == 302
        cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        return [f"Cookie: {cookies}", f"X-CSRFToken: {client.cookies['csrftoken']}"]


def test_a_provider_s_own_quotes_come_as_it_sent_them(running: RunningThor) -> None:
    answer = running.get("/api/mock/quotes/latest/", symbols="ES,YM")
    RawQuotes.model_validate(answer.json(), strict=True)
    assert answer.json()["source"] == "MOCK"
    rows = answer.json()["rows"]
    assert [row["symbol"] for row in rows] == ["ES", "YM"]
    assert {row.keys() == RawQuote.model_fields.keys() for row in rows} == {True}
    assert {row["source"] for row in rows} == {"MOCK"}
    assert running.get("/api/schwab/quotes/latest/").json() == {"source": "SCHWAB", "rows": []}
    assert running.get("/api/nobody/quotes/latest/").json()["code"] == "unknown_provider"


def test_a_stream_carries_the_bars_that_were_asked_for_and_ends_when_it_was_asked_to(running: RunningThor) -> None:
    query = {"symbols": "ES", "bars": "1d,1s", "for_s": "2"}
    with httpx.stream("GET", f"{running.url}/api/quotes/stream", params=query, timeout=30) as answer:
        messages = [message for message in sse_messages(answer.iter_lines()) if message.event in {"bar", "quote"}]
    bars = [json.loads(message.data) for message in messages if message.event == "bar"]
    quotes = [json.loads(message.data) for message in messages if message.event == "quote"]
    assert len(bars) >= 2
    for bar in bars:
        LiveBar.model_validate(bar, strict=True)
        assert (bar["symbol"], bar["mock"]) == ("ES", True)
    assert {bar["interval"] for bar in bars} == {"1s", "1d"}
    # Each event's bars stand before it and hold its price.
    assert [bar["close"] for bar in bars if bar["interval"] == "1d"] == [quote["last"] for quote in quotes][
        -len(bars) // 2 :
    ]
    assert running.get("/api/quotes/stream", bars="2m").json()["code"] == "bad_parameter"
    assert running.get("/api/quotes/stream", for_s="0").json()["code"] == "bad_parameter"


def test_metrics_tell_of_every_process_and_of_the_market(running: RunningThor) -> None:
    wait_until(lambda: 'thor_ingestor_ingesting{process="ingestor"} 1.0' in running.get("/metrics").text, "it stores")
    lines = running.get("/metrics").text.splitlines()
    told = {line.split("{")[0].split(" ")[0] for line in lines if not line.startswith("#")}
    expected = {
        family.name + {"counter": "_total", "gauge": "", "histogram": "_bucket"}[family.kind]
        for families in METRICS.values()
        for family in families
    }
    # Said only once something has been: a collector's refusals by code, a waiting ingestor's refused events.
    seldom = {"thor_collector_rejects_total", "thor_merger_rejects_total", "thor_ingestor_rejects_total"}
    seldom |= {"thor_signal_accuracy_ratio", "thor_signal_mock_accuracy_ratio"}  # nothing is graded at first
    assert expected - told - seldom == {"thor_ingestor_unstorable_total"}
    ages = [line for line in lines if line.startswith("thor_symbol_age_seconds{")]
    assert len(ages) == 11
    assert any(line.startswith('thor_stream_lag{group="MOCK:ingest"') for line in lines)


def test_streams_say_how_they_must_be_treated(running: RunningThor) -> None:
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
