"""Snapshot and stream over HTTP: headers, conditions, limits, and every absurd request."""

import gzip
import http.client
import json
import socket
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import RunningThor, wait_until

GOLDEN = Path(__file__).parent.parent / "golden" / "es_open.jsonl"
STREAM = "/api/quotes/stream"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    """A market that has come to rest: a recording, replayed to its end."""
    folder: Path = tmp_path_factory.mktemp("live") / "state"
    with RunningThor(folder, "--source", f"replay:{GOLDEN}", "--speed", "max") as thor:
        last = json.loads(GOLDEN.read_text().splitlines()[-1])["seq"]
        wait_until(lambda: [quote["seq"] for quote in thor.quotes()] == [last], "the recording was replayed")
        yield thor


def answer_until(running: RunningThor, request: str, mark: bytes, more: int = 0) -> bytes:
    """The answer to a raw request, read until that was in it and so many bytes behind it."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = b""
        while (at := answer.find(mark)) < 0 or len(answer) < at + len(mark) + more:
            data = connection.recv(65_536)
            assert data
            answer += data
        return answer


def test_a_snapshot_that_did_not_change_is_304(running: RunningThor) -> None:
    wait_until(lambda: running.get("/api/quotes").headers["etag"].endswith('.1"'), "the quote is stale")
    answer = running.get("/api/quotes")
    (record,) = answer.json()
    assert answer.headers["etag"] == f'W/"{record["id"]}.{record["config_version"]}.1"'
    assert answer.headers["cache-control"] == "no-cache"
    assert record["age_ms"] > record["stale_after_ms"]
    same = httpx.get(f"{running.url}/api/quotes", headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    other = httpx.get(f"{running.url}/api/quotes", headers={"If-None-Match": 'W/"1-0.0"'})
    assert other.status_code == 200


def test_head_has_the_headers_and_no_body(running: RunningThor) -> None:
    snapshot = httpx.head(f"{running.url}/api/quotes")
    assert (snapshot.status_code, snapshot.content) == (200, b"")
    assert int(snapshot.headers["content-length"]) > 100
    stream = httpx.head(running.url + STREAM)
    assert (stream.status_code, stream.headers["content-type"]) == (200, "text/event-stream")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("symbols=NOSUCH", "unknown_symbol"),
        ("symbols=es", "bad_symbol"),
        ("symbols=ES%00", "bad_symbol"),
        ("symbols=" + ",".join(["ES"] * 501), "too_many_symbols"),
        ("symbols=" + "E" * 20_000, "bad_parameter"),
        ("conflate=0", "bad_parameter"),
        ("conflate=-1", "bad_parameter"),
        ("conflate=61", "bad_parameter"),
        ("conflate=1e-300", "bad_parameter"),
        ("conflate=nan", "bad_parameter"),
        ("conflate=inf", "bad_parameter"),
        ("conflate=", "bad_parameter"),
        ("conflate=4&conflate=fast", "bad_parameter"),
        ("enrich=maybe", "bad_parameter"),
        ("gzip=2", "bad_parameter"),
        ("last_event_id=now", "bad_event_id"),
        ("last_event_id=-1-0", "bad_event_id"),
        ("last_event_id=1", "bad_event_id"),
        ("last_event_id=18446744073709551616-0", "bad_event_id"),
        ("last_event_id=99999999999999-0", "bad_event_id"),
        ("symbols=%ff", "bad_parameter"),
        ("&".join(f"p{n}=1" for n in range(30)), "bad_parameter"),
    ],
)
def test_an_absurd_request_is_400_with_a_code(running: RunningThor, query: str, code: str) -> None:
    answer = httpx.get(f"{running.url}{STREAM}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == code


def test_what_is_no_read_of_ours_is_refused(running: RunningThor) -> None:
    posted = httpx.post(running.url + STREAM)
    assert (posted.status_code, posted.json()["code"], posted.headers["allow"]) == (
        405,
        "method_not_allowed",
        "GET, HEAD",
    )
    foreign = httpx.get(f"{running.url}/api/quotes", headers={"Host": "evil.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (400, "bad_host")
    header = httpx.get(running.url + STREAM, headers={"Last-Event-ID": "yesterday"})
    assert (header.status_code, header.json()["code"]) == (400, "bad_event_id")


def test_the_stream_comes_in_chunks_to_http_1_1_only(running: RunningThor) -> None:
    host = f"Host: 127.0.0.1:{running.port}\r\n\r\n"
    new = answer_until(running, f"GET {STREAM} HTTP/1.1\r\n{host}", b"event: session\ndata: {")
    old = answer_until(running, f"GET {STREAM} HTTP/1.0\r\n{host}", b"event: session\ndata: {")
    assert b"\r\ntransfer-encoding: chunked\r\n" in new
    assert b"transfer-encoding" not in old
    assert old.split(b"\r\n\r\n", 1)[1].startswith(b"retry: 1000\n\nevent: session\ndata: {")


def test_gzip_is_given_to_whoever_asks_and_can_read_it(running: RunningThor) -> None:
    plain = events(running, "last_event_id=0-0&gzip=1", accept="identity")
    assert plain[0]["content-encoding"] is None
    packed = events(running, "last_event_id=0-0&gzip=1", accept="gzip")
    assert packed[0]["content-encoding"] == "gzip"
    assert packed[0]["vary"] == "accept-encoding"
    assert packed[1] == plain[1]


def events(running: RunningThor, query: str, *, accept: str) -> tuple[dict[str, Any], list[str]]:
    """Two headers of a stream and the ids of its first 300 events, read by hand: as gzip where it says so."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)
    connection.request("GET", f"{STREAM}?{query}", headers={"Accept-Encoding": accept})
    answer = connection.getresponse()
    inflate = zlib.decompressobj(31).decompress if answer.headers["content-encoding"] == "gzip" else bytes
    text = b""
    while text.count(b"\nevent: quote\n") < 300:
        text += inflate(answer.read1(65_536))
    connection.close()
    ids = [line[4:] for line in text.decode().splitlines() if line.startswith("id: ")]
    return {name: answer.headers[name] for name in ("content-encoding", "vary")}, ids


