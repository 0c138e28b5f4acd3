"""Who is calling: asked of Django once by session or key, then remembered a while.

Postgres tells when what somebody may do has changed, and everybody is forgotten. Should it be away just then, a session
that has ended or a key that was revoked is taken for what it was for half a minute at most.
"""

import hashlib
import logging
import time
from collections import OrderedDict
from functools import lru_cache
from importlib import import_module
from typing import Final

from django.conf import settings
from django.contrib.auth import aget_user
from django.db import Error as DatabaseError
from django.http import HttpRequest, parse_cookie

from thor_web.accounts.interface import Caller, Role
from thor_web.thor_project.peers import Peer

__all__ = ["Callers"]

log = logging.getLogger(__name__)

REMEMBERED_S: Final = 30.0
MOST_REMEMBERED: Final = 10_000
LONGEST_KEY: Final = 200
BEARER: Final = b"bearer "


class Callers:
    """Remembers what a session or a key stands for."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[float, Caller | None]] = OrderedDict()
        self._changes = 0

    async def find(self, peer: Peer, cookie: bytes, authorization: bytes, *, open_reading: bool) -> Caller:
        """The caller of a request. Waits only for one that has not been seen lately.

        A key that is not good makes nobody of its bearer, also where reading is open.
        """
        if authorization[:7].lower() == BEARER:
            text = authorization[7:].strip().decode("latin-1")[:LONGEST_KEY]
            return await self._remembered(b"key", text, peer) or Caller(peer.name, local=False)
        session = session_key(cookie) if cookie else None
        known = None if session is None else await self._remembered(b"session", session, peer)
        if known is not None:
            return known
        return _stranger(peer, open_reading=open_reading)

    def forget(self, cookie: bytes) -> None:
        """A session that is just ending is not remembered any longer, in this process."""
        session = session_key(cookie)
        for local in (True, False):
            self._known.pop(_place(b"session", session or "", local=local), None)

    def forget_all(self) -> None:
        """What somebody may do has changed, somewhere."""
        self._changes += 1
        self._known.clear()

    async def _remembered(self, kind: bytes, secret: str, peer: Peer) -> Caller | None:
        now = time.monotonic()
        place = _place(kind, secret, local=peer.local)
        found = self._known.get(place)
        if found is not None and now - found[0] < REMEMBERED_S:
            return found[1]
        changes = self._changes
        try:
            caller = await (_by_key if kind == b"key" else _by_session)(secret, local=peer.local)
        except DatabaseError as error:
            log.warning("a %s cannot be looked up: %s", kind.decode(), error)
            return found[1] if found else None
        if changes != self._changes:
            return caller  # read before the change, perhaps: good for this once
        self._known[place] = (now, caller)
        self._known.move_to_end(place)
        while len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return caller


@lru_cache(maxsize=4_096)
def _stranger(peer: Peer, *, open_reading: bool) -> Caller:
    """Somebody nobody knows: a reader on this machine of a private server, else nobody."""
    return Caller(peer.name, Role.READER if open_reading and peer.local else Role.NOBODY, local=peer.local)


def _place(kind: bytes, secret: str, *, local: bool) -> bytes:
    """Under what a caller is remembered: a hash, as what lies in memory for long is no key, and whence it comes."""
    return b"%b %d " % (kind, local) + hashlib.sha256(secret.encode()).digest()


def session_key(cookie: bytes) -> str | None:
    """The session's key in a Cookie header, None where there is none."""
    name = settings.SESSION_COOKIE_NAME
    return parse_cookie(cookie.decode("latin-1")).get(name) or None if name.encode() in cookie else None


async def _by_key(text: str, *, local: bool) -> Caller | None:
    from thor_web.accounts.people import akey_caller  # noqa: PLC0415 - models, after Django's apps

    return await akey_caller(text, local=local)


async def _by_session(key: str, *, local: bool) -> Caller | None:
    from thor_web.accounts.people import arole_of  # noqa: PLC0415 - models, after Django's apps

    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = await aget_user(request)
    role = await arole_of(user)
    return None if role is Role.NOBODY else Caller(f"user {user.pk}", role, user.pk, local=local)
