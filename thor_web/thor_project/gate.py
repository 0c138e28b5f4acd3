"""The gate: in front of everything else, for every request. Who asks, may they, not too often, not too much.

Nothing behind it, neither a static file nor a route that somebody adds tomorrow, is reached by a request that it
refuses. What a request needs is said in accounts (`need_of`), nowhere else.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import quote

import orjson

from collectors.tracing import begin_trace
from thor_web.accounts.interface import (
    CALLER_STATE,
    LOGIN_STATE,
    LOGINS_STATE,
    Caller,
    Logins,
    Rate,
    judge,
    need_of,
)
from thor_web.front import NO_SNIFF, send_whole
from thor_web.problems import PROBLEM_TYPE, Problem
from thor_web.thor_project.callers import Callers
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thor_project.peers import Peer, peer_of
from thor_web.thor_project.telemetry import spans

__all__ = ["Gate"]

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LONGEST_QUERY: Final = 32_768
BODY_LIMIT_S: Final = 15.0
LOGIN_PATHS: Final = frozenset({"/login", "/api/login", "/admin/login/"})
LOGOUT_PATHS: Final = frozenset({"/logout", "/api/logout", "/admin/logout/"})
OF_AN_ADDRESS: Final = 5
"""So many callers' worth of requests may come from one address: people share them."""
LOGINS_PER_S: Final = 1 / 6
LOGINS_AT_ONCE: Final = 10
MACHINES: Final = ("/api/", "/static/", "/metrics", "/readyz", "/healthz")
"""What is not a page: refused with a problem document, never with a form."""


class Gate:
    """Lets through to the application behind it what may pass."""

    def __init__(self, behind: Application, settings: ServerSettings) -> None:
        self._behind = behind
        self._callers = Callers()
        self._open_reading = settings.open_reading
        self._proxies = settings.proxies
        self._tls = settings.thor_tls
        self._most_body = settings.body_limit_kib * 1024
        self._requests = Rate(settings.rate_limit, settings.rate_burst)
        self._addresses = Rate(settings.rate_limit * OF_AN_ADDRESS, settings.rate_burst * OF_AN_ADDRESS)
        self._tries = Rate(LOGINS_PER_S, LOGINS_AT_ONCE)
        self._logins = Logins()
        self._span = spans(settings.otel_endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        trace = begin_trace(headers.get(b"traceparent", b""))
        try:
            peer = peer_of(scope, headers, self._proxies)
            if peer.secure:
                scope["scheme"] = "https"
            caller = await self._admit(scope, headers, peer)
            if scope["method"] in WRITING:
                receive = await self._body(headers, receive)
        except Problem as problem:
            if problem.status == 401 and _wants_page(scope, headers):
                self._turn_to_login(scope)
                caller = Caller("nobody")
            else:
                if problem.status != 401:
                    log.info("%s %s is refused: %s", scope["method"], scope["path"][:200], problem.code)
                await refuse(scope, send, problem)
                return
        scope["state"] |= {
            CALLER_STATE: caller,
            LOGIN_STATE: not self._open_reading,
            LOGINS_STATE: self._logins,
        }
        if scope["method"] in WRITING:
            log.info("%s %s by %s", scope["method"], scope["path"][:200], caller.name)
            send = _traced(send, trace)
        with self._span(scope, headers):
            await self._behind(scope, receive, send)
        if scope["path"] in LOGOUT_PATHS:
            self._callers.forget(headers.get(b"cookie", b""))

    def forget_callers(self) -> None:
        """Ask anew who everybody is: what somebody may do has changed."""
        self._callers.forget_all()

    async def _admit(self, scope: Scope, headers: Mapping[bytes, bytes], peer: Peer) -> Caller:
        """The caller. Raises Problem when it may not."""
        method, path = scope["method"], scope["path"]
        if len(scope["query_string"]) > LONGEST_QUERY:
            raise Problem(414, "too_long", f"A query has at most {LONGEST_QUERY} bytes.")
        if self._tls and not peer.secure and not peer.local and path != "/healthz" and not _wants_page(scope, headers):
            raise Problem(403, "needs_tls", "This server is spoken to by TLS only.")
        now = time.monotonic()
        limited = not peer.local and path != "/healthz"
        if limited:  # before the database is asked who it is: keys and sessions that are nobody's cost as much
            _wait(self._addresses.wait_s(peer.name, now))
        caller = await self._callers.find(
            peer, headers.get(b"cookie", b""), headers.get(b"authorization", b""), open_reading=self._open_reading
        )
        if limited:
            _wait(self._requests.wait_s(caller.name, now))
        if method == "POST" and path in LOGIN_PATHS:
            _wait(self._tries.wait_s(peer.name, now))
        if verdict := judge(caller, need_of(method, path)):
            raise Problem(verdict.status, verdict.code, verdict.detail)
        return caller

    async def _body(self, headers: Mapping[bytes, bytes], receive: Receive) -> Receive:
        """The whole body, taken in before anybody works on it. Raises Problem for one too large or too slow."""
        told = headers.get(b"content-length", b"0")
        if not told.isdigit() or int(told) > self._most_body:
            raise self._too_large()
        whole = bytearray()
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                while True:
                    message = await receive()
                    if message["type"] != "http.request":
                        break
                    whole += message.get("body", b"")
                    if len(whole) > self._most_body:
                        raise self._too_large()
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            raise Problem(408, "too_slow", f"A body comes within {BODY_LIMIT_S:g} s.") from None
        return _received(bytes(whole), receive)

    def _too_large(self) -> Problem:
        return Problem(413, "too_large", f"A body has at most {self._most_body // 1024} KiB.")

    @staticmethod
    def _turn_to_login(scope: Scope) -> None:
        """Have the login page answer, which says 401 as well, and goes on to what was asked for."""
        if scope["path"] != "/login":
            asked = scope["path"] + ("?" + scope["query_string"].decode("latin-1") if scope["query_string"] else "")
            scope.update(path="/login", raw_path=b"/login", query_string=b"next=" + quote(asked).encode())


def _traced(send: Send, trace: str) -> Send:
    """Answer with the trace, under which the log tells what was done."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"x-trace-id", trace.encode())]
        await send(message)

    return sent


def _wants_page(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks for something to show."""
    return (
        scope["method"] in {"GET", "HEAD"}
        and not scope["path"].startswith(MACHINES)
        and b"text/html" in headers.get(b"accept", b"")
    )


def _wait(wait_s: int) -> None:
    if wait_s:
        raise Problem(429, "too_many_requests", "Too many requests; come back later.", retry_after_s=wait_s)


def _received(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that has been read already, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def refuse(scope: Scope, send: Send, problem: Problem) -> None:
    """Send a problem document. The connection is closed where a body may still be on its way."""
    headers = [(b"content-type", PROBLEM_TYPE.encode()), (b"cache-control", b"no-store"), NO_SNIFF]
    if problem.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % problem.retry_after_s))
    if problem.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="Thor"'))
    if scope["method"] in WRITING:
        headers.append((b"connection", b"close"))
    await send_whole(scope, send, problem.status, headers, orjson.dumps(problem.to_json()))
