"""The way of one event through Thor, from its source to Postgres and to the clients: `thor trace`. Only looks.

Every event has a trace id from the moment Redis takes it: its source and the id of its entry, `TOS:1764000000000-0`.
The merger names it in the entry of the unified stream that it makes of it, and that entry's id is what clients get as
the id of a message. So either id leads to the whole way; nothing is added to an event, and no process spends anything
on it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from collectors import keys
from collectors.bus import Bus, Entry, parse_id
from thor_fast import EventError, QuoteEvent, parse_event, register_source
from thor_web.runtime.errors import ThorError

__all__ = ["EventPath", "Step", "follow_event"]

LOOKED_THROUGH: Final = 20_000
"""Unified entries that are looked through for what was made of a source's entry."""
CLOCK_MARGIN_MS: Final = 5_000
ROW: Final = (
    "SELECT EXISTS (SELECT FROM ticks WHERE symbol = %s AND source = %s AND ts = %s AND seq IS NOT DISTINCT FROM %s)"
)
POSITION: Final = "SELECT id_ms, id_counter FROM ingest_positions WHERE stream = %s"


@dataclass(frozen=True, slots=True)
class Step:
    """One place on the way. `at` is when the event was there, None where it was not, or nobody noted it."""

    name: str
    at: datetime | None
    what: str


@dataclass(frozen=True, slots=True)
class EventPath:
    """Where an event has been."""

    trace: str
    symbol: str
    source: str
    seq: int | None
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """The same as a document; `after_ms` is counted from the time that the source gave the event."""
        begun = self.steps[0].at
        return {
            "trace": self.trace,
            "symbol": self.symbol,
            "source": self.source,
            "seq": self.seq,
            "steps": [
                {
                    "step": step.name,
                    "at": step.at and step.at.isoformat(),
                    "after_ms": None if step.at is None or begun is None else (step.at - begun).total_seconds() * 1_000,
                    "what": step.what,
                }
                for step in self.steps
            ],
        }


async def follow_event(bus: Bus, conninfo: str, named: str) -> EventPath:
    """The way of the event with this trace, or of that which clients got under this id.

    Raises ThorError for an id that is none, or that nothing is kept of any more.
    """
    for source in await bus.sources():
        register_source(source)
    source, colon, entry_id = named.rpartition(":")
    made = None if colon else await _entry(bus, keys.UNIFIED_STREAM, entry_id)
    known = await _entry(bus, keys.source_stream(source), entry_id) if colon else made
    if known is None:
        raise ThorError(f"Nothing is kept under {named!r}: it was trimmed, or was never there.")
    event = _event(known)
    if made is not None:
        came = await _entry(bus, keys.source_stream(event.source), made.of) if made.of else None
        # The entry it was made from may be trimmed by now; its id is known all the same.
        came = came or replace(made, stream=keys.source_stream(event.source), id=made.of or made.id)
    else:
        came = known
        made = await _made_of(bus, came)
    steps = (
        Step("source", _at_us(event.ts_us), "the time that the source gave it"),
        Step("received", None if came.at_us is None else _at_us(came.at_us), "by the collector"),
        Step("published", _at_ms(came), f"entry {came.id} of {came.stream}"),
        await _merged(bus, came, made),
        _stored(conninfo, event, came),
    )
    return EventPath(f"{event.source}:{came.id}", event.symbol, event.source, event.seq, steps)


async def _entry(bus: Bus, stream: str, entry_id: str) -> Entry | None:
    """One entry. Raises ThorError where the text is no id."""
    try:
        milliseconds, counter = parse_id(entry_id)
    except ValueError as error:
        raise ThorError(f"An event is named by SOURCE:ID or by the id that clients got: {error}.") from None
    before = f"{milliseconds}-{counter - 1}" if counter else f"{max(0, milliseconds - 1)}-{2**64 - 1}"
    found = await bus.entries_after(stream, before, count=1)
    return found[0] if found and found[0].id == entry_id else None


async def _made_of(bus: Bus, came: Entry) -> Entry | None:
    """What the merger made of an entry, if anything."""
    after = f"{max(0, came.position[0] - CLOCK_MARGIN_MS)}-0"
    for entry in await bus.entries_after(keys.UNIFIED_STREAM, after, count=LOOKED_THROUGH):
        if entry.of == came.id and entry.data == came.data:
            return entry
    return None


def _event(entry: Entry) -> QuoteEvent:
    try:
        return parse_event(entry.data or b"")
    except EventError as error:
        raise ThorError(f"The entry {entry.id} of {entry.stream} holds no event: {error}.") from None


async def _merged(bus: Bus, came: Entry, made: Entry | None) -> Step:
    if made is not None:
        return Step("merged", _at_ms(made), f"clients got it as {made.id}")
    state = await bus.stream_state(came.stream)
    groups = {group.name: group.last_delivered_id for group in state.groups} if state else {}
    read_to = parse_id(groups.get(keys.MERGE_GROUP, "0-0"))
    return Step(
        "merged", None, "the merger has kept it out" if read_to >= came.position else "not read by the merger yet"
    )


def _stored(conninfo: str, event: QuoteEvent, came: Entry) -> Step:
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            key = (event.symbol, event.source, _at_us(event.ts_us), event.seq)
            row = connection.execute(ROW, key).fetchone()
            position = connection.execute(POSITION, (came.stream,)).fetchone()
    except psycopg.Error as error:
        return Step("stored", None, f"Postgres cannot be asked: {' '.join(str(error).split())}")
    if row and row[0]:
        return Step("stored", None, "in ticks; when is not noted")
    passed = position is not None and tuple(position) >= came.position
    return Step("stored", None, "stored once, and dropped since" if passed else "not stored yet")


def _at_us(us: int) -> datetime:
    return datetime.fromtimestamp(us // 1_000_000, UTC).replace(microsecond=us % 1_000_000)


def _at_ms(entry: Entry) -> datetime:
    return _at_us(entry.position[0] * 1_000)
