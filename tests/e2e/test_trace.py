"""`thor trace`: from the id that a client got, or from a source's entry, to everywhere the event has been."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors import keys
from collectors.bus import Bus
from tests.e2e.conftest import RunningThor, clean_environment, thor, wait_until
from thor_web.runtime.state import StateFolder

GOLDEN = Path(__file__).parent.parent / "golden" / "es_open.jsonl"
STEPS = ["source", "received", "published", "merged", "stored"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    folder: Path = tmp_path_factory.mktemp("trace") / "state"
    with RunningThor(folder, "--source", f"replay:{GOLDEN}", "--speed", "max") as started:
        wait_until(lambda: started.status()["ticks"]["rows"] == 296, "the recording is stored")
        yield started


def trace(running: RunningThor, event: str) -> subprocess.CompletedProcess[str]:
    words = [*thor("trace"), "--state", str(running.state), "--json", event]
    return subprocess.run(words, capture_output=True, text=True, env=clean_environment(), check=False, timeout=60)


def followed(running: RunningThor, event: str) -> dict[str, Any]:
    done = trace(running, event)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_either_id_leads_to_the_whole_way(running: RunningThor) -> None:
    (message,) = running.events(1)
    sent = json.loads(message.data)
    way = followed(running, message.id)
    assert (way["symbol"], way["source"], way["seq"]) == ("ES", "TOS", sent["seq"])
    assert [step["step"] for step in way["steps"]] == STEPS
    source, received, published, merged, stored = way["steps"]
    assert source["at"].startswith(sent["ts"].removesuffix("Z"))
    # Redis notes milliseconds, the collector microseconds.
    assert received["at"][:22] <= published["at"][:22] <= merged["at"][:22]
    assert merged["what"] == f"clients got it as {message.id}"
    assert stored["what"] == "in ticks; when is not noted"
    assert followed(running, way["trace"]) == way


async def test_what_was_kept_out_is_said_to_be(running: RunningThor) -> None:
    servers = StateFolder(running.state).read_servers()
    assert servers is not None
    bus = Bus.from_url(servers.redis_url)
    (newest,) = await bus.newest_entries(keys.source_stream("TOS"), count=1)
    await bus.publish("TOS", [newest.data or b""], retention_s=3_600)
    repeated = await bus.last_id(keys.source_stream("TOS"))
    await bus.close()

    def merged() -> str:
        words: str = followed(running, f"TOS:{repeated}")["steps"][3]["what"]
        return words

    wait_until(lambda: merged() == "the merger has kept it out", "the merger has read the repeated event")


@pytest.mark.parametrize(("event", "sentence"), [("1-1", "Nothing is kept under"), ("yesterday", "named by SOURCE:ID")])
def test_an_id_that_is_none_or_gone_is_said(running: RunningThor, event: str, sentence: str) -> None:
    done = trace(running, event)
    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
