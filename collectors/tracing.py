"""The trace a line of a log belongs to: an id that goes with a piece of work through every function and thread of it.

A request brings its own in a `traceparent` header (W3C Trace Context) or gets a fresh one.
"""

import itertools
import re
import secrets
from contextvars import ContextVar
from typing import Final

__all__ = ["NO_TRACE", "begin_trace", "current_trace"]

NO_TRACE: Final = ""
PARENT: Final = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
PROCESS: Final = secrets.token_hex(8)
"""Half of a fresh trace: no two processes have the same. The other half counts, which costs a hot path nothing."""
_numbers: Final = itertools.count(1)
_trace: ContextVar[str] = ContextVar("thor_trace", default=NO_TRACE)


def begin_trace(parent: bytes = b"") -> str:
    """Give the work that begins here a trace: the one a `traceparent` header names, else a fresh one."""
    found = PARENT.fullmatch(parent) if parent else None
    trace = found[1].decode() if found else f"{PROCESS}{next(_numbers):016x}"
    _trace.set(trace)
    return trace


def current_trace() -> str:
    """The trace of the work that is being done, empty where none was begun."""
    return _trace.get()
