"""The two hot paths, snapshot and stream, as ASGI in front of Django: a request of theirs never enters a thread.

What they answer is made elsewhere; here are HTTP's own matters: method, host, caller, parameters, headers, limits.
Their parameters and answers are described for people by the views of the same paths in views.py.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from email.utils import formatdate
from typing import Any, Final

import orjson
from django.http.request import split_domain_port, validate_host

from thor_web.futuretrading.services import stream_parameters as read
from thor_web.futuretrading.services.caller import Caller
from thor_web.futuretrading.services.quotes_state import QuotesState
from thor_web.futuretrading.services.snapshots import Snapshots
from thor_web.livedata.interface import HANDOVER, Fanout, Hub, StreamRequest, TooManyStreams
from thor_web.problems import PROBLEM_TYPE, Problem

__all__ = ["LivePaths"]

Scope = Mapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]
Answer = Callable[[Scope, Send], Awaitable[None]]

NO_SNIFF: Final = (b"x-content-type-options", b"nosniff")
STREAM_HEADERS: Final[Headers] = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
    (b"vary", b"accept-encoding"),
    NO_SNIFF,
]
RETRY_AFTER_S: Final = 5
MOST_HOSTS: Final = 1_000


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
        self._hosts = hosts
        self._good_hosts: set[bytes] = set()
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
            await _send_problem(scope, send, problem)

    async def _quotes(self, scope: Scope, send: Send) -> None:
        await self._caller_of(scope)
        values = read.parameters(scope["query_string"])
        snapshot = self._snapshots.newest(read.symbols(values, self._hub.newest, self._state.instruments))
        now_ms = time.time_ns() // 1_000_000
        tag = snapshot.entity_tag(now_ms - self._stale_after_ms)
        headers: Headers = [(b"cache-control", b"no-cache"), (b"etag", tag), NO_SNIFF]
        if _is_known(header(scope, b"if-none-match"), tag):
            await _send_whole(scope, send, 304, headers, b"")
            return
        headers.append((b"content-type", b"application/json"))
        await _send_whole(scope, send, 200, headers, snapshot.at(now_ms))

    async def _stream(self, scope: Scope, send: Send) -> None:
        caller = await self._caller_of(scope)
        values = read.parameters(scope["query_string"])
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
            await _send_whole(scope, send, 200, STREAM_HEADERS, b"")
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
        if scope["method"] not in {"GET", "HEAD"}:
            raise Problem(405, "method_not_allowed", "This path is only read: GET or HEAD.")
        host = header(scope, b"host")
        if host not in self._good_hosts:
            # As Django does for every other path: a name that is not ours is an attack by DNS, or a wrong setting.
            if not validate_host(split_domain_port(host.decode("latin-1"))[0], self._hosts):
                raise Problem(400, "bad_host", "This server does not answer to that name; see THOR_HOSTS.")
            if len(self._good_hosts) < MOST_HOSTS:
                self._good_hosts.add(host)
        if not self._hub.ready:
            raise Problem(503, "not_ready", "Redis has not been reached yet.", retry_after_s=1)


def header(scope: Scope, name: bytes) -> bytes:
    """The value of a request's header, empty where there is none."""
    return next((value for found, value in scope["headers"] if found == name), b"")


def _is_known(if_none_match: bytes, tag: bytes) -> bool:
    return bool(if_none_match) and (if_none_match.strip() == b"*" or tag in if_none_match.split(b", "))


def _stream_head(wanted: StreamRequest) -> bytes:
    """The head of a stream's answer. Its connection is not used again."""
    headers = [*STREAM_HEADERS, (b"date", formatdate(usegmt=True).encode()), (b"connection", b"close")]
    if wanted.gzip:
        headers.append((b"content-encoding", b"gzip"))
    if wanted.chunked:
        headers.append((b"transfer-encoding", b"chunked"))
    return b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b: %b\r\n" % pair for pair in headers) + b"\r\n"


async def _send_problem(scope: Scope, send: Send, problem: Problem) -> None:
    headers: Headers = [(b"content-type", PROBLEM_TYPE.encode()), (b"cache-control", b"no-store"), NO_SNIFF]
    if problem.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % problem.retry_after_s))
    if problem.status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await _send_whole(scope, send, problem.status, headers, orjson.dumps(problem.to_json()))


async def _send_whole(scope: Scope, send: Send, status: int, headers: Headers, body: bytes) -> None:
    if body:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
