"""The Python client against a running Thor, its documentation included."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import RunningThor, wait_until
from thor_client import AsyncThor, Thor, ThorApiError, ThorUnreachable
from thor_client._events import EventReader, StreamEvent

GUIDE = Path(__file__).parents[2] / "docs" / "client.md"


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


def test_every_example_of_the_guide_runs(running: RunningThor) -> None:
    examples = re.findall(r"```python\n(.+?)```", GUIDE.read_text(), flags=re.DOTALL)
    assert len(examples) == 4
    for example in examples:
        code = example.replace("http://127.0.0.1:8000", running.url)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, bool(done.stdout)) == (0, True), done.stderr
