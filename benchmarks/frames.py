"""Frames of Schwab's streamer: from the text to judged events and the commands that publish them.

The peer is schwab-py's relabelling of the same frame, which only gives fields their names: it is handed the frame
already parsed, merges nothing, checks nothing and makes no event.
"""

import json
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

from benchmarks.measure import Contender, Measured, compare, timed
from collectors.instruments import load_instruments, register
from collectors.sources.schwab.subscriptions import Subscriptions
from thor_fast import SchwabFrames, parse_batch

__all__ = ["eleven_quotes", "five_hundred_symbols"]

NOW_MS = 1_764_194_400_000
STREAM = "quotes:stream:SCHWAB"
MICROSECONDS = 1_000
SECOND_OF_TENS = 1_000
"""1,000 frames of ten updates make the second: so many ns a frame are as many ms a second, divided by this."""


def _frame(keys: Sequence[str], turn: int, *, service: str = "LEVELONE_FUTURES") -> bytes:
    """Every field that Thor asks for, and those of a full quote, of each key."""
    content = [
        {
            "key": key,
            "delayed": False,
            "assetMainType": "FUTURE",
            "1": 6708.25 + turn,
            "2": 6708.75 + turn,
            "3": 6708.5 + turn,
            "4": 17 + turn,
            "5": 6,
            "6": "?",
            "7": "?",
            "8": 578740 + turn,
            "9": 1,
            "10": NOW_MS + turn,
            "11": NOW_MS + turn,
            "12": 6732.5,
            "13": 6674.5,
            "14": 6721.25,
            "15": "E",
            "16": "E-mini S&P 500 Index Futures",
            "17": "?",
            "18": 6726.25,
            "19": -12.75 + turn,
            "20": -0.0019,
            "21": "XCME",
            "22": "Unknown",
            "23": 2043111,
            "24": 6708.5,
            "25": 0.25,
            "26": 12.5,
            "27": "/ES",
            "28": "D,D",
            "29": "GLBX(de=1640;0=-1700151515301600;1=r-17001515r15301600d-15551640;7=d-16401555)",
            "30": True,
            "31": 50.0,
            "32": True,
            "33": 6721.25,
            "34": "/ESZ25",
            "35": 1766116800000,
            "37": NOW_MS + turn,
            "38": NOW_MS + turn,
            "39": True,
            "40": 1764028800000,
        }
        for key in keys
    ]
    data = {"service": service, "timestamp": NOW_MS + turn, "command": "SUBS", "content": content}
    return json.dumps({"data": [data]}, separators=(",", ":")).encode()


def eleven_quotes() -> list[Measured]:
    """Eleven quotes with every field, all of them new."""
    keys = [f"/K{at:02d}" for at in range(11)]
    texts = [_frame(keys, turn) for turn in range(16)]

    def thor() -> Callable[[], float]:
        frames = _reader(keys)
        following = cycle(texts)

        def publish() -> bytes:
            events, rejects = parse_batch(frames.read(next(following), 0).candidates)
            assert not rejects
            return events.to_xadd(STREAM, minid_ms=NOW_MS)

        assert publish().count(b"XADD") == len(keys)
        events, _ = parse_batch(frames.read(texts[1], 0).candidates)
        assert [(event.last, event.volume) for event in map(_Told, events)] == [(6709.5, 578741)] * len(keys)
        return timed(publish, MICROSECONDS)

    def relabelling() -> Callable[[], float]:
        from schwab.streaming import StreamClient, _Handler

        handler: Any = _Handler(lambda _message: None, StreamClient.LevelOneFuturesFields)
        parsed = [json.loads(text)["data"][0] for text in texts]
        labelled = handler.label_message(parsed[1])["content"][0]
        assert (labelled["LAST_PRICE"], labelled["TOTAL_VOLUME"]) == (6709.5, 578741)
        following = cycle(parsed)
        return timed(lambda: handler.label_message(next(following)), MICROSECONDS)

    peers = {"schwab-py": Contender("schwab-py relabelling", relabelling)}
    return compare("schwab-frame", "µs/frame", Contender("Thor", thor), peers=peers)


def five_hundred_symbols() -> list[Measured]:
    """What 500 symbols at 20 updates a second each cost in a second of processor time, from text to commands.

    The peer only parses the JSON, with Python's json; it is what any client must do at the least.
    """
    keys = [f"/S{at:03d}" for at in range(500)]
    groups = [keys[at : at + 10] for at in range(0, len(keys), 10)]
    texts = [_delta_frame(group, turn) for turn in range(4) for group in groups]

    def thor() -> Callable[[], float]:
        frames = _reader(keys)
        for group in groups:
            frames.read(_frame(group, 1_000), 0)
        following = cycle(texts)

        def publish() -> bytes:
            events, _ = parse_batch(frames.read(next(following), 0).candidates)
            return events.to_xadd(STREAM, minid_ms=NOW_MS)

        assert publish().count(b"XADD") == 10
        return timed(publish, SECOND_OF_TENS)

    def parsing() -> Callable[[], float]:
        following = cycle(texts)
        return timed(lambda: json.loads(next(following)), SECOND_OF_TENS)

    peers = {"json": Contender("json.loads alone", parsing)}
    return compare("schwab-500", "ms/s", Contender("Thor", thor), peers=peers)


def _delta_frame(keys: Sequence[str], turn: int) -> bytes:
    content = [
        {
            "key": key,
            "1": 6708.25 + turn,
            "2": 6708.75 + turn,
            "3": 6708.5 + turn,
            "8": 578740 + turn,
            "10": NOW_MS + turn,
        }
        for key in keys
    ]
    data = {"service": "LEVELONE_FUTURES", "timestamp": NOW_MS, "command": "SUBS", "content": content}
    return json.dumps({"data": [data]}, separators=(",", ":")).encode()


def _reader(keys: Sequence[str]) -> SchwabFrames:
    register(load_instruments())
    frames = Subscriptions(load_instruments()).new_frames()
    for key in keys:
        frames.subscribe("LEVELONE_FUTURES", key, key.removeprefix("/"), tick=0.25, precision=2)
    return frames


class _Told:
    """An event's last and volume as numbers."""

    def __init__(self, event: Any) -> None:
        self.last = float(event.last)
        self.volume = json.loads(event.meta)["volume"]
