"""A client that comes back with its last id has every event once and in order, whatever was cut or killed meanwhile."""

import json
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.e2e.conftest import RunningThor, wait_until
from tests.following import Follower

EVENTS = 6_000
SYMBOLS = ("ES", "NQ", "ZB")
CUT_AFTER = 700


def write_recording(path: Path) -> None:
    with path.open("w") as file:
        for i in range(EVENTS):
            seq = i // len(SYMBOLS)
            event = {
                "symbol": SYMBOLS[i % len(SYMBOLS)],
                "ts": f"2025-06-11T12:{seq // 60:02d}:{seq % 60:02d}.000000Z",
                "source": "TOS",
                "last": 100.25,
                "bid": 100 + i % 7 / 4,
                "ask": 102.0,
                "lastSize": 1,
                "bidSize": i % 50,
                "askSize": 3,
                "seq": seq,
            }
            file.write(json.dumps(event) + "\n")


def test_resume_is_exact_whatever_dies(state: Path, tmp_path: Path) -> None:
    recording = tmp_path / "market.jsonl"
    write_recording(recording)
    with RunningThor(state, "--source", f"replay:{recording}", "--speed", "250") as running:
        followers = [Follower(running.port), Follower(running.port, cut_after=CUT_AFTER)]
        for follower in followers:
            follower.start()
        for victim, at in (("web", 1_000), ("merge", 2_500), ("valkey", 4_000)):
            wait_until(seen(followers, at), f"{at} events")
            running.child(victim).send_signal(signal.SIGKILL)
        wait_until(seen(followers, EVENTS), f"all {EVENTS} events", limit_s=90)
        stream = [message.id for message in running.events(EVENTS)]
        for follower in followers:
            follower.stop()
    steady, cut = followers
    for follower in followers:
        assert follower.ids == stream
        assert [(event["symbol"], event["seq"]) for event in follower.events] == [
            (SYMBOLS[i % len(SYMBOLS)], i // len(SYMBOLS)) for i in range(EVENTS)
        ]
        assert not {"reset", "conflated"} & set(follower.told)
    assert steady.connections == 2  # only the web process took its connection with it
    assert steady.told.count("degraded") == 2
    assert cut.connections >= EVENTS // CUT_AFTER


def seen(followers: Sequence[Follower], count: int) -> Callable[[], bool]:
    return lambda: all(len(follower.ids) >= count for follower in followers)
