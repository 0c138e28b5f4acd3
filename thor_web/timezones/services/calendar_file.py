"""Reads one market's calendar file. What is wrong with it is said with the file and the line.

A file is TOML. Its exceptions are one table of text in it, a line a date:

    2025-11-28 | 04:00 pre 09:30 regular 13:00 post 17:00 closed | Day after Thanksgiving | source

A source that begins with `unverified` says that the hours of that date are not certain.
"""

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from thor_web.timezones.services.phases import HoursError, Step, hours_from_text

__all__ = ["WEEKDAYS", "Calendar", "CalendarError", "DayException", "Hours", "parse_calendar", "read_calendar"]

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNVERIFIED: Final = "unverified"
COLUMNS: Final = 4
DAY_S: Final = 86_400
A_DAY: Final = timedelta(days=1)
TEXTS: Final = ("name", "title", "zone")
DATES: Final = ("verified_from", "verified_through")
KNOWN: Final = {*TEXTS, *DATES, "aliases", "hours_zone", "daily_halt_minutes", "hours", "exceptions"}


class CalendarError(Exception):
    """A calendar file that cannot be used. `line` is 0 where the fault has no line of its own."""

    code: Final = "bad_calendar"

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line
        self.message = message


@dataclass(frozen=True, slots=True)
class Hours:
    """The ordinary hours of some weekdays (Monday is 0), valid on dates from and to, both included."""

    valid_from: date
    valid_to: date
    days: frozenset[int]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class DayException:
    """One date on which the ordinary hours do not hold. `steps` None: closed all day."""

    day: date
    steps: tuple[Step, ...] | None
    name: str
    source: str
    is_override: bool = False

    @property
    def verified(self) -> bool:
        """False where the source itself says that these hours are not certain."""
        return not self.source.startswith(UNVERIFIED)


@dataclass(frozen=True, slots=True)
class Calendar:
    """What one file says of a market. Outside `verified_from` to `verified_through` it is a template.

    `zone` is where the market is; its hours are local times of `hours_zone`, which for a market that follows another
    one's clock is that one's.
    """

    name: str
    title: str
    zone: ZoneInfo
    hours_zone: ZoneInfo
    aliases: tuple[str, ...]
    verified_from: date
    verified_through: date
    daily_halt_s: int
    hours: tuple[Hours, ...]
    exceptions: Mapping[date, DayException] = field(repr=False)

    def hours_on(self, day: date, overrides: Mapping[date, DayException]) -> tuple[Step, ...] | None:
        """The hours of a date with its override or exception; None where it is closed all day."""
        exception = overrides.get(day) or self.exceptions.get(day)
        return self.ordinary_hours(day) if exception is None else exception.steps

    def overlap(self, day: date, overrides: Mapping[date, DayException]) -> date | None:
        """The date before or behind whose hours overlap with those of this one; None where neither's do."""
        pairs = ((before, before + A_DAY) for before in (day - A_DAY, day))
        for before, behind in pairs:
            one, other = self.hours_on(before, overrides), self.hours_on(behind, overrides)
            if one and other and other[0].at_s < one[-1].at_s - DAY_S:
                return before if behind == day else behind
        return None

    def ordinary_hours(self, day: date) -> tuple[Step, ...] | None:
        """The hours of a date without its exception; None where its weekday is no trading day."""
        for hours in self.hours:
            if hours.valid_from <= day <= hours.valid_to and day.weekday() in hours.days:
                return hours.steps
        return None


def read_calendar(path: Path) -> Calendar:
    """Read a file. Raises CalendarError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CalendarError(path.name, 0, f"cannot be read: {error}") from error
    return parse_calendar(text, file=path.name)


def parse_calendar(text: str, *, file: str) -> Calendar:
    """A calendar from the text of its file. Raises CalendarError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        line = words.rpartition("(at line ")[2].partition(",")[0]
        number = int(line) if line.isdigit() else len(text.splitlines())
        raise CalendarError(file, number, words.partition(" (at ")[0]) from error
    return _Reader(file, text, document).calendar()


