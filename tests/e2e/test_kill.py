"""Any process of a running Thor may be killed in the middle of a replay: nothing is lost, nothing doubled."""

import json
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.conftest import RunningThor, wait_until

EVENTS = 20_000
SYMBOLS = ("ES", "NQ", "ZB")


def write_recording(path: Path) -> tuple[int, dict[str, int]]:
    """A recording with repeated keys; the number of its keys, and the last sequence number of each symbol."""
    keys = set()
    last: dict[str, int] = {}
    with path.open("w") as file:
        for i in range(EVENTS):
            symbol = SYMBOLS[i % len(SYMBOLS)]
            # Every tenth event shares its key with the one before it of that symbol, with another bid.
            seq = i // len(SYMBOLS) - (1 if i // len(SYMBOLS) % 10 == 9 else 0)
            ts = f"2025-06-11T{12 + seq // 3600:02d}:{seq // 60 % 60:02d}:{seq % 60:02d}.000000Z"
            event = {
                "v": 1,
                "symbol": symbol,
                "ts": ts,
                "source": "TOS",
                "last": 100.25,
                "bid": 100 + i % 7 / 4,
                "ask": 102.0,
                "lastSize": 1,
                "bidSize": i % 50,
                "askSize": 3,
                "seq": seq,
            }
            keys.add((symbol, ts, seq))
            last[symbol] = seq
            file.write(json.dumps(event) + "\n")
    return len(keys), last


@pytest.mark.parametrize("victim", ["collect", "merge", "ingest", "web", "valkey", "postgres"])
def test_a_killed_process_costs_nothing(victim: str, state: Path, tmp_path: Path) -> None:
    recording = tmp_path / "storm.jsonl"
    rows, last = write_recording(recording)
    with RunningThor(state, "--source", f"replay:{recording}", "--speed", "700") as running:
        wait_until(lambda: running.status()["ticks"]["rows"] > 0, "rows arrive")
        running.child(victim).send_signal(signal.SIGKILL)

        def all_stored() -> bool:
            try:
                return bool(running.status()["ticks"]["rows"] == rows)
            except Exception:  # noqa: BLE001 - a server that is just coming back
                return False

        wait_until(all_stored, f"{rows} rows stored after {victim} was killed", limit_s=90)

        def all_merged() -> bool:
            try:
                return {r["symbol"]: r["seq"] for r in running.quotes(*SYMBOLS)} == last
            except Exception:  # noqa: BLE001 - the web process may be the one that is coming back
                return False

        wait_until(all_merged, "the last event of each symbol stands")
        # One source, one run: what stands in the unified stream never goes back, and no event is there twice. Only a
        # collector that starts over tells the newest sequence number of each symbol again, which may be a return.
        stream = running.status()["streams"]["quotes:stream:unified"]
        messages = running.events(stream["length"])
        seen: dict[str, int] = {}
        bodies = [message.data for message in messages]
        repeated = [json.loads(body) for body, count in Counter(bodies).items() if count > 1]
        assert len({(event["symbol"], event["seq"]) for event in repeated}) <= (3 if victim == "collect" else 0)
        for body in bodies:
            event = json.loads(body)
            assert event["seq"] >= seen.get(event["symbol"], 0)
            seen[event["symbol"]] = event["seq"]
        assert seen == last
