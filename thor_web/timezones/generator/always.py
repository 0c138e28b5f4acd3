"""The market that never closes."""

from datetime import date

from thor_web.timezones.generator.draft import CalendarDraft, DraftHours

__all__ = ["always_open"]


def always_open() -> CalendarDraft:
    """Open all days of the week; the trade date is the date in UTC."""
    return CalendarDraft(
        name="ALWAYS",
        title="Open around the clock",
        zone="UTC",
        about=("A market that is open 24 hours on 7 days. Its trade date is the date in UTC.",),
        hours=(DraftHours("00:00 open 24:00 closed", days="mon tue wed thu fri sat sun"),),
        verified_from=date(1970, 1, 1),
        verified_through=date(2999, 12, 31),
        aliases=("24/7",),
    )