class _Reader:
    """Checks a parsed document piece by piece and knows on which line each piece stands."""

    def __init__(self, file: str, text: str, document: dict[str, Any]) -> None:
        self._file = file
        self._lines = text.splitlines()
        self._document = document

    def calendar(self) -> Calendar:
        document = self._document
        for key in sorted(set(document) - KNOWN):
            raise self._fault(key, f"there is no setting {key!r}")
        texts = {key: self._typed(key, str) for key in TEXTS}
        dates = {key: self._typed(key, date) for key in DATES}
        if dates["verified_from"] > dates["verified_through"]:
            raise self._fault("verified_through", "verified_through lies before verified_from")
        zone = self._zone("zone", texts["zone"])
        calendar = Calendar(
            name=texts["name"],
            title=texts["title"],
            zone=zone,
            hours_zone=self._zone("hours_zone", document.get("hours_zone", texts["zone"])),
            aliases=tuple(document.get("aliases", ())),
            **dates,
            daily_halt_s=60 * self._typed("daily_halt_minutes", int, default=0),
            hours=self._hours(),
            exceptions=self._exceptions(),
        )
        for day in calendar.exceptions:
            other = calendar.overlap(day, {})
            if other is not None:
                line = self._line_of(day.isoformat())
                raise CalendarError(self._file, line, f"the hours of {day} overlap with those of {other}")
        return calendar

    def _zone(self, key: str, name: str) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise self._fault(key, f"there is no time zone {name!r}") from error

    def _hours(self) -> tuple[Hours, ...]:
        found: list[Hours] = []
        for table in self._document.get("hours", ()):
            where = self._line_of(f'phases = "{table.get("phases", "")}"')
            days = [WEEKDAYS.index(day) if day in WEEKDAYS else -1 for day in str(table.get("days", "")).split()]
            if not days or -1 in days:
                raise CalendarError(self._file, where, f"days are some of {' '.join(WEEKDAYS)}")
            steps = self._steps(str(table.get("phases", "")), where)
            if steps is None:
                raise CalendarError(self._file, where, "a weekday without hours is left out")
            hours = Hours(table.get("valid_from", date.min), table.get("valid_to", date.max), frozenset(days), steps)
            for other in found:
                if (
                    hours.days & other.days
                    and hours.valid_from <= other.valid_to
                    and other.valid_from <= hours.valid_to
                ):
                    raise CalendarError(self._file, where, "two kinds of hours are valid on the same day")
            found.append(hours)
            if any(_overlap_in_week(one, two) for other in found for one, two in ((hours, other), (other, hours))):
                raise CalendarError(self._file, where, "a day's hours begin before those of the day before have ended")
        if not found:
            raise CalendarError(self._file, 0, "there are no [[hours]]")
        return tuple(found)

    def _exceptions(self) -> dict[date, DayException]:
        table = self._document.get("exceptions", {}).get("table", "")
        first = self._line_of("table = '''") + 1
        found: dict[date, DayException] = {}
        previous = date.min
        for number, line in enumerate(table.splitlines(), first):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            exception = self._exception(line, number)
            if exception.day <= previous:
                raise CalendarError(self._file, number, f"{exception.day} does not come after {previous}")
            previous = exception.day
            found[exception.day] = exception
        return found

    def _exception(self, line: str, number: int) -> DayException:
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) != COLUMNS or not all(cells):
            raise CalendarError(self._file, number, "an exception is `date | hours | name | source`")
        try:
            day = date.fromisoformat(cells[0])
        except ValueError:
            raise CalendarError(self._file, number, f"a date is YYYY-MM-DD, was {cells[0]!r}") from None
        # The same few names and sources stand on thousands of lines.
        return DayException(day, self._steps(cells[1], number), sys.intern(cells[2]), sys.intern(cells[3]))

    def _steps(self, text: str, line: int) -> tuple[Step, ...] | None:
        try:
            return hours_from_text(text)
        except HoursError as error:
            raise CalendarError(self._file, line, str(error)) from error

    def _typed(self, key: str, kind: type, *, default: Any = None) -> Any:
        value = self._document.get(key, default)
        if not isinstance(value, kind) or value == "":
            raise self._fault(key, f"{key} must be a {kind.__name__}, was {value!r}")
        return value

    def _fault(self, key: str, message: str) -> CalendarError:
        return CalendarError(self._file, self._line_of(f"{key} "), message)

    def _line_of(self, start: str) -> int:
        """Number of the first line that begins so, 0 where none does."""
        return next((number for number, line in enumerate(self._lines, 1) if line.startswith(start)), 0)


def _overlap_in_week(one: Hours, other: Hours) -> bool:
    """Whether a day of the one ends behind the beginning of the next day, of the other."""
    follows = any((day + 1) % 7 in other.days for day in one.days)
    at_once = one.valid_from <= other.valid_to and other.valid_from <= one.valid_to
    return follows and at_once and other.steps[0].at_s < one.steps[-1].at_s - DAY_S
