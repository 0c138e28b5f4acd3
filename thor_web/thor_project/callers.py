"""Who is calling, for the paths that are answered in front of Django: resolved by Django once, then remembered a while.

Today every read is open to whoever reaches the server, and a caller is known by the session of its cookie or by its
address. Roles and keys belong here and nowhere else.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import aget_user
from django.db import Error as DatabaseError
from django.http import HttpRequest, parse_cookie

from thor_web.futuretrading.interface import Caller

__all__ = ["Callers"]

log = logging.getLogger(__name__)

REMEMBERED_S: Final = 30.0
"""How long a session that has ended is still taken for what it was."""
MOST_REMEMBERED: Final = 10_000


class Callers:
    """Remembers whom a session belongs to."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, int | None]] = OrderedDict()

    async def __call__(self, scope: Mapping[str, Any]) -> Caller:
        """The caller of a request. Waits only for a session that has not been seen lately."""
        address = scope["client"][0] if scope.get("client") else "local"
        cookie = next((value for name, value in scope["headers"] if name == b"cookie"), None)
        key = session_key(cookie) if cookie else None
        if key is None:
            return Caller(name=address)
        user_id = await self._user_id(key)
        return Caller(name=address) if user_id is None else Caller(name=f"user {user_id}", user_id=user_id)

    async def _user_id(self, key: str) -> int | None:
        now = time.monotonic()
        known = self._known.get(key)
        if known is not None and now - known[0] < REMEMBERED_S:
            return known[1]
        try:
            user_id = await _ask_django(key)
        except DatabaseError as error:
            log.warning("a session cannot be looked up: %s", error)
            return None
        self._known[key] = (now, user_id)
        self._known.move_to_end(key)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return user_id


def session_key(cookie: bytes) -> str | None:
    """The session's key in a Cookie header, None where there is none."""
    name = settings.SESSION_COOKIE_NAME
    return parse_cookie(cookie.decode("latin-1")).get(name) or None if name.encode() in cookie else None


async def _ask_django(key: str) -> int | None:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = await aget_user(request)
    return user.pk if user.is_authenticated else None
