"""What the generator knows of a market before it is written: its hours and its dates. And how it is written."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from thor_web.timezones.services.phases import hours_from_text, hours_to_text

__all__ = ["FIRST", "LAST", "CalendarDraft", "DraftHours", "Noted", "render"]

FIRST: Final = date(2015, 1, 1)
LAST: Final = date(2028, 12, 31)
WEEKDAYS: Final = "mon tue wed thu fri"


@dataclass(frozen=True, slots=True)
class DraftHours:
    """Ordinary hours as text, for some weekdays and dates."""

    phases: str
    days: str = WEEKDAYS
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """An exception of one date: hours as text, a name, and where that comes from."""

    hours: str
    name: str
    source: str


@dataclass(slots=True)
class CalendarDraft:
    """One market. `about` are the comment lines at the head of its file."""

    name: str
    title: str
    zone: str
    about: tuple[str, ...]
    hours: tuple[DraftHours, ...]
    verified_from: date = date(2025, 1, 1)
    verified_through: date = date(2026, 12, 31)
    aliases: tuple[str, ...] = ()
    hours_zone: str | None = None
    daily_halt_minutes: int = 0
    exceptions: dict[date, Noted] = field(default_factory=dict)


def render(draft: CalendarDraft) -> str:
    """The text of a calendar file."""
    lines = [f"# {line}" for line in draft.about]
    lines += ["# Made by `python -m thor_web.timezones.generator`: change the rules there, never this file.", ""]
    lines += [f'name = "{draft.name}"', f'title = "{draft.title}"', f'zone = "{draft.zone}"']
    if draft.hours_zone:
        lines.append(f'hours_zone = "{draft.hours_zone}"')
    if draft.aliases:
        lines.append("aliases = [" + ", ".join(f'"{alias}"' for alias in draft.aliases) + "]")
    if draft.daily_halt_minutes:
        lines.append(f"daily_halt_minutes = {draft.daily_halt_minutes}")
    lines += [f"verified_from = {draft.verified_from}", f"verified_through = {draft.verified_through}", ""]
    for hours in draft.hours:
        lines.append("[[hours]]")
        if hours.valid_from:
            lines.append(f"valid_from = {hours.valid_from}")
        if hours.valid_to:
            lines.append(f"valid_to = {hours.valid_to}")
        lines += [f'days = "{hours.days}"', f'phases = "{hours_to_text(hours_from_text(hours.phases))}"', ""]
    lines += ["[exceptions]", "table = '''", *_table(draft.exceptions), "'''", ""]
    return "\n".join(lines)


def _table(exceptions: dict[date, Noted]) -> list[str]:
    rows = [
        (str(day), hours_to_text(hours_from_text(noted.hours)), noted.name, noted.source)
        for day, noted in sorted(exceptions.items())
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    return [f"{row[0]} | {row[1]:<{widths[1]}} | {row[2]:<{widths[2]}} | {row[3]}" for row in rows]
