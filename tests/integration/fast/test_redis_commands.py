"""A real Redis takes the core's commands from a plain socket, and holds what the events said."""

import socket
from typing import Any

import redis

from tests.unit.fast.golden_files import GOLDEN
from thor_fast import QuoteBatch, QuoteEvent, parse_batch


def answers(client: redis.Redis, commands: bytes, count: int) -> list[bytes]:
    """What the server says to commands that are sent just as they are."""
    options = client.connection_pool.connection_kwargs
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(options["path"])
        connection.sendall(b"SELECT %d\r\n" % options.get("db", 0) + commands)
        with connection.makefile("rb") as replies:
            assert replies.readline() == b"+OK\r\n"
            found = []
            for _ in range(count):
                head = replies.readline()
                assert head[:1] in b"$:", head
                found.append(replies.readline().strip() if head[:1] == b"$" else head[1:].strip())
            return found


def strange() -> QuoteBatch:
    """Events whose texts have everything that a protocol could stumble over."""
    texts = ["\r\n", "é😀", '"', "\u2028", "$1\r\n", " "]
    return QuoteBatch.from_events(
        [QuoteEvent(symbol="ZB", ts_us=0, source="MOCK", last=-0.5, condition=text, venue=text) for text in texts]
    )


def test_xadd_appends_every_event_and_trims(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    batch = QuoteBatch.concat([parse_batch((GOLDEN / "es_open.jsonl").read_bytes())[0], strange()])
    ids = answers(client, batch.to_xadd("quotes:stream:TOS"), len(batch))
    entries: Any = client.xrange("quotes:stream:TOS")
    assert [entry_id for entry_id, _ in entries] == ids
    assert [fields for _, fields in entries] == [{b"data": json} for json in batch.to_json()]
    assert list(parse_batch([fields[b"data"] for _, fields in entries])[0]) == list(batch)
    beyond = int(ids[-1].split(b"-")[0]) + 1_000_000
    answers(client, batch[:1].to_xadd("quotes:stream:TOS", minid_ms=beyond), 1)
    assert client.xlen("quotes:stream:TOS") < len(batch)


def test_the_latest_hash_of_each_symbol_is_its_newest_event(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    batch = QuoteBatch.concat([parse_batch((GOLDEN / "es_open.jsonl").read_bytes())[0], strange()])
    ids = [f"1703541600180-{position}" for position in range(len(batch))]
    received = [1_703_541_600_180_000 + position for position in range(len(batch))]
    commands = batch.to_latest(ids, received)
    for round_ in range(2):
        assert answers(client, commands, 2) == ([b"18", b"18"] if round_ == 0 else [b"0", b"0"])
    for position in batch.newest_per_symbol():
        event = batch[position]
        fields: Any = client.hgetall(f"quotes:latest:{event.symbol}")
        assert QuoteEvent.from_latest_fields(fields) == event
        assert fields[b"updated_at"] == b"2023-12-25T22:00:00.180Z"
        assert fields[b"active_source"] == event.source.encode()
        assert fields[b"stream_id"] == ids[position].encode()
        assert fields[b"received_us"] == str(received[position]).encode()
