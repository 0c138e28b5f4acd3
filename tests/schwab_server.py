"""A local Schwab: OAuth, REST and the streamer, over TLS, as their documents describe them. It is not Schwab.

What it knows of the real one comes from the published protocol: requests and answers, one streamer a user (code 12),
SUBS in place of what was subscribed before, changes only, lots and field numbers by service. A test moves the market
and breaks things by calling its methods; it never acts by itself but for heartbeats.
"""

import asyncio
import base64
import contextlib
import json
import urllib.parse
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.certificates import Authority

__all__ = ["APP_KEY", "APP_SECRET", "LocalSchwab", "local_schwab"]

APP_KEY, APP_SECRET = "the-app-key", "the-app-secret"
CUSTOMER = "customer-1"
FUTURES, EQUITIES, CHART = "LEVELONE_FUTURES", "LEVELONE_EQUITIES", "CHART_FUTURES"


@dataclass
class _Session:
    socket: ServerConnection
    logged_in: bool = False
    subscribed: dict[str, set[str]] = field(default_factory=dict)
    fields: dict[str, set[str]] = field(default_factory=dict)
    told: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    silent: bool = False


class LocalSchwab:
    """One user's Schwab."""

    def __init__(self) -> None:
        self.api_url = ""
        self.streamer_url = ""
        self.code = "a-login-code@1"
        self.callback_url = "https://127.0.0.1:8182/"
        self.access_tokens: set[str] = set()
        self.refresh_token: str | None = None
        self.access_lasts_s = 1_800
        self.calls: Counter[str] = Counter()
        self.answers: dict[str, list[tuple[int, dict[str, str]]]] = {}
        """Statuses (with headers) to give a path's next calls instead of answering them."""
        self.login_codes: list[int] = []
        """Codes to give the next streamer logins instead of 0."""
        self.subs_codes: dict[str, list[int]] = {}
        """Codes to give the next SUBS of a service instead of 0."""
        self.elsewhere = False
        """Another streamer of the user is connected: every login gets 12."""
        self.state: dict[tuple[str, str], dict[str, Any]] = {}
        self.rest_quotes: dict[str, dict[str, Any]] = {}
        self.sessions: list[_Session] = []
        self.logins = 0
        self.login_times: list[float] = []
        self.heartbeat_s = 0.1
        self._issued = 0

    # --- what a test does -----------------------------------------------------------------------------------

    def issue(self) -> dict[str, Any]:
        """Tokens as the token endpoint gives them."""
        self._issued += 1
        access = f"access-{self._issued}"
        self.access_tokens.add(access)
        self.refresh_token = self.refresh_token or f"refresh-{self._issued}"
        return {
            "expires_in": self.access_lasts_s,
            "token_type": "Bearer",
            "scope": "api",
            "refresh_token": self.refresh_token,
            "access_token": access,
            "id_token": "an-id-token",
        }

    def expire_access(self) -> None:
        """Every access token is refused from now on."""
        self.access_tokens.clear()

    def expire_login(self) -> None:
        """The seven days are over."""
        self.access_tokens.clear()
        self.refresh_token = None

    async def quote(self, service: str, key: str, **fields: Any) -> None:
        """Some fields of a symbol change (`_3=6708.5`); subscribers get a delta of those they asked for."""
        await self.quotes(service, {key: {name.removeprefix("_"): value for name, value in fields.items()}})

    async def quotes(self, service: str, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Fields of several symbols change at once: one frame."""
        for key, fields in changes.items():
            self.state.setdefault((service, key), {}).update(fields)
        for session in list(self.sessions):
            content = [
                self._delta(session, service, key) for key in changes if key in session.subscribed.get(service, ())
            ]
            await self._send_content(session, service, [delta for delta in content if len(delta) > 1])

    async def send(self, text: str) -> None:
        """Any text, to every session."""
        for session in list(self.sessions):
            await session.socket.send(text)

    async def tell_code(self, code: int, service: str = "ADMIN") -> None:
        """A code unasked, as the server does before it stops a stream."""
        answer = {"service": service, "command": "SUBS", "requestid": "0", "content": {"code": code, "msg": "stop"}}
        await self.send(json.dumps({"notify": [answer]}))

    def drop(self) -> None:
        """The sockets break without a word."""
        for session in self.sessions:
            session.socket.transport.abort()
        self.sessions = []

    def fall_silent(self) -> None:
        """The sockets stay open and nothing comes any more, not even heartbeats."""
        for session in self.sessions:
            session.silent = True

    def speak(self) -> None:
        """Silent sockets go on; what changed meanwhile and does not change again is not made up for."""
        for session in self.sessions:
            session.silent = False

    async def streaming(self, *, service: str = FUTURES, deadline_s: float = 10.0) -> _Session:
        """Wait until a session is subscribed to that service."""
        async with asyncio.timeout(deadline_s):
            while True:
                for session in self.sessions:
                    if session.subscribed.get(service) and not session.silent:
                        return session
                await asyncio.sleep(0.01)

    # --- HTTP -----------------------------------------------------------------------------------------------

    async def serve_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, OSError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.split("\r\n")
            method, target, _ = first.split(" ")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            path = urllib.parse.urlsplit(target)
            status, answer, extra = self._answer(method, path, headers, body.decode())
            content = json.dumps(answer).encode()
            head = "".join(f"{name}: {value}\r\n" for name, value in extra.items())
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{head}"
                f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        writer.close()

    def _answer(
        self, method: str, path: urllib.parse.SplitResult, headers: dict[str, str], body: str
    ) -> tuple[int, Any, dict[str, str]]:
        self.calls[path.path] += 1
        planned = self.answers.get(path.path)
        if planned:
            status, extra = planned.pop(0)
            return status, {"error": "planned"}, extra
        if (method, path.path) == ("POST", "/v1/oauth/token"):
            return (*self._token(headers, dict(urllib.parse.parse_qsl(body))), {})
        token = headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.access_tokens:
            return 401, {"error": "invalid_token"}, {}
        if path.path == "/trader/v1/userPreference":
            info = {
                "streamerSocketUrl": self.streamer_url,
                "schwabClientCustomerId": CUSTOMER,
                "schwabClientCorrelId": "correlation-1",
                "schwabClientChannel": "N9",
                "schwabClientFunctionId": "APIAPP",
            }
            return 200, {"streamerInfo": [info]}, {}
        if path.path == "/marketdata/v1/quotes":
            wanted = urllib.parse.parse_qs(path.query)["symbols"][0].split(",")
            return 200, {key: self.rest_quotes[key] for key in wanted if key in self.rest_quotes}, {}
        return 404, {}, {}

    def _token(self, headers: dict[str, str], form: dict[str, str]) -> tuple[int, Any]:
        wanted = "Basic " + base64.b64encode(f"{APP_KEY}:{APP_SECRET}".encode()).decode()
        if headers.get("authorization") != wanted:
            return 401, {"error": "invalid_client"}
        if form["grant_type"] == "authorization_code":
            if form["code"] != self.code or form["redirect_uri"] != self.callback_url:
                return 400, {"error": "invalid_grant"}
            self.refresh_token = None
            return 200, self.issue()
        if self.refresh_token is None or form.get("refresh_token") != self.refresh_token:
            return 400, {"error": "unsupported_token_type", "error_description": form.get("refresh_token", "")}
        return 200, self.issue()

    # --- the streamer ---------------------------------------------------------------------------------------

    async def serve_stream(self, socket: ServerConnection) -> None:
        session = _Session(socket)
        beating = asyncio.ensure_future(self._beat(session))
        try:
            async for text in socket:
                for request in json.loads(text)["requests"]:
                    await self._on_request(session, request)
        except ConnectionClosed:
            pass
        finally:
            beating.cancel()
            if session in self.sessions:
                self.sessions.remove(session)

    async def _beat(self, session: _Session) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(self.heartbeat_s)
                if session.logged_in and not session.silent:
                    await session.socket.send(json.dumps({"notify": [{"heartbeat": "1764194400123"}]}))

    async def _on_request(self, session: _Session, request: dict[str, Any]) -> None:
        service, command, parameters = request["service"], request["command"], request["parameters"]
        if request["SchwabClientCustomerId"] != CUSTOMER:
            await self._respond(session, request, 3, "unknown customer")
        elif (service, command) == ("ADMIN", "LOGIN"):
            await self._on_login(session, request, parameters)
        elif not session.logged_in:
            await self._respond(session, request, 20, "not logged in")
        elif command == "SUBS":
            planned = self.subs_codes.get(service)
            code = planned.pop(0) if planned else 0
            if code == 0:
                session.subscribed[service] = set(parameters["keys"].split(","))
                session.fields[service] = set(parameters["fields"].split(","))
            await self._respond(session, request, code, "SUBS command succeeded" if code == 0 else "no")
            if code == 0:
                known = [key for key in parameters["keys"].split(",") if (service, key) in self.state]
                content = [self._delta(session, service, key) for key in known]
                await self._send_content(session, service, content)

    async def _on_login(self, session: _Session, request: dict[str, Any], parameters: dict[str, str]) -> None:
        self.logins += 1
        self.login_times.append(asyncio.get_running_loop().time())
        code = self.login_codes.pop(0) if self.login_codes else 0
        if parameters["Authorization"] not in self.access_tokens:
            code = 3
        elif self.elsewhere or self.sessions:
            code = 12
        await self._respond(session, request, code, "server=local;status=NP" if code == 0 else "denied")
        if code == 0:
            session.logged_in = True
            self.sessions.append(session)
        else:
            await session.socket.close()

    @staticmethod
    async def _respond(session: _Session, request: dict[str, Any], code: int, message: str) -> None:
        answer = {
            "service": request["service"],
            "command": request["command"],
            "requestid": request["requestid"],
            "SchwabClientCorrelId": "correlation-1",
            "timestamp": 1764194400123,
            "content": {"code": code, "msg": message},
        }
        await session.socket.send(json.dumps({"response": [answer]}))

    def _delta(self, session: _Session, service: str, key: str) -> dict[str, Any]:
        """What this session has not been told, of the fields it asked for; the first time with `delayed` and kind."""
        state, told = self.state[service, key], session.told.setdefault((service, key), {})
        asked = session.fields[service]
        changed = {
            name: value for name, value in state.items() if name in asked and (name not in told or told[name] != value)
        }
        first: dict[str, Any] = {}
        if not told:
            kind = "FUTURE" if service == FUTURES else "EQUITY"
            first = {"delayed": state.get("delayed", False), "assetMainType": kind}
        told.update(changed)
        return {"key": key, **first, **changed}

    @staticmethod
    async def _send_content(session: _Session, service: str, content: list[dict[str, Any]]) -> None:
        if content and not session.silent:
            data = {"service": service, "timestamp": 1764194400123, "command": "SUBS", "content": content}
            with contextlib.suppress(ConnectionClosed):
                await session.socket.send(json.dumps({"data": [data]}))


@asynccontextmanager
async def local_schwab(authority: Authority) -> AsyncIterator[LocalSchwab]:
    """Serve it on two free ports of this machine."""
    schwab = LocalSchwab()
    http = await asyncio.start_server(schwab.serve_http, "127.0.0.1", 0, ssl=authority.server_context)
    stream: Server = await serve(
        schwab.serve_stream, "127.0.0.1", 0, ssl=authority.server_context, compression=None, close_timeout=0.2
    )
    schwab.api_url = f"https://127.0.0.1:{http.sockets[0].getsockname()[1]}"
    schwab.streamer_url = f"wss://127.0.0.1:{next(iter(stream.sockets)).getsockname()[1]}/ws"
    try:
        yield schwab
    finally:
        schwab.drop()
        stream.close()
        http.close()
        await stream.wait_closed()
