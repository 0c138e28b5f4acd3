"""The clock of all markets: their timelines, operators' overrides and halts, and the state at an instant.

Precedence: halt, then override, then dated exception, then the ordinary week. What changes is swapped in whole, so a
reader sees the old calendar of a market or the new one.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple, Self

from thor_fast import MarketReading, MarketTimeline
from thor_web.timezones.services.calendar_file import Calendar, CalendarError, DayException, read_calendar
from thor_web.timezones.services.halts import Halt, with_halts
from thor_web.timezones.services.offsets import EPOCH_ORDINAL
from thor_web.timezones.services.phases import HoursError
from thor_web.timezones.services.timeline import compile_timeline

__all__ = ["MARKETS_FOLDER", "Clock", "MarketClock", "SessionTimes", "UnknownMarketError"]

log = logging.getLogger(__name__)

MARKETS_FOLDER: Final = Path(__file__).resolve().parent.parent / "data" / "markets"
FIRST_DAY: Final = date(2015, 1, 1)
LAST_DAY: Final = date(2028, 12, 31)
"""What is compiled at start. An instant outside is answered from a timeline made for its year when it is asked for."""
DAY_S: Final = 86_400
FAR_YEARS: Final = (2, 9997)


class UnknownMarketError(LookupError):
    """No market has that name."""

    code: Final = "unknown_market"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(f"there is no market {name!r}; known are {', '.join(known)}")


class SessionTimes(NamedTuple):
    """One session in UTC seconds: from its first phase to its end, and the open part of it."""

    begins: int
    ends: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class MarketClock:
    """One market as it is in force now."""

    calendar: Calendar
    timeline: MarketTimeline = field(repr=False)
    overrides: Mapping[date, DayException] = field(default_factory=dict)
    halts: tuple[Halt, ...] = ()

    @classmethod
    def of(
        cls, calendar: Calendar, overrides: Mapping[date, DayException] | None = None, halts: Sequence[Halt] = ()
    ) -> Self:
        """Compile a calendar with its overrides."""
        overrides = overrides or {}
        timeline = compile_timeline(calendar, first_day=FIRST_DAY, last_day=LAST_DAY, overrides=overrides)
        return cls(calendar, timeline, overrides, tuple(halts))

    def timeline_at(self, at: int) -> MarketTimeline:
        """The timeline that holds an instant."""
        if self.timeline.first <= at < self.timeline.last:
            return self.timeline
        return _far_timeline(self.calendar.name, _Rules(self.calendar, self.overrides), 1970 + at // 31_556_952)

    def timeline_on(self, day: date) -> MarketTimeline:
        """The timeline that holds a date."""
        return self.timeline_at((day.toordinal() - EPOCH_ORDINAL) * DAY_S + DAY_S // 2)

    def session(self, day: date) -> SessionTimes | None:
        """The times of a trade date's session, None where it has none."""
        found = self.timeline_on(day).session(day.toordinal())
        return None if found is None else SessionTimes(*found)

    def scheduled(self, at: int) -> MarketReading:
        """The state by the calendar, whatever is halted."""
        timeline = self.timeline
        if timeline.first <= at < timeline.last:
            return timeline.reading(at)
        return self.timeline_at(at).reading(at)

    def reading(self, at: int) -> tuple[MarketReading, Halt | None]:
        """The state, and the halt that is on if any."""
        if not self.halts:
            return self.scheduled(at), None
        return with_halts(self.timeline_at(at), self.halts, at)

    def changes(self, start: int, end: int) -> list[tuple[int, str]]:
        """Scheduled changes of phase in [start, end), at most a few years, each with the phase that begins."""
        found: list[tuple[int, str]] = []
        at = start
        while at < end:
            timeline = self.timeline_at(at)
            part = min(end, max(timeline.last, at + 1))
            found += timeline.changes(at, part)
            at = part
        return found


