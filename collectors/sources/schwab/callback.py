"""The page that Schwab sends the browser back to: https on this machine, open for one answer and no longer.

Its certificate is made at the start and signed by nobody (certificate.py), so the browser warns once; nothing but this
machine can reach it.
"""

import asyncio
import html
import secrets
import ssl
import urllib.parse
from collections.abc import Callable
from functools import partial
from typing import Final

from collectors.errors import CollectorError
from collectors.sources.schwab.certificate import self_signed_context

__all__ = ["CallbackAddress", "await_code", "code_from_url"]

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
LONGEST_REQUEST: Final = 16 * 1024
REQUEST_TIMEOUT_S: Final = 10.0


class CallbackAddress:
    """The callback URL as the app's page has it, taken apart. Raises CollectorError unless it is https on loopback."""

    def __init__(self, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        try:
            port = parts.port
        except ValueError as error:
            raise CollectorError(f"SCHWAB_CALLBACK_URL has no valid port: {url}.") from error
        if parts.scheme != "https" or parts.hostname not in LOOPBACK:
            raise CollectorError(f"SCHWAB_CALLBACK_URL must be https on 127.0.0.1, was {url}.")
        self.url = url
        self.host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
        self.port = 443 if port is None else port
        self.path = parts.path or "/"


def code_from_url(url: str, state: str) -> str:
    """The code of the address that the browser was sent to. Raises CollectorError for another state or a refusal."""
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    if not secrets.compare_digest(query.get("state", [""])[0], state):
        raise CollectorError("The answer belongs to another login: start thor schwab login again.")
    code = query.get("code", [""])[0]
    if not code:
        raise CollectorError("Schwab gave no code: the login was not finished.")
    return code


async def await_code(
    address: CallbackAddress, state: str, *, timeout_s: float, ready: Callable[[], None] = lambda: None
) -> str:
    """Serve the callback until it brings the code of this login; wrong visits are answered and passed over.

    `ready` is called once the page can be reached. Raises CollectorError for a port that is taken or no answer in time.
    """
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    try:
        server = await asyncio.start_server(
            partial(_visit, address, state, answered),
            address.host,
            address.port,
            ssl=self_signed_context(),
            limit=LONGEST_REQUEST,
        )
    except OSError as error:
        raise CollectorError(
            f"The callback cannot listen on {address.host}:{address.port}: {error.strerror}."
        ) from error
    try:
        ready()
        async with asyncio.timeout(timeout_s):
            code = await answered
        # The page still has to reach the browser.
        await asyncio.sleep(0.2)
        return code
    except TimeoutError:
        raise CollectorError(f"Nobody logged in within {timeout_s / 60:.0f} minutes.") from None
    finally:
        server.close()


async def _visit(
    address: CallbackAddress,
    state: str,
    answered: "asyncio.Future[str]",
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """One visit of a browser; what breaks off is simply over."""
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
        status, text = _answer(head, address, state, answered)
        writer.write(_page(status, text))
        await writer.drain()
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


def _answer(head: bytes, address: CallbackAddress, state: str, answered: "asyncio.Future[str]") -> tuple[str, str]:
    request = head.split(b"\r\n", 1)[0].decode("ascii", errors="replace").split(" ")
    if len(request) != 3 or request[0] != "GET":
        return "405 Method Not Allowed", "Only the browser's own visit is expected here."
    target = request[1]
    if urllib.parse.urlsplit(target).path != address.path:
        return "404 Not Found", "There is nothing here."
    try:
        code = code_from_url(target, state)
    except CollectorError as error:
        return "400 Bad Request", str(error)
    if not answered.done():
        answered.set_result(code)
    return "200 OK", "Thor has the login. This page can be closed."


def _page(status: str, text: str) -> bytes:
    body = f"<!doctype html><meta charset=utf-8><title>Thor</title><p>{html.escape(text)}</p>".encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
