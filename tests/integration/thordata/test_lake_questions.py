"""Questions to the lake over HTTP: exact answers, bounds, and nothing but the lake to be seen."""

from datetime import date

import httpx
import pytest
from pydantic import BaseModel

from tests.integration.live import event
from tests.integration.thordata.test_history import store
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.errors import StorageError
from thor_web.thordata.export import run_export
from thor_web.thordata.lake_questions import ask_lake
from thor_web.thordata.quality import check_lake
from thor_web.thordata.schemas import AveragePrice, Coverage, ExportList, HistoryBars, HistoryTicks, QualityList

TUESDAY = date(2025, 6, 10)


@pytest.fixture
async def lake(server_settings: ServerSettings) -> ServerSettings:
    """A lake of two rows."""
    await store(
        server_settings,
        event(1, ts="2025-06-10T12:00:00Z", last=4810.25),
        event(2, ts="2025-06-10T12:00:01Z", symbol="YM"),
    )
    run_export(server_settings, trade_date=TUESDAY)
    return server_settings


async def refusal(settings: ServerSettings, sql: str) -> str:
    """The code with which a question is refused."""
    with pytest.raises(StorageError) as refused:
        await ask_lake(settings, sql, limit=10)
    return refused.value.code


async def test_an_answer_is_text_to_the_last_digit(lake: ServerSettings) -> None:
    found = await ask_lake(
        lake, "SELECT symbol, last, ts, cond, 9007199254740993 AS big FROM ticks ORDER BY 1", limit=1
    )
    assert [column["name"] for column in found["columns"]] == ["symbol", "last", "ts", "cond", "big"]
    assert [column["type"] for column in found["columns"]][1:3] == ["DECIMAL(18,9)", "TIMESTAMP WITH TIME ZONE"]
    assert found["rows"] == [["ES", "4810.250000000", "2025-06-10 12:00:00+00", None, "9007199254740993"]]
    assert found["more"] is True
    assert (await ask_lake(lake, "SELECT symbol FROM ticks ORDER BY symbol DESC", limit=2))["rows"] == [["YM"], ["ES"]]


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_blob('/proc/self/environ')",
        "FROM '/etc/passwd'",
        "SELECT * FROM read_text('{lake}/../secret.txt')",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
        "SELECT * FROM read_csv('http://127.0.0.1:1/')",
        "SELECT * FROM read_parquet('s3://bucket/x.parquet')",
        "SELECT getenv('PATH')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "ATTACH '/tmp/x.db'",
        "ATTACH 'host=127.0.0.1' (TYPE postgres)",
        "COPY ticks TO '{lake}/x.csv'",
        "COPY (SELECT 1) TO '{lake}/../x.csv'",
        "EXPORT DATABASE '{lake}'",
        "CREATE TABLE t AS SELECT 1",
        "SET enable_external_access = true",
        "SELECT 1; DROP VIEW ticks",
        "PRAGMA database_list",
        "EXPLAIN ANALYZE SELECT 1",
        "not sql",
    ],
)
async def test_no_file_and_no_network_is_reached(lake: ServerSettings, question: str) -> None:
    folder = lake.lake_folder()
    (folder.parent / "secret.txt").write_text("secret", encoding="utf-8")
    before = sorted(path for path in folder.parent.rglob("*"))
    assert await refusal(lake, question.format(lake=folder)) == "bad_query"
    assert sorted(path for path in folder.parent.rglob("*")) == before


async def test_the_names_of_other_files_are_not_told(lake: ServerSettings) -> None:
    try:
        found = await ask_lake(lake, "SELECT * FROM glob('/etc/*')", limit=10)
    except StorageError as error:
        assert error.code == "bad_query"  # noqa: PT017 - refused is as good as empty
    else:
        assert found["rows"] == []


async def test_a_question_is_bounded_in_time_and_memory(lake: ServerSettings) -> None:
    hasty = lake.model_copy(update={"lake_query_time_s": 1})
    assert await refusal(hasty, "SELECT sum(a.range * b.range) FROM range(10000000) a, range(1000000) b") == "too_slow"
    for greedy in (
        "SELECT length(repeat('x', 2000000000))",
        "SELECT repeat('x', 30000000) FROM range(100)",
        "SELECT list(a.range) FROM range(200000000) a",
    ):
        assert await refusal(lake, greedy) == "too_large"
    # Whoever asked them is still there.
    assert (await ask_lake(lake, "SELECT count(*) FROM ticks", limit=1))["rows"] == [["2"]]


async def test_an_empty_lake_says_so(server_settings: ServerSettings) -> None:
    assert await refusal(server_settings, "SELECT 1") == "empty_lake"


async def test_nobody_asks_without_login_and_token(client: httpx.AsyncClient, lake: ServerSettings) -> None:
    answer = await client.post("/query", json={"sql": "SELECT 1"})
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_csrf_token")
    token = "x" * 32
    answer = await client.post(
        "/query", json={"sql": "SELECT 1"}, headers={"X-CSRFToken": token, "Cookie": f"csrftoken={token}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in")


async def test_answers_have_the_shapes_that_the_document_promises(
    client: httpx.AsyncClient, lake: ServerSettings
) -> None:
    list(check_lake(lake))
    span = {"symbol": "ES", "start": "2025-06-10T00:00:00Z", "end": "2025-06-11T00:00:00Z"}
    shapes: dict[str, tuple[type[BaseModel], dict[str, str]]] = {
        "/ticks": (HistoryTicks, span),
        "/asof": (HistoryTicks, {"symbols": "ES", "at": "2025-06-11T00:00:00Z"}),
        "/bars": (HistoryBars, span),
        "/vwap": (AveragePrice, span),
        "/coverage": (Coverage, {}),
        "/quality": (QualityList, {}),
        "/exports": (ExportList, {}),
    }
    for path, (shape, query) in shapes.items():
        document = (await client.get(path, params=query)).json()
        held = shape.model_validate(document)
        assert set(document) == set(shape.model_fields), path
        if "items" in document:
            inner = document["items"][0]
            first = held.items[0]  # type: ignore[attr-defined]
            assert set(inner) == (set(inner) if isinstance(first, dict) else set(type(first).model_fields)), path
