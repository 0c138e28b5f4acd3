"""The state of every market in Redis, so that a process without Django, or without Postgres, knows it.

Each copy of the clock writes the same; whoever reads needs only one of them to live, and for two weeks none at all:
the hash says in advance when quotes are wanted.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from collectors.bus import Bus, BusError
from collectors.wanted_spans import WantedSpans
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.collection import joined, wanted_spans
from thor_web.timezones.services.instants import seconds
from thor_web.timezones.services.schedule import Span
from thor_web.timezones.services.state import SessionState, state_of

__all__ = ["publish_sessions", "publish_wanted", "session_fields", "spans_of_any"]

log = logging.getLogger(__name__)

LOOK_S: Final = 0.25
INGESTOR: Final = "ingestor"
"""The component that stores ticks, by the name under which it asks."""
WANTED_SAID_S: Final = 1.0
REWRITTEN_S: Final = 5.0
"""A Redis that lost everything has the states again this soon."""

Now = Callable[[], datetime]


def session_fields(clock: Clock, market: str, at: datetime, *, lead_s: int, lag_s: int) -> dict[str, str]:
    """The hash of one market: the fields of its state as text, and `wanted`, the spans in which quotes are wanted."""
    state = state_of(clock, market, at)
    fields = {name: "" if value is None else _word(value) for name, value in state.to_json().items()}
    spans = wanted_spans(clock.market(market), seconds(at), lead_s=lead_s, lag_s=lag_s)
    fields["wanted"] = WantedSpans.to_text(spans)
    return fields


def spans_of_any(clock: Clock, markets: Sequence[str], at: datetime, *, lead_s: int, lag_s: int) -> list[Span]:
    """The spans from now on for two weeks in which quotes of any of the markets are wanted."""
    second = seconds(at)
    return joined(
        span for name in markets for span in wanted_spans(clock.market(name), second, lead_s=lead_s, lag_s=lag_s)
    )


async def publish_wanted(bus: Bus, now: Now, wanted: Callable[[datetime], Sequence[Span] | None]) -> None:
    """Say every second when the ingestor is to work, until cancelled; None stands for always. A level, not an edge."""
    while True:
        at = now()
        spans = wanted(at)
        is_on = spans is None or any(start <= seconds(at) < end for start, end in spans)
        try:
            await bus.want(INGESTOR, wanted=is_on, spans="" if spans is None else WantedSpans.to_text(spans))
        except BusError as error:
            log.warning("whether to store cannot be said: %s", error)
        await asyncio.sleep(WANTED_SAID_S)


async def publish_sessions(bus: Bus, clock: Clock, now: Now, *, lead_s: int, lag_s: int) -> None:
    """Write every state when it changes and every few seconds, until cancelled. Redis being away is waited out."""
    known: dict[str, tuple[SessionState, int]] = {}
    written_at = float("-inf")
    loop = asyncio.get_running_loop()
    while True:
        at = now()
        states = {name: state_of(clock, name, at) for name in clock.names}
        marks = {name: (_without_time(state), clock.version) for name, state in states.items()}
        due = loop.time() - written_at >= REWRITTEN_S
        changed = list(states) if due else [name for name, mark in marks.items() if known.get(name) != mark]
        if changed:
            hashes = {name: session_fields(clock, name, at, lead_s=lead_s, lag_s=lag_s) for name in changed}
            try:
                await bus.write_sessions(hashes)
                known |= {name: marks[name] for name in changed}
                written_at = loop.time() if due else written_at
            except BusError as error:
                log.warning("the states of the markets cannot be written: %s", error)
        await asyncio.sleep(LOOK_S)


def _without_time(state: SessionState) -> SessionState:
    return replace(state, now=EPOCH, local_time=EPOCH)


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
