"""`/api/session` as ASGI in front of Django, where 500 requests a second cost next to nothing.

What it answers is made in session_answers.py; its parameters are described for people by the view of the
same path in views.py.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from thor_web.front import NO_SNIFF, Door, Headers, Scope, Send, is_known, parameters, send_problem, send_whole
from thor_web.problems import Problem
from thor_web.timezones.session_answers import SessionAnswers

__all__ = ["SessionPath"]

PATH: Final = "/api/session"


class SessionPath:
    """An ASGI application for the path that it `answers`. `caller_of` raises Problem for who may not read."""

    def __init__(
        self, answers: SessionAnswers, caller_of: Callable[[Scope], Awaitable[object]], *, hosts: Sequence[str]
    ) -> None:
        self._answers = answers
        self._caller_of = caller_of
        self._door = Door(hosts)

    def answers(self, path: str) -> bool:
        """Whether requests for a path are answered here."""
        return path == PATH

    async def __call__(self, scope: Scope, send: Send) -> None:
        """Answer a request for the path."""
        try:
            self._door.check(scope)
            await self._caller_of(scope)
            found = self._answers.answer(parameters(scope["query_string"]))
        except Problem as problem:
            await send_problem(scope, send, problem)
            return
        # Nobody may keep it: its time would stand still. A client that wants to may ask whether the state is the same.
        headers: Headers = [(b"cache-control", b"no-store"), (b"etag", found.tag), NO_SNIFF]
        if is_known(scope, found.tag):
            await send_whole(scope, send, 304, headers, b"")
            return
        headers.append((b"content-type", b"application/json"))
        await send_whole(scope, send, 200, headers, found.body)
