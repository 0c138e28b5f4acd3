"""Trading hours by weekly template: when a market is open in an ordinary week.

It knows no holidays, early closes or halts: the calendars of the world clock will. Every answer therefore
says `confidence: "template"`. Local times are turned into UTC one by one, so that both changes of the clock
in a year come out right.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["MARKETS", "SESSION_DAYS", "Session", "WeeklyMarket"]

SESSION_DAYS: Final = 5
"""Trade dates are Monday to Friday, numbered as `date.weekday()` does."""


@dataclass(frozen=True, slots=True)
class Session:
    """One trade date of a market: open in the half-open span [opens_at, closes_at), both UTC."""

    trade_date: date
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class WeeklyMarket:
    """A market whose session of a trade date begins on the evening before."""

    name: str
    title: str
    zone: ZoneInfo
    opens: time
    opens_on_sunday: time
    closes: time

    def session(self, trade_date: date) -> Session:
        """The session of one trade date. Raises ValueError for a Saturday or Sunday."""
        if trade_date.weekday() >= SESSION_DAYS:
            raise ValueError(f"{trade_date} is no trade date of {self.name}")
        evening_before = trade_date - timedelta(days=1)
        opens = self.opens_on_sunday if trade_date.weekday() == 0 else self.opens
        return Session(trade_date, self._instant(evening_before, opens), self._instant(trade_date, self.closes))

    def sessions_around(self, at: datetime) -> list[Session]:
        """The sessions within four days of an instant, in order: enough to hold any weekend."""
        local = at.astimezone(self.zone).date()
        days = [local + timedelta(days=offset) for offset in range(-4, 6)]
        return [self.session(day) for day in days if day.weekday() < SESSION_DAYS]

    def current_or_next(self, at: datetime) -> Session:
        """The session that is open at an instant, else the next one to open."""
        sessions = self.sessions_around(at)
        return sessions[bisect_right([session.closes_at for session in sessions], at)]

    def _instant(self, day: date, local: time) -> datetime:
        return datetime.combine(day, local, self.zone).astimezone(UTC)


def _market(name: str, title: str, zone: str, *, opens: int, opens_on_sunday: int, closes: int) -> WeeklyMarket:
    return WeeklyMarket(name, title, ZoneInfo(zone), time(opens), time(opens_on_sunday), time(closes))


MARKETS: Final = {
    market.name: market
    for market in (
        # Sunday to Thursday 17:00 to 16:00 the next day, an hour's halt between; the 15:15 pause ended in 2021.
        _market("GLOBEX", "CME Globex", "America/Chicago", opens=17, opens_on_sunday=17, closes=16),
        _market("CFE", "Cboe Futures", "America/Chicago", opens=17, opens_on_sunday=17, closes=16),
        # Sunday at 18:00, other evenings at 20:00, to 17:00 the next day.
        _market("ICE_US", "ICE Futures U.S.", "America/New_York", opens=20, opens_on_sunday=18, closes=17),
    )
}