def test_metrics_tell_of_streams_and_their_latency(running: RunningThor) -> None:
    with httpx.stream("GET", running.url + STREAM) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "retry: 1000"
        page = running.get("/metrics")
        assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'thor_web_streams{process="web"} 1.0\n' in page.text
    names = {line.split("{")[0] for line in page.text.splitlines() if not line.startswith("#")}
    assert {"thor_web_stream_latency_seconds_bucket", "thor_web_opened_total", "thor_web_degraded"} <= names


def test_metrics_tell_of_every_process(running: RunningThor) -> None:
    def values() -> dict[str, float]:
        lines = [line for line in running.get("/metrics").text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    count = len(GOLDEN.read_text().splitlines())
    wait_until(lambda: values().get('thor_merger_events_in_total{process="merger"}') == count, "the merger told of all")
    told = values()
    assert told['thor_merger_latency_seconds_count{process="merger"}'] == count
    assert told['thor_merger_lag{process="merger",source="TOS"}'] == 0
    assert told['thor_collector_events_total{process="collector:REPLAY"}'] == count
    assert told['thor_publish_latency_seconds_count{process="collector:REPLAY"}'] == count


def test_a_cookie_that_is_nobodys_is_no_fault(running: RunningThor) -> None:
    for cookie in ("sessionid=nonsense", "sessionid=; x=1", "sessionid", 'a="b; sessionid=c'):
        assert httpx.get(f"{running.url}/api/quotes", headers={"Cookie": cookie}).status_code == 200


def test_gzip_of_python_reads_the_parts_too(running: RunningThor) -> None:
    host = f"Host: 127.0.0.1:{running.port}\r\nAccept-Encoding: gzip\r\n\r\n"
    body = answer_until(running, f"GET {STREAM}?gzip=1 HTTP/1.0\r\n{host}", b"\r\n\r\n", 60).split(b"\r\n\r\n", 1)[1]
    closed = body + zlib.compressobj(wbits=-15).flush()
    with pytest.raises(EOFError):
        gzip.decompress(closed)  # a stream that is cut has no checksum at its end
    assert zlib.decompressobj(31).decompress(body).startswith(b"retry: 1000\n\n")
