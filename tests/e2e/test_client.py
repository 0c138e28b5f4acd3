"""The Python client against a running Thor, its documentation included."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.contract.accounts import add_keys, add_users
from tests.e2e.conftest import RunningThor, wait_until
from tests.unit.thordata.backtest.lakes import write_lake
from thor_client import AsyncThor, Thor, ThorApiError, ThorUnreachable, _requests
from thor_client._events import EventReader, StreamEvent
from thor_fast import parse_batch

GUIDE = Path(__file__).parents[2] / "docs" / "client.md"
GOLDEN = Path(__file__).parents[1] / "golden" / "es_open.jsonl"
DAY = date(2023, 12, 25)


def test_messages_are_read_in_any_cut() -> None:
    text = b'retry: 250\n\n: heartbeat\n\nevent: quote\nid: 7-0\ndata: {"a":1}\n\nevent: reset\ndata: {}\n\nevent: quo'
    for size in (1, 3, 1_000):
        reader = EventReader()
        found = [event for at in range(0, len(text), size) for event in reader.feed(text[at : at + size])]
        assert found == [StreamEvent("quote", "7-0", {"a": 1}), StreamEvent("reset", "", {})]
        assert reader.retry_s == 0.25


def test_a_thor_that_is_not_there_is_said() -> None:
    with Thor("http://127.0.0.1:1") as nobody, pytest.raises(ThorUnreachable, match="no Thor answers"):
        nobody.quotes()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    folder: Path = tmp_path_factory.mktemp("client") / "state"
    with RunningThor(folder) as started:
        yield started


async def test_what_the_client_gets_is_what_thor_has(running: RunningThor) -> None:
    with Thor(running.url) as thor:
        wait_until(lambda: len(thor.quotes()) == 11, "every future is quoted")
        assert [quote["symbol"] for quote in thor.quotes("ZB", "ES")] == ["ES", "ZB"]
        assert thor.session("ES")["market"] == "GLOBEX_EQUITY"
        with pytest.raises(ThorApiError) as refused:
            thor.quotes("NOSUCH")
        assert (refused.value.status, refused.value.code) == (400, "unknown_symbol")
        with pytest.raises(ThorApiError) as unknown:
            thor.backtest("ladder", symbols=["ES"], start=date(2025, 6, 9), end=date(2025, 6, 10))
        assert unknown.value.code == "not_logged_in"

        seen: list[str] = []
        for event in thor.stream("ES"):
            if event.event != "quote":
                continue
            seen.append(event.id)
            if len(seen) == 3:
                running.child("web").kill()  # the client comes back by itself
            if len(seen) == 12:
                break
        kept = [message.id for message in running.events(12, after=seen[0], symbols="ES")]
        assert seen[1:] == kept[: len(seen) - 1]

        async with AsyncThor(running.url) as asynchronous:
            assert len(await asynchronous.quotes()) == 11
            async for event in asynchronous.stream("ES", after=seen[0]):
                if event.event == "quote":
                    assert event.id == seen[1]
                    break

        now = datetime.now(UTC)
        wait_until(
            lambda: thor.history("ES", now - timedelta(minutes=5), now + timedelta(minutes=5)).height > 5, "ticks"
        )
        frame = thor.history("ES", now - timedelta(minutes=5), now + timedelta(minutes=5))
        assert set(frame["symbol"]) == {"ES"}
        assert frame["ts"].is_sorted()
        with pytest.raises(ValueError, match="needs a zone"):
            thor.history("ES", datetime(2025, 6, 10), now)  # noqa: DTZ001 - that is the fault


async def test_history_is_the_same_in_pages_of_any_size(running: RunningThor, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime.now(UTC) - timedelta(minutes=5)
    with Thor(running.url) as thor:
        wait_until(lambda: thor.history("ES", start, datetime.now(UTC)).height > 20, "twenty ticks are stored")
        span = (start, thor.history("ES", start, datetime.now(UTC))["ts"][20])  # behind which more may still come
        whole = thor.history("ES", *span)
        assert (whole.height, whole["ts"].is_sorted()) == (20, True)
        assert whole["bid"].dtype == pl.Decimal(19, 9)
        monkeypatch.setattr(_requests, "PAGE_ROWS", 7)
        pages: list[bytes] = []

        def frame_of(body: bytes, read: Callable[[bytes], pl.DataFrame] = _requests.frame_of) -> pl.DataFrame:
            pages.append(body)
            return read(body)

        monkeypatch.setattr(_requests, "frame_of", frame_of)
        assert thor.history("ES", *span).equals(whole)
        assert len(pages) == 3
        assert thor.history("NOSUCH", *span).height == 0
    async with AsyncThor(running.url) as asynchronous:
        assert (await asynchronous.history("ES", *span)).equals(whole)


async def test_a_backtest_is_asked_for_and_waited_for(running: RunningThor) -> None:
    write_lake(running.state / "lake", parse_batch(GOLDEN.read_bytes())[0].last_per_key(), date(2023, 12, 26))
    add_users(running, trader="operator")
    key = add_keys(running, notebook=("trader", "read,backtest"))["notebook"]
    options = {"interval_s": 1}
    with Thor(running.url, key=key) as thor:
        result = thor.backtest(
            "sma_cross", symbols=["ES"], start=DAY, end=DAY, parameters={"fast": 3, "slow": 8}, options=options
        )
        assert result["parity"]["match"] is True
        with pytest.raises(ThorApiError) as unknown:
            thor.backtest("os:system", symbols=["ES"], start=DAY, end=DAY)
        assert (unknown.value.status, unknown.value.code) == (404, "unknown_strategy")
        with pytest.raises(ThorApiError) as empty:
            thor.backtest("sma_cross", symbols=["ZB"], start=DAY, end=DAY, options=options)
        assert empty.value.code == "no_data"
        with pytest.raises(TimeoutError, match="after -1 s"):
            thor.backtest("sma_cross", symbols=["ES"], start=DAY, end=DAY, patience_s=-1.0)
    async with AsyncThor(running.url, key=key) as asynchronous:
        same = await asynchronous.backtest(
            "sma_cross", symbols=["ES"], start=DAY, end=DAY, parameters={"fast": 3, "slow": 8}, options=options
        )
    assert same["data"]["hash"] == result["data"]["hash"]


def test_every_example_of_the_guide_runs(running: RunningThor) -> None:
    examples = re.findall(r"```python\n(.+?)```", GUIDE.read_text(), flags=re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        code = example.replace("http://127.0.0.1:8000", running.url)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr
