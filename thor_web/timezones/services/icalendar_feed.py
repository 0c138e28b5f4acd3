"""A market's schedule as an iCalendar document, for calendar programs."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from thor_web.timezones.services.calendar_file import Calendar
from thor_web.timezones.services.instants import instant
from thor_web.timezones.services.phases import OPEN_PHASES
from thor_web.timezones.services.schedule import MarketDay

__all__ = ["schedule_ics"]


def schedule_ics(calendar: Calendar, days: Iterable[MarketDay], *, made_at: datetime) -> bytes:
    """An event for each open span, and one of a whole day for each closed date. The same day keeps its UID."""
    from icalendar import Calendar as Document  # noqa: PLC0415 - 100 ms that only this answer needs
    from icalendar import Event  # noqa: PLC0415

    document = Document()
    document.add("prodid", "-//Thor//market schedule//EN")
    document.add("version", "2.0")
    document.add("name", calendar.title)
    document.add("x-wr-calname", calendar.title)
    for day in days:
        if not day.spans:
            event = Event()
            event.add("uid", f"{calendar.name}-{day.day}-closed@thor")
            event.add("summary", f"{calendar.title} closed: {day.name}")
            event.add("dtstart", day.day)
            event.add("dtend", day.day + timedelta(days=1))
            event.add("dtstamp", made_at.astimezone(UTC))
            document.add_component(event)
        for number, (phase, start, end) in enumerate(day.spans):
            if phase not in OPEN_PHASES:
                continue
            event = Event()
            event.add("uid", f"{calendar.name}-{day.day}-{number}@thor")
            event.add("summary", f"{calendar.title} open" + (f" ({day.name})" if day.name else ""))
            event.add("dtstart", instant(start))
            event.add("dtend", instant(end))
            event.add("dtstamp", made_at.astimezone(UTC))
            if not day.verified:
                event.add("description", "By the ordinary week and its rules; not verified.")
            document.add_component(event)
    return bytes(document.to_ical())
