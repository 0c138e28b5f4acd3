"""Who may do what: one answer for every method and path. Pure; the one home of these rules.

The gate asks for every request before anything else sees it, so that a route that says nothing of access is still
closed to whoever has no right to it.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

__all__ = ["SCOPES", "Caller", "Need", "Role", "Verdict", "judge", "need_of"]

SCOPES: Final = {
    "read": "every GET: quotes, streams, sessions, signals, history, results",
    "write": "watchlists and whatever else is written, except backtests",
    "backtest": "ask for backtests and cancel them",
    "metrics": "/metrics and /readyz",
}
"""What a key may be allowed, and what each allows."""

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Role(IntEnum):
    """What somebody is here. Each may do what the one before may."""

    NOBODY = 0
    READER = 1
    """Nobody known, on this machine: reads what everybody may read."""
    VIEWER = 2
    OPERATOR = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """Its name in lower case."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `name` tells callers apart for their limits; `scopes` are a key's, None for people."""

    name: str
    role: Role = Role.NOBODY
    user_id: int | None = None
    scopes: frozenset[str] | None = None
    local: bool = False
    """It speaks from this machine, through no proxy."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a request needs: a role, of a key one of the scopes. No scopes: no key may."""

    role: Role
    scopes: frozenset[str]
    local: bool = False
    """From this machine it needs nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a caller is refused."""

    status: int
    code: str
    detail: str


NOTHING: Final = Need(Role.NOBODY, frozenset(SCOPES))
READ: Final = Need(Role.READER, frozenset({"read"}))
WRITE: Final = Need(Role.OPERATOR, frozenset({"write"}))
BACKTEST: Final = Need(Role.OPERATOR, frozenset({"backtest"}))
WATCH: Final = Need(Role.READER, frozenset({"metrics", "read"}), local=True)
PEOPLE: Final = Need(Role.READER, frozenset())

BACKTESTS: Final = "/api/thordata/backtest/"
NAMED: Final = {"/healthz": NOTHING, "/login": NOTHING, "/logout": PEOPLE, "/admin": PEOPLE} | dict.fromkeys(
    ("/readyz", "/metrics"), WATCH
)
READ_ONLY: Final = frozenset({"/api/quotes", "/api/quotes/stream", "/api/session"})
"""Answered in front of Django, which says itself that nothing can be written there."""
KNOCKED: Final = {"/api/login": NOTHING, "/api/logout": PEOPLE}
"""What is written to before or beside any right to write."""


def need_of(method: str, path: str) -> Need:
    """What a request of this method for this path needs."""
    if path in NAMED:
        return NAMED[path]
    if path.startswith("/admin/"):
        return PEOPLE  # Django's own permissions decide behind it
    if method in READING or path in READ_ONLY:
        return READ
    return KNOCKED.get(path) or (BACKTEST if path.startswith(BACKTESTS) else WRITE)


def judge(caller: Caller, need: Need) -> Verdict | None:
    """Why the caller may not, or None when it may."""
    if need.role is Role.NOBODY or (need.local and caller.local):
        return None
    if caller.role is Role.NOBODY or (caller.role is Role.READER and need.role > Role.READER):
        return Verdict(401, "not_logged_in", "Log in first, or send a key: Authorization: Bearer thor_….")
    if caller.scopes is not None and not caller.scopes & need.scopes:
        wanted = " or ".join(sorted(need.scopes))
        detail = f"This key has not the scope {wanted}." if wanted else "This is for people who log in, not for keys."
        return Verdict(403, "not_allowed", detail)
    if caller.role < need.role:
        return Verdict(403, "not_allowed", f"A {caller.role.word} may not do this: it needs an {need.role.word}.")
    return None