@dataclass(frozen=True, slots=True)
class _Rules:
    """A calendar by identity, as a key of the cache below."""

    calendar: Calendar
    overrides: Mapping[date, DayException]

    def __hash__(self) -> int:
        return hash((id(self.calendar), id(self.overrides)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and self.calendar is other.calendar and self.overrides is other.overrides


@lru_cache(maxsize=64)
def _far_timeline(_name: str, rules: _Rules, year: int) -> MarketTimeline:
    low, high = FAR_YEARS
    year = min(max(year, low), high)
    first, last = date(year - 1, 12, 20), date(year + 1, 1, 20)
    return compile_timeline(rules.calendar, first_day=first, last_day=last, overrides=rules.overrides)


class Clock:
    """Every market, by name. `version` grows with each change."""

    def __init__(self, markets: Mapping[str, MarketClock]) -> None:
        self._markets = dict(markets)
        self._names = {name.upper(): name for name in self._markets}
        for name, market in self._markets.items():
            self._names.update((alias.upper(), name) for alias in market.calendar.aliases)
        self.version = 0
        self.faults: tuple[str, ...] = ()
        """Calendar files that could not be read when they were last looked at; what was good before is in force."""

    @classmethod
    def load(cls, *folders: Path) -> Self:
        """Read and compile every calendar file; one in a later folder replaces its namesake. Raises CalendarError."""
        calendars: dict[str, Calendar] = {}
        for path in _files(folders):
            calendar = read_calendar(path)
            if calendar.name != path.stem:
                raise CalendarError(path.name, 0, f"the file of {calendar.name} must have its name")
            calendars[calendar.name] = calendar
        if not calendars:
            raise CalendarError(str(folders[0]), 0, "there are no calendar files")
        return cls({name: _compiled(calendar) for name, calendar in sorted(calendars.items())})

    def reload(self, *folders: Path) -> None:
        """Read the files again. A bad one leaves its market as it is, and is told in `faults` and in the log."""
        faults: list[str] = []
        for path in _files(folders):
            try:
                calendar = read_calendar(path)
                known = self._markets.get(calendar.name)
                if known is not None and known.calendar == calendar:
                    continue
                overrides, halts = (known.overrides, known.halts) if known else ({}, ())
                compiled = _compiled(calendar, overrides, halts)
            except CalendarError as error:
                log.error("a calendar file is not used: %s", error)
                faults.append(str(error))
                continue
            self._markets[calendar.name] = compiled
            self._names.update((word.upper(), calendar.name) for word in (calendar.name, *calendar.aliases))
        self.faults = tuple(faults)
        self.version += 1

    @property
    def names(self) -> tuple[str, ...]:
        """Every market, in alphabetical order."""
        return tuple(self._markets)

    def name_of(self, word: str) -> str:
        """The market that a name or an alias means. Raises UnknownMarketError."""
        found = self._names.get(word.strip().upper())
        if found is None:
            raise UnknownMarketError(word, self._markets)
        return found

    def market(self, word: str) -> MarketClock:
        """The market of a name or alias as it is in force now. Raises UnknownMarketError."""
        return self._markets[self.name_of(word)]

    def readings(self, at: int) -> dict[str, MarketReading]:
        """What every market does at an instant."""
        return {name: market.reading(at)[0] for name, market in self._markets.items()}

    def put(
        self, name: str, *, overrides: Mapping[date, DayException] | None = None, halts: Sequence[Halt] | None = None
    ) -> None:
        """Bring overrides or halts of one market into force; None leaves them as they are."""
        name = self.name_of(name)
        market = self._markets[name]
        halts = market.halts if halts is None else tuple(halts)
        if overrides is None or dict(overrides) == dict(market.overrides):
            self._markets[name] = MarketClock(market.calendar, market.timeline, market.overrides, halts)
        else:
            self._markets[name] = MarketClock.of(market.calendar, dict(overrides), halts)
        self.version += 1

    def horizon_days(self, today: date) -> dict[str, int]:
        """Days from today for which each market's calendar is verified; negative where it no longer is."""
        return {
            name: (market.calendar.verified_through - today) // timedelta(days=1)
            for name, market in self._markets.items()
        }


def _compiled(
    calendar: Calendar, overrides: Mapping[date, DayException] | None = None, halts: Sequence[Halt] = ()
) -> MarketClock:
    """A market of its file. Raises CalendarError."""
    try:
        return MarketClock.of(calendar, overrides, halts)
    except HoursError as error:
        raise CalendarError(f"{calendar.name}.toml", 0, str(error)) from error


def _files(folders: Sequence[Path]) -> list[Path]:
    chosen = {path.name: path for folder in folders for path in sorted(folder.glob("*.toml"))}
    return [chosen[name] for name in sorted(chosen)]
