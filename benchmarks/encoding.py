"""Writing events: canonical JSON from columns, and frames for browsers."""

import json
from collections.abc import Callable
from typing import Any

from benchmarks.expected import expected
from benchmarks.inputs import sequence
from benchmarks.limits import copying
from benchmarks.measure import Contender, Measured, compare, timed
from benchmarks.peers import objects
from thor_fast import QuoteBatch, parse_batch

__all__ = ["frames", "json_lines"]

UNIT = "ns/event"


def _dicts() -> list[dict[str, Any]]:
    return [json.loads(event) for event in sequence()]


def _built() -> QuoteBatch:
    """The 500 events as made by a program: nothing of the JSON they came in is left to be copied."""
    other = [dict(reversed(event.items())) for event in _dicts()]
    return parse_batch([json.dumps(event, separators=(",", ":")).encode() for event in other])[0]


def json_lines() -> list[Measured]:
    """Canonical JSON of 500 events: once as they were parsed from it, once built anew."""
    events = sequence()
    text = b"".join(event + b"\n" for event in events)

    def thor(batch: Callable[[], QuoteBatch]) -> Callable[[], Callable[[], float]]:
        def prepare() -> Callable[[], float]:
            ready = batch()
            assert ready.to_json_lines() == text
            return timed(ready.to_json_lines, len(events))

        return prepare

    def with_orjson() -> Callable[[], float]:
        import orjson

        ready, dumps = _dicts(), orjson.dumps
        assert [json.loads(dumps(event)) for event in ready] == ready
        return timed(lambda: [dumps(event) for event in ready], len(ready))

    def with_msgspec() -> Callable[[], float]:
        import msgspec

        read = objects.msgspec_reader()
        ready, encode = [read(event) for event in events], msgspec.json.Encoder().encode
        for event, wanted in zip(ready, expected(events), strict=True):
            assert json.loads(encode(event))["seq"] == wanted["seq"]
        return timed(lambda: [encode(event) for event in ready], len(ready))

    peers = {
        "orjson": Contender("orjson.dumps(dict)", with_orjson),
        "msgspec": Contender("msgspec encode(Struct)", with_msgspec),
    }
    floor = copying(text, len(events))
    return [
        *compare(
            "to-json-parsed", UNIT, Contender("Thor", thor(lambda: parse_batch(events)[0])), peers=peers, limit=floor
        ),
        *compare("to-json-built", UNIT, Contender("Thor", thor(_built)), peers=peers, limit=floor),
    ]


def frames() -> list[Measured]:
    """Frames of a batch for a browser's event stream, as the live feed makes them."""
    events = sequence()
    ids = [f"{1_703_541_600_000 + at // 7}-{at % 7}" for at in range(len(events))]

    def frame(name: str, event: bytes) -> bytes:
        source = json.loads(event)["source"].encode()
        return b'id: %b\nevent: quote\ndata: %b,"active_source":"%b"}\n\n' % (name.encode(), event[:-1], source)

    wanted = [frame(name, event) for name, event in zip(ids, events, strict=True)]

    def each() -> Callable[[], float]:
        batch = parse_batch(events)[0]
        assert batch.to_sse(ids) == wanted
        return timed(lambda: batch.to_sse(ids), len(events))

    def chunk() -> Callable[[], float]:
        batch = parse_batch(events)[0]
        assert batch.to_sse_stream(ids) == b"".join(wanted)
        return timed(lambda: batch.to_sse_stream(ids), len(events))

    stored = [event[:-1] + b',"active_source":"TOS"}' for event in events]
    names = [name.encode() for name in ids]

    def around() -> list[bytes]:
        return [
            b"id: " + name + b"\nevent: quote\ndata: " + event + b"\n\n"
            for name, event in zip(names, stored, strict=True)
        ]

    def each_by_hand() -> Callable[[], float]:
        assert around() == wanted
        return timed(around, len(events))

    def chunk_by_hand() -> Callable[[], float]:
        assert b"".join(around()) == b"".join(wanted)
        return timed(lambda: b"".join(around()), len(events))

    floor = copying(b"".join(wanted), len(events))
    chunk_peers = {"python": Contender("Python, around ready bytes, joined", chunk_by_hand)}
    each_peers = {"python": Contender("Python, around ready bytes", each_by_hand)}
    return [
        *compare("sse-chunk", UNIT, Contender("Thor", chunk), peers=chunk_peers, limit=floor),
        *compare("sse-frames", UNIT, Contender("Thor", each), peers=each_peers, limit=floor),
    ]
