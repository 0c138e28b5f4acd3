"""The main job: `thor up`, a recorded hour or the mock market, and everything a trader then sees."""

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.conftest import RunningThor, clean_environment, thor, wait_until

GOLDEN = Path(__file__).parent.parent / "golden" / "es_open.jsonl"
REAL_HOUR = Path(__file__).parents[3] / "shared" / "data" / "es_20231225_cme.jsonl.gz"
RECORDINGS = [pytest.param(path, id=path.name) for path in (GOLDEN, REAL_HOUR) if path.exists()]


def recorded_lines(path: Path) -> list[bytes]:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()


def key(event: dict[str, Any]) -> tuple[Any, ...]:
    return event["symbol"], event["source"], event["ts"], event["seq"]


def without_repeats(lines: list[bytes]) -> Iterator[bytes]:
    """What the merge lets stand of one source in order: all but an event identical to the one before it."""
    before = b""
    for line in lines:
        if line != before:
            yield line
        before = line


@pytest.mark.parametrize("recording", RECORDINGS)
def test_a_recording_travels_the_whole_way(recording: Path, state: Path) -> None:
    lines = recorded_lines(recording)
    expected = [json.loads(line) for line in without_repeats(lines)]
    rows = len({key(json.loads(line)) for line in lines})
    source = f"replay:{recording}"
    with RunningThor(state, "--source", source, "--speed", "max", fresh=True) as running:
        assert running.ready_line == f"READY {running.url}"
        # Every event once and in order, from the beginning; the last of them stands in the snapshot.
        messages = running.events(len(expected))
        assert [json.loads(m.data) for m in messages] == [event | {"active_source": "TOS"} for event in expected]
        (record,) = running.quotes("ES")
        assert {name: record[name] for name in expected[-1]} == expected[-1]
        assert record["marks"] == ["REPLAY"]

        # A client that was cut off goes on exactly behind the last id it had.
        cut = len(messages) // 3
        assert running.events(len(messages) - cut, after=messages[cut - 1].id) == messages[cut:]

        wait_until(lambda: running.status()["ticks"]["rows"] == rows, f"{rows} rows stored")
    # The same file again, on what is there already: nothing changes.
    with RunningThor(state, "--source", source, "--speed", "max", fresh=True) as running:
        wait_until(lambda: replayed_twice(running, len(lines)), "the second replay is through")
        assert running.status()["ticks"]["rows"] == rows
        (again,) = running.quotes("ES")
        assert again["id"] == record["id"]


def replayed_twice(running: RunningThor, events: int) -> bool:
    streams = running.status()["streams"]
    source = streams["quotes:stream:TOS"]
    done = all(group["lag"] == 0 and group["pending"] == 0 for group in source["groups"].values())
    return bool(done and source["length"] == 2 * events)


def test_the_mock_market_moves_and_says_that_it_is_mock(state: Path) -> None:
    symbols = ["YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB"]
    with RunningThor(state, fresh=True) as running:
        wait_until(lambda: len(running.quotes()) == len(symbols), "every future is quoted")
        records = running.quotes()
        assert [record["symbol"] for record in records] == symbols
        assert all(record["marks"] == ["MOCK"] for record in records)
        assert all(record["signal"] is not None for record in records)
        before = {record["symbol"]: record["id"] for record in records}
        wait_until(
            lambda: all(record["id"] != before[record["symbol"]] for record in running.quotes()), "each future moves"
        )
        assert running.get("/readyz").json() == {"status": "ready", "redis": True, "postgres": True}
        session = running.get("/api/session").json()
        assert {"is_open", "market", "now", "next_transition_at", "holiday"} <= session.keys()
        family = running.children()
        assert running.stop() == 0
        _, alive = psutil.wait_procs(family, timeout=10)
        assert not alive


def test_what_is_wrong_is_said_in_one_sentence(state: Path, tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        done = subprocess.run(
            thor("up", "--no-browser", *arguments),
            capture_output=True,
            text=True,
            env=clean_environment(),
            timeout=60,
            check=False,
        )
        assert done.returncode == 1, done
        (sentence,) = done.stderr.strip().splitlines()
        return sentence

    with RunningThor(state, "--source", "none") as running:
        assert str(running.pid) in refused("--state", str(state))
        assert str(running.port) in refused("--state", str(tmp_path / "other"), "--port", str(running.port))
    missing = tmp_path / "missing.jsonl"
    assert str(missing) in refused("--state", str(tmp_path / "third"), "--source", f"replay:{missing}")


def test_a_bad_request_is_a_problem_with_a_code(state: Path) -> None:
    with RunningThor(state, "--source", "none") as running:
        cases = {
            ("/api/quotes", ("symbols", "NOPE")): (400, "unknown_symbol"),
            ("/api/quotes", ("symbols", "e s")): (400, "bad_symbol"),
            ("/api/quotes/stream", ("last_event_id", "yesterday")): (400, "bad_event_id"),
            ("/api/quotes/stream", ("last_event_id", "9999999999999-0")): (400, "bad_event_id"),
            ("/api/quotes/stream", ("conflate", "0")): (400, "bad_parameter"),
            ("/api/session", ("market", "MOON")): (404, "unknown_market"),
            ("/api/nothing", ("a", "b")): (404, "no_such_path"),
        }
        for (path, (name, value)), (status, code) in cases.items():
            answer = running.get(path, **{name: value})
            assert (answer.status_code, answer.json()["code"]) == (status, code), path
            assert answer.headers["content-type"] == "application/problem+json"
        assert running.quotes() == []
        assert running.get("/api/openapi.json").json()["openapi"].startswith("3.1")
