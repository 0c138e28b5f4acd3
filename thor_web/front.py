"""HTTP for paths that are answered in front of Django: what is checked of a request, and how an answer is sent.

Nothing here knows what is answered: that is in the rooms.
"""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from django.http.request import split_domain_port, validate_host

from thor_web.problems import PROBLEM_TYPE, Problem

__all__ = [
    "NO_SNIFF",
    "Door",
    "Headers",
    "Scope",
    "Send",
    "header",
    "is_known",
    "parameters",
    "send_problem",
    "send_whole",
]

Scope = Mapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

NO_SNIFF: Final = (b"x-content-type-options", b"nosniff")
MOST_HOSTS: Final = 1_000
MOST_QUERY_BYTES: Final = 10_000


class Door:
    """Lets in who only reads and calls this server by one of its names."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = hosts
        self._good_hosts: set[bytes] = set()

    def check(self, scope: Scope) -> None:
        """Raises Problem for another method, and for a host that Django would refuse too."""
        if scope["method"] not in {"GET", "HEAD"}:
            raise Problem(405, "method_not_allowed", "This path is only read: GET or HEAD.")
        host = header(scope, b"host")
        if host not in self._good_hosts:
            # As Django does for every other path: a name that is not ours is an attack by DNS, or a wrong setting.
            if not validate_host(split_domain_port(host.decode("latin-1"))[0], self._hosts):
                raise Problem(400, "bad_host", "This server does not answer to that name; see THOR_HOSTS.")
            if len(self._good_hosts) < MOST_HOSTS:
                self._good_hosts.add(host)


def header(scope: Scope, name: bytes) -> bytes:
    """The value of a request's header, empty where there is none."""
    return next((value for found, value in scope["headers"] if found == name), b"")


def is_known(scope: Scope, tag: bytes) -> bool:
    """Whether the client says that it has the answer of this entity tag."""
    if_none_match = header(scope, b"if-none-match")
    return bool(if_none_match) and (if_none_match.strip() == b"*" or tag in if_none_match.split(b", "))


def parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query string, the last of those with one name."""
    if not query:
        return {}
    if len(query) > MOST_QUERY_BYTES:
        raise Problem(400, "bad_parameter", f"A query string has at most {MOST_QUERY_BYTES} bytes.")
    try:
        return dict(parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict"))
    except ValueError:
        raise Problem(400, "bad_parameter", "The query string cannot be read.") from None


async def send_problem(scope: Scope, send: Send, problem: Problem) -> None:
    """A problem as its whole answer."""
    headers: Headers = [(b"content-type", PROBLEM_TYPE.encode()), (b"cache-control", b"no-store"), NO_SNIFF]
    if problem.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % problem.retry_after_s))
    if problem.status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await send_whole(scope, send, problem.status, headers, orjson.dumps(problem.to_json()))


async def send_whole(scope: Scope, send: Send, status: int, headers: Headers, body: bytes) -> None:
    """An answer in one piece; for HEAD without its body."""
    if body:
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
