"""Logging in: a name and a password become a session. Guessing is slowed down by name here, by address at the gate."""

import threading
import time
from typing import Any, Final

from django.contrib.auth import authenticate, login
from django.http import HttpRequest

from thor_web.accounts.services.rates import Rate
from thor_web.problems import Problem

__all__ = ["LOGINS_STATE", "Logins", "logins_of"]

LOGINS_STATE: Final = "logins"
"""Name under which the server keeps its `Logins` in the ASGI state."""
HASHES_AT_ONCE: Final = 2
"""A hash takes 100 MiB and a core: more at once would let strangers take both."""
PATIENCE_S: Final = 5


class Logins:
    """The logins of one web process."""

    def __init__(self) -> None:
        self._turns = threading.BoundedSemaphore(HASHES_AT_ONCE)
        self._tries_of_a_name = Rate(per_s=1 / 30, burst=10)

    def log_in(self, request: HttpRequest, name: str, password: str) -> None:
        """Make this request's session the user's. Raises Problem `bad_login`, `too_many_requests`."""
        known_as = name.casefold()
        if wait_s := self._tries_of_a_name.wait_s(known_as, time.monotonic()):
            raise Problem(429, "too_many_requests", "Too many tries to log in under this name.", retry_after_s=wait_s)
        if not self._turns.acquire(timeout=PATIENCE_S):
            raise Problem(429, "too_many_requests", "Too many are logging in at once.", retry_after_s=PATIENCE_S)
        try:
            user = authenticate(request, username=name, password=password)
        finally:
            self._turns.release()
        if user is None:
            raise Problem(401, "bad_login", "There is no such user with this password.")
        self._tries_of_a_name.give_back(known_as)
        login(request, user)


def logins_of(request: HttpRequest) -> Logins:
    """Those of the server that the request came to; of a server that has none, ones that remember nothing."""
    state: dict[str, Any] = getattr(request, "scope", {}).get("state", {})
    found = state.get(LOGINS_STATE)
    return found if isinstance(found, Logins) else Logins()
