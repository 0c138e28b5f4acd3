"""The stream of changes that clients are told of: each market's new state when its phase or its reason changes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Final

from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.state import SessionState, state_of

__all__ = ["session_changes"]

LONGEST_SLEEP_S: Final = 0.25
"""Overrides, halts, a stepped clock and a machine that slept are noticed this soon."""


async def session_changes(clock: Clock, now: Callable[[], datetime]) -> AsyncIterator[SessionState]:
    """Every state that differs from the one before, until cancelled; none for how things are at the start."""
    known = {name: _mark(state_of(clock, name, now())) for name in clock.names}
    while True:
        at = now()
        for name in clock.names:
            state = state_of(clock, name, at)
            mark = _mark(state)
            if mark != known.setdefault(name, mark):
                known[name] = mark
                yield state
        await asyncio.sleep(LONGEST_SLEEP_S)


def _mark(state: SessionState) -> tuple[object, ...]:
    return state.phase, state.is_open, state.halted, state.reason, state.next_transition_at if state.is_open else None
