"""A client that comes back with its last id has every event once and in order, whatever was cut or killed meanwhile."""

import http.client
import json
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.e2e.conftest import RunningThor, wait_until

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


class Follower(threading.Thread):
    """Follows the stream from the beginning, and after each end from behind its last id."""

    def __init__(self, port: int, *, cut_after: int | None = None) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._cut_after = cut_after
        self._over = threading.Event()
        self.ids: list[str] = []
        self.events: list[dict[str, object]] = []
        self.told: list[str] = []
        self.connections = 0

    def run(self) -> None:
        while not self._over.wait(0.05):
            with suppress(OSError, http.client.HTTPException):
                self._follow()

    def stop(self) -> None:
        self._over.set()
        self.join(20)

    def _follow(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=15)
        after = self.ids[-1] if self.ids else "0-0"
        connection.request("GET", "/api/quotes/stream", headers={"Last-Event-ID": after})
        answer = connection.getresponse()
        if answer.status != 200:
            return
        self.connections += 1
        name, entry_id, count = "", "", 0
        while not self._over.is_set() and count != self._cut_after:
            line = answer.readline().decode().rstrip("\n")
            if not line and answer.isclosed():
                break
            field, _, value = line.partition(": ")
            if field == "id":
                entry_id = value
            elif field == "event":
                name = value
            elif field == "data" and name == "quote":
                self.ids.append(entry_id)
                self.events.append(json.loads(value))
                count += 1
            elif field == "data":
                self.told.append(name)
        connection.close()


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
