"""The two hot paths, snapshot and stream, as ASGI in front of Django: a request of theirs never enters a thread.

What they answer is made elsewhere; here are HTTP's own matters: method, host, caller, parameters, headers, limits.
Their parameters and answers are described for people by the views of the same paths in views.py.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.utils import formatdate
from typing import Final

from thor_web.accounts.interface import Caller
from thor_web.front import (
    NO_SNIFF,
    Door,
    Headers,
    Scope,
    Send,
    header,
    is_known,
    parameters,
    send_problem,
    send_whole,
)
from thor_web.futuretrading.services import stream_parameters as read
from thor_web.futuretrading.services.quotes_state import QuotesState
from thor_web.futuretrading.services.snapshots import Snapshots
from thor_web.livedata.interface import HANDOVER, Fanout, Hub, StreamRequest, TooManyStreams
from thor_web.problems import Problem

__all__ = ["LivePaths"]

Answer = Callable[[Scope, Send], Awaitable[None]]

STREAM_HEADERS: Final[Headers] = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"vary", b"accept-encoding"),
    NO_SNIFF,
]
RETRY_AFTER_S: Final = 5


class LivePaths:
    """An ASGI application for the paths that it `answers`."""

    def __init__(
        self,
        hub: Hub,
        fanout: Fanout,
        state: QuotesState,
        caller_of: Callable[[Scope], Awaitable[Caller]],
        *,
        hosts: Sequence[str],
        stale_after_ms: int,
    ) -> None:
        self._hub = hub
        self._fanout = fanout
        self._state = state
        self._caller_of = caller_of
        self._door = Door(hosts)
        self._stale_after_ms = stale_after_ms
        self._snapshots = Snapshots(hub, state.display_order, state.enricher)
        self._answers: Final[Mapping[str, Answer]] = {"/api/quotes": self._quotes, "/api/quotes/stream": self._stream}

    def answers(self, path: str) -> bool:
        """Whether requests for a path are answered here."""
        return path in self._answers

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answer a request for one of the paths."""
        try:
            self._check(scope)
            await self._answers[scope["path"]](scope, send)
        except Problem as problem:
            await send_problem(scope, send, problem)

    async def _quotes(self, scope: Scope, send: Send) -> None:
        await self._caller_of(scope)
        values = parameters(scope["query_string"])
        snapshot = self._snapshots.newest(read.symbols(values, self._hub.newest, self._state.instruments))
        now_ms = time.time_ns() // 1_000_000
        tag = snapshot.entity_tag(now_ms - self._stale_after_ms)
        headers: Headers = [(b"cache-control", b"no-cache"), (b"etag", tag), NO_SNIFF]
        if is_known(scope, tag):
            await send_whole(scope, send, 304, headers, b"")
            return
        headers.append((b"content-type", b"application/json"))
        await send_whole(scope, send, 200, headers, snapshot.at(now_ms))

    async def _stream(self, scope: Scope, send: Send) -> None:
        caller = await self._caller_of(scope)
        values = parameters(scope["query_string"])
        after = read.position(header(scope, b"last-event-id").decode("latin-1") or values.get("last_event_id", ""))
        wanted = StreamRequest(
            symbols=read.symbols(values, self._hub.newest, self._state.instruments),
            conflate_hz=read.rate(values, "conflate"),
            enrich=self._state.enricher if read.flag(values, "enrich") else None,
            bars=read.intervals(values, "bars"),
            gzip=read.flag(values, "gzip") and b"gzip" in header(scope, b"accept-encoding"),
            chunked=scope["http_version"] != "1.0",
        )
        lasting_s = read.seconds(values, "for_s")
        if scope["method"] == "HEAD":
            await send_whole(scope, send, 200, STREAM_HEADERS, b"")
            return
        try:
            self._fanout.require_room(caller.name)
        except TooManyStreams as error:
            text = "You have" if error.whose == "caller" else "This server serves"
            raise Problem(
                503, "too_many_streams", f"{text} the most streams already.", retry_after_s=RETRY_AFTER_S
            ) from None
        take = (scope.get("extensions") or {}).get(HANDOVER)
        if take is None:
            raise Problem(503, "needs_thor_web", "Event streams are served by `thor web`, not by this server.")
        self._fanout.open(
            take(),
            wanted,
            caller=caller.name,
            head=_stream_head(wanted),
            greeting=self._state.greeting(),
            after=after,
            lasting_s=lasting_s,
        )

    def _check(self, scope: Scope) -> None:
        self._door.check(scope)
        if not self._hub.ready:
            raise Problem(503, "not_ready", "Redis has not been reached yet.", retry_after_s=1)


def _stream_head(wanted: StreamRequest) -> bytes:
    """The head of a stream's answer. Its connection is not used again."""
    headers = [*STREAM_HEADERS, (b"date", formatdate(usegmt=True).encode()), (b"connection", b"close")]
    if wanted.gzip:
        headers.append((b"content-encoding", b"gzip"))
    if wanted.chunked:
        headers.append((b"transfer-encoding", b"chunked"))
    return b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % pair for pair in headers) + b"\r\n"
