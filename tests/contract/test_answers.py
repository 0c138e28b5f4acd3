"""What a running Thor answers, against the shapes that its OpenAPI document promises."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.e2e.conftest import RunningThor, wait_until
from thor_web.futuretrading.schemas import DisplayFields, InstrumentRecord, QuoteRecord
from thor_web.timezones.views import SessionRecord

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
    assert [state.market for state in every] == ["GLOBEX", "CFE", "ICE_US"]


def test_the_openapi_document_names_every_path(running: RunningThor) -> None:
    document = running.get("/api/openapi.json").json()
    history = {f"/api/thordata/{name}" for name in ("asof", "bars", "coverage", "exports", "quality", "ticks", "vwap")}
    live = {"/api/instruments", "/api/quotes", "/api/quotes/stream", "/api/session"}
    assert set(document["paths"]) == live | history


def test_streams_say_how_they_must_be_treated(running: RunningThor) -> None:
    import httpx

    with httpx.stream("GET", f"{running.url}/api/quotes/stream", timeout=10) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-cache, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
        assert next(answer.iter_lines()).startswith("retry: ")
