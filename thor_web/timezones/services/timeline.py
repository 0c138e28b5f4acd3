"""Compiles a market's calendar, day by day, into the sorted array of phase changes that `thor_fast` answers from.

Times are whole seconds of UTC. Spans are half open: a change belongs to what it begins. Days are ordinals of dates.
"""

from array import array
from collections.abc import Mapping
from datetime import date
from itertools import accumulate, pairwise
from typing import Final

from thor_fast import MarketTimeline
from thor_web.timezones.services.calendar_file import Calendar, DayException
from thor_web.timezones.services.offsets import EPOCH_ORDINAL, Offsets
from thor_web.timezones.services.phases import CLOSED, HALT, PHASES, HoursError, Step

__all__ = ["compile_timeline"]

DAY_S: Final = 86_400
GAP: Final = MarketTimeline.GAP
UNSURE: Final = MarketTimeline.UNSURE
CODES: Final = {phase: code for code, phase in enumerate(PHASES)}


def compile_timeline(
    calendar: Calendar, *, first_day: date, last_day: date, overrides: Mapping[date, DayException]
) -> MarketTimeline:
    """The compiled hours of one market from `first_day` to before `last_day`. Raises HoursError."""
    built = _Builder(calendar, first_day, last_day, {**calendar.exceptions, **overrides})
    offsets = built.offsets
    return MarketTimeline(
        (built.at, built.phase, built.day, built.note),
        built.exceptions,
        built.gap_exceptions,
        day_base=built.day_base,
        span=(offsets.instant(first_day.toordinal(), 0), offsets.instant(last_day.toordinal(), 0)),
        verified=(
            offsets.instant(calendar.verified_from.toordinal(), -DAY_S),
            offsets.instant(calendar.verified_through.toordinal(), DAY_S),
        ),
    )


class _Builder:
    """Fills the columns day by day."""

    def __init__(
        self, calendar: Calendar, first_day: date, last_day: date, exceptions: Mapping[date, DayException]
    ) -> None:
        # A fortnight on either side, so that there is always a session before and after.
        self._first, self._last = first_day.toordinal() - 14, last_day.toordinal() + 14
        self._calendar = calendar
        self._exceptions_by_day = {day.toordinal(): exception for day, exception in exceptions.items()}
        self.offsets = Offsets.of(calendar.hours_zone, self._first, self._last)
        self.at = array("q")
        self.phase = bytearray()
        self.day = array("H")
        self.note = array("H")
        self.day_base = self._first
        self.exceptions: list[DayException] = []
        self.gap_exceptions: list[tuple[int, int, int, int]] = []
        self._closed_days: list[tuple[int, int, int]] = []
        self._end = self.offsets.instant(self._first, 0)
        self._build()

    def _build(self) -> None:
        for start, end, ordinary in self._eras():
            for ordinal in range(start, end):
                weekday = (ordinal + 6) % 7
                exception = self._exceptions_by_day.get(ordinal)
                steps = ordinary[weekday] if exception is None else exception.steps
                if steps is not None:
                    self._session(ordinal, steps, exception)
                elif exception is not None:
                    self._closed(ordinal, ordinary[weekday], exception)
        # Behind the last session it is closed, for ever: the entry after that is never reached.
        last = self._last - self.day_base
        self._change(self._end, CODES[CLOSED] | GAP, last, 0)
        self._change(MarketTimeline.FOREVER, CODES["open"], last, 0)

    def _eras(self) -> list[tuple[int, int, list[tuple[Step, ...] | None]]]:
        """Spans of ordinals in which the ordinary week stays the same, each with that week's hours."""
        cuts = {self._first, self._last + 1}
        for hours in self._calendar.hours:
            for cut in (hours.valid_from.toordinal(), hours.valid_to.toordinal() + 1):
                if self._first < cut <= self._last:
                    cuts.add(cut)
        edges = sorted(cuts)
        return [(start, end, [self._week(start, weekday) for weekday in range(7)]) for start, end in pairwise(edges)]

    def _week(self, ordinal: int, weekday: int) -> tuple[Step, ...] | None:
        day = date.fromordinal(ordinal)
        for hours in self._calendar.hours:
            if hours.valid_from <= day <= hours.valid_to and weekday in hours.days:
                return hours.steps
        return None

    def _session(self, ordinal: int, steps: tuple[Step, ...], exception: DayException | None) -> None:
        day = ordinal - self.day_base
        number = None if exception is None else self._number(exception)
        unsure = 0 if exception is None or exception.verified else UNSURE
        times, phases = self._times(ordinal, steps)
        if times[0] > self._end:
            self._gap(times[0], ordinal, number, unsure)
        elif times[0] < self._end and self.at:
            raise HoursError(
                f"the hours of {date.fromordinal(ordinal)} begin before those of the day before have ended"
            )
        self._end = times.pop()
        self.at.extend(times)
        self.phase += bytes([CODES[phase] | unsure for phase in phases])
        self.day.extend([day] * len(times))
        self.note.extend([0 if number is None else number + 1] * len(times))

    def _times(self, ordinal: int, steps: tuple[Step, ...]) -> tuple[list[int], list[str]]:
        """When each phase of a day begins and, as the last of the times, the session ends; and the phases."""
        phases = [step.phase for step in steps[:-1]]
        offset = self.offsets.steady_offset(ordinal)
        if offset is not None:
            midnight = (ordinal - EPOCH_ORDINAL) * DAY_S - offset
            return [midnight + step.at_s for step in steps], phases
        times = list(accumulate((self.offsets.instant(ordinal, step.at_s) for step in steps), max))
        # A phase within the hour that a clock put forward leaves out lasts no time.
        lasting = [number for number in range(len(phases)) if times[number] < times[number + 1]]
        return [*(times[number] for number in lasting), times[-1]], [phases[number] for number in lasting]

    def _closed(self, ordinal: int, ordinary: tuple[Step, ...] | None, exception: DayException) -> None:
        """A day without its session: its name stands from when that session would have begun, to midnight."""
        begins = self.offsets.instant(ordinal, min(0, ordinary[0].at_s) if ordinary else 0)
        self._closed_days.append((begins, self.offsets.instant(ordinal, DAY_S), self._number(exception)))

    def _gap(self, until: int, ordinal: int, number: int | None, unsure: int) -> None:
        start, change = self._end, len(self.at)
        code = CODES[HALT if until - start <= self._calendar.daily_halt_s else CLOSED] | GAP | unsure
        names = self._closed_days
        self._closed_days = []
        before = self.note[-1] if self.note else 0
        if before:
            # The rest of a shortened day still bears its name, up to midnight.
            day = self.exceptions[before - 1].day.toordinal()
            names = [(start, min(self.offsets.instant(day, DAY_S), until), before - 1), *names]
        if number is not None:
            midnight = self.offsets.instant(ordinal, 0)
            if midnight < until:
                names = [*names, (max(midnight, start), until, number)]
        self.gap_exceptions += [
            (change, max(first, start), min(last, until), found) for first, last, found in names if first < until
        ]
        self._change(start, code, ordinal - self.day_base, MarketTimeline.SEVERAL if names else 0)

    def _number(self, exception: DayException) -> int:
        self.exceptions.append(exception)
        return len(self.exceptions) - 1

    def _change(self, at: int, code: int, day: int, note: int) -> None:
        self.at.append(at)
        self.phase.append(code)
        self.day.append(day)
        self.note.append(note)
