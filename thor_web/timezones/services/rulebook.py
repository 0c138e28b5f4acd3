"""What operators have written down, as one snapshot read with plain SQL. Every process holds one; none needs Django."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import psycopg

from thor_web.timezones.services.calendar_file import Calendar, DayException
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.deployment import LIVE_STATES
from thor_web.timezones.services.flag_snapshot import FlagRow, flag_snapshot
from thor_web.timezones.services.halts import Halt
from thor_web.timezones.services.maintenance import Maintenance
from thor_web.timezones.services.phases import HoursError, hours_from_text

__all__ = ["Rulebook", "apply_rulebook", "read_rulebook"]

log = logging.getLogger(__name__)

HALTS_KEPT = timedelta(days=400)
"""Halts that ended longer ago change no answer that anybody asks for."""

OVERRIDES = "SELECT market, day, hours, name, author FROM timezones_calendaroverride"
FLAGS = "SELECT name, condition, value, required FROM flags_flagstate ORDER BY name, id"
MAINTENANCE = """
SELECT title, starts_at, ends_at, markets, pauses_alerts, shows_banner FROM timezones_maintenancewindow
WHERE ends_at > now() ORDER BY starts_at LIMIT 100
"""
LIVE = """
SELECT DISTINCT ON (feature) feature, state FROM timezones_deploymentwindow
WHERE state IN ('active', 'baking', 'done', 'rolled_back') ORDER BY feature, since DESC
"""
HALTS = "SELECT market, starts_at, ends_at, reason FROM timezones_halt WHERE ends_at IS NULL OR ends_at > %s"

Overrides = dict[str, dict[date, DayException]]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Overrides by market and date, halts by market, flags and what they depend on.

    Rows that cannot be read are named in `faults` and left out.
    """

    overrides: Mapping[str, Mapping[date, DayException]] = field(default_factory=dict)
    halts: Mapping[str, tuple[Halt, ...]] = field(default_factory=dict)
    flags: tuple[FlagRow, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    live_features: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()


async def read_rulebook(connection: psycopg.AsyncConnection) -> Rulebook:
    """Everything that is in force. Raises psycopg.Error."""
    faults: list[str] = []
    overrides: Overrides = {}
    for market, day, hours, name, author in await (await connection.execute(OVERRIDES)).fetchall():
        try:
            steps = hours_from_text(hours)
        except HoursError as error:
            faults.append(f"override of {market} on {day}: {error}")
            continue
        exception = DayException(day, steps, name, author or "unnamed", is_override=True)
        overrides.setdefault(market, {})[day] = exception
    halts: dict[str, tuple[Halt, ...]] = {}
    since = datetime.now(UTC) - HALTS_KEPT
    for market, starts_at, ends_at, reason in await (await connection.execute(HALTS, (since,))).fetchall():
        halt = Halt(int(starts_at.timestamp()), None if ends_at is None else int(ends_at.timestamp()), reason)
        halts[market] = (*halts.get(market, ()), halt)
    flags = await (await connection.execute(FLAGS)).fetchall()
    windows = await (await connection.execute(MAINTENANCE)).fetchall()
    live = await (await connection.execute(LIVE)).fetchall()
    return Rulebook(
        overrides,
        halts,
        flags=tuple(FlagRow(*row) for row in flags),
        maintenance=tuple(Maintenance(row[0], row[1], row[2], tuple(row[3]), row[4], row[5]) for row in windows),
        live_features=frozenset(feature for feature, state in live if state in LIVE_STATES),
        faults=tuple(faults),
    )


def apply_rulebook(clock: Clock, rulebook: Rulebook) -> bool:
    """Bring a rulebook into force in this process. True when it changed a calendar."""
    flag_snapshot().put(rulebook.flags, rulebook.maintenance, rulebook.live_features)
    changed = False
    for name in clock.names:
        market = clock.market(name)
        overrides = _agreeing(market.calendar, rulebook.overrides.get(name, {}))
        halts = rulebook.halts.get(name, ())
        if dict(overrides) != dict(market.overrides) or halts != market.halts:
            clock.put(name, overrides=overrides, halts=halts)
            changed = True
    return changed


def _agreeing(calendar: Calendar, overrides: Mapping[date, DayException]) -> Mapping[date, DayException]:
    """The overrides but for those whose hours overlap with a neighbour's: not everybody writes through the admin."""
    kept: dict[date, DayException] = {}
    for day, override in sorted(overrides.items()):
        if calendar.overlap(day, {**kept, day: override}) is None:
            kept[day] = override
        else:
            log.error("override of %s on %s is left out: its hours overlap with a neighbour's", calendar.name, day)
    return kept
