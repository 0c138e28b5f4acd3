"""A real browser's EventSource reads the frames of `to_sse_stream`, whatever is in them and wherever they are cut."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Page

from tests.chromium import launched_chromium
from tests.unit.fast.golden_files import GOLDEN, rows
from thor_fast import QuoteBatch, QuoteEvent, parse_batch, parse_event

pytestmark = pytest.mark.browser

COLLECT = """
(count) => new Promise((resolve, reject) => {
  const source = new EventSource("/stream"), found = []
  source.onmessage = (event) => reject(new Error("not a quote: " + event.data))
  source.addEventListener("quote", (event) => {
    found.push({ id: event.lastEventId, data: event.data, value: JSON.parse(event.data) })
    if (found.length === count) { source.close(); resolve(found) }
  })
})
"""
FROM_THE_END = """
() => new Promise((resolve) => {
  const source = new EventSource("/stream")
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) resolve() }
})
"""


class _Stream(BaseHTTPRequestHandler):
    """A page, and a stream that is sent in pieces of a few bytes: the first time in full, then nothing any more."""

    chunk: ClassVar[bytes] = b""
    asked_from: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        if self.path != "/stream":
            self._answer(200, "text/html", [b"<!doctype html><title>frames</title>"])
            return
        self.asked_from.append(self.headers.get("Last-Event-ID"))
        if self.headers.get("Last-Event-ID") is not None:
            # By the standard this ends the source for good.
            self._answer(204, "text/event-stream", [])
            return
        pieces, start = [b"retry: 1\n\n"], 0
        while start < len(self.chunk):
            size = 1 + (start * 7) % 301
            pieces.append(self.chunk[start : start + size])
            start += size
        self._answer(200, "text/event-stream", pieces)

    def _answer(self, status: int, kind: str, pieces: list[bytes]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def served(chunk: bytes) -> Iterator[tuple[str, list[str | None]]]:
    """The address of a server of that stream, and from where it was asked for."""

    class Stream(_Stream):
        pass

    Stream.chunk, Stream.asked_from = chunk, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Stream) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", Stream.asked_from
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with launched_chromium() as browser:
        yield browser.new_page()


def strange() -> QuoteBatch:
    """Events whose texts hold everything that the end of a line or of a message could be taken for."""
    texts = ["\r\n\r\n", "data: x", ": no comment", "é😀", "\u2028\u2029\x85", "\ufeff", '"\\', " ", "id: 7\revent: y"]
    metas = [json.dumps({"run": 1, "x": text}) for text in texts] + ["{ \n\n }", '{"long":"' + "x" * 4_000 + '"}']
    made = [
        QuoteEvent(symbol="ES", ts_us=at, source="SCHWAB", last=at, condition=texts[at % len(texts)], meta=meta)
        for at, meta in enumerate(metas)
    ]
    golden = [parse_event(row["canonical"].encode()) for row in rows("events_accepted.jsonl")]
    return QuoteBatch.from_events([*made, *golden])


def read_back(page: Page, batch: QuoteBatch, ids: list[str]) -> list[dict[str, Any]]:
    with served(batch.to_sse_stream(ids)) as (address, _):
        page.goto(address)
        found: list[dict[str, Any]] = page.evaluate(COLLECT, len(batch))
    return found


def test_a_browser_reads_every_frame_of_strange_events(page: Page) -> None:
    batch = strange()
    ids = [f"{1_703_541_600_180 + at}-{at % 3}" for at in range(len(batch) - 3)] + [" spaced ", "é😀:", "x" * 300]
    found = read_back(page, batch, ids)
    assert [frame["id"] for frame in found] == ids
    for frame, event in zip(found, batch, strict=True):
        data = event.to_json().decode()
        assert frame["data"] == f'{data[:-1]},"active_source":"{event.source}"}}'
        assert frame["value"]["condition"] == event.condition


def test_a_browser_reads_a_recorded_chunk_and_goes_on_behind_its_last_frame(page: Page) -> None:
    batch = parse_batch((GOLDEN / "es_open.jsonl").read_bytes())[0]
    ids = [f"1703541600180-{at}" for at in range(len(batch))]
    assert [frame["value"]["seq"] for frame in read_back(page, batch, ids)] == [event.seq for event in batch]
    with served(batch.to_sse_stream(ids)) as (address, asked_from):
        page.goto(address)
        page.evaluate(FROM_THE_END)
        assert asked_from == [None, ids[-1]]
