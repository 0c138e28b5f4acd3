"""One market's calendar compiled into a sorted array of phase changes, and the answer for an instant from it.

Times are whole seconds of UTC. Spans are half open: a change belongs to what it begins. The arrays take 13 bytes a
change; a query looks one slot up and takes a step or two, or nothing while the answer before still holds.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from thor_web.timezones.services.calendar_file import Calendar, DayException
from thor_web.timezones.services.offsets import EPOCH_ORDINAL, Offsets
from thor_web.timezones.services.phases import CLOSED, HALT, OPEN_PHASES, PHASES, Step

__all__ = ["FOREVER", "Reading", "SessionTimes", "Timeline"]

DAY_S: Final = 86_400
FOREVER: Final = 2**62
GAP: Final = 0x80
"""Marks the span between two sessions among the phase codes."""
UNSURE: Final = 0x40
"""Marks what rests on hours that their source does not vouch for."""
RARE: Final = 0x20
"""Marks what the short way of a query cannot answer."""
BARE: Final = 0x1F
WITH_UNSURE: Final = bytes(code | UNSURE for code in range(256))
WITH_RARE: Final = bytes(code | RARE for code in range(256))
CODES: Final = {phase: code for code, phase in enumerate(PHASES)}
NAMES: Final = tuple(PHASES[code & BARE] if code & BARE < len(PHASES) else "" for code in range(256))
IS_OPEN: Final = tuple(name in OPEN_PHASES for name in NAMES)
SEVERAL: Final = 0xFFFF
"""In place of an exception's number: several days with exceptions lie in this span."""
SINCE: Final = 2
VALID_UNTIL: Final = 3
"""Places in a Reading."""
SLOT_BITS: Final = 16
"""The number of the change in force is kept for every 65,536 seconds: from there it is a step or two."""


class Reading(NamedTuple):
    """What a market does over a span of instants, [`since`, `valid_until`). Times are UTC seconds.

    `next_transition` is the next change of `is_open`, `next_phase_at` that of the phase; None where none is known.
    `trade_day` is the ordinal of the session that is on, or else comes next. `exception` is that of the day.
    `verified` is False where the answer rests on the ordinary week alone.
    """

    phase: str
    is_open: bool
    since: int
    valid_until: int
    next_transition: int | None
    next_phase_at: int | None
    next_phase: str | None
    trade_day: int
    exception: DayException | None
    verified: bool


class SessionTimes(NamedTuple):
    """One session in UTC seconds: from its first phase to its end, and the open part of it."""

    begins: int
    ends: int
    opens: int
    closes: int


class Timeline:
    """The compiled hours of one market from `first_day` to `last_day` (both included)."""

    __slots__ = (
        "_at",
        "_day",
        "_day_base",
        "_exceptions",
        "_last",
        "_note",
        "_notes_in_gap",
        "_origin",
        "_phase",
        "_slot",
        "_to_flip",
        "_verified_from",
        "_verified_until",
        "first",
        "last",
        "never_closes",
    )

    def __init__(
        self, calendar: Calendar, *, first_day: date, last_day: date, overrides: Mapping[date, DayException]
    ) -> None:
        built = _Builder(calendar, first_day, last_day, {**calendar.exceptions, **overrides})
        self._at = built.at
        self._day = built.day
        self._day_base = built.day_base
        self._note = built.note
        self._notes_in_gap = built.notes_in_gap
        self._exceptions = built.exceptions
        self.never_closes = built.never_closes
        offsets = built.offsets
        self._verified_from = offsets.instant(calendar.verified_from.toordinal(), -DAY_S)
        self._verified_until = offsets.instant(calendar.verified_through.toordinal(), DAY_S)
        self.first = offsets.instant(first_day.toordinal(), 0)
        self.last = offsets.instant(last_day.toordinal(), 0)
        self._origin = self.first
        self._slot = _slots(self._at, self.first, self.last)
        self._to_flip = _steps_to_flip(built.phase)
        self._phase = self._marked(built.phase)
        self._last: Reading | None = None

    def __len__(self) -> int:
        """How many changes of phase are held."""
        return len(self._at)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        arrays = (self._at, self._day, self._note, self._slot)
        return sum(column.itemsize * len(column) for column in arrays) + len(self._phase) + len(self._to_flip)

    def reading(self, at: int) -> Reading:
        """The answer for an instant within `first` and `last`."""
        last = self._last
        if last is not None and last[SINCE] <= at < last[VALID_UNTIL]:
            return last
        codes, starts = self._phase, self._at
        following = self._slot[(at - self._origin) >> SLOT_BITS]
        while starts[following] <= at:
            following += 1
        i = following - 1
        code, note = codes[i], self._note[i]
        if note or code & RARE:
            found = self._last = self._rare(i, at)
            return found
        next_phase_at = starts[following]
        flip = following + self._to_flip[i]
        # As `Reading(…)`, without the call in between, which costs as much as the rest.
        found = self._last = _new(
            Reading,
            (
                NAMES[code],
                IS_OPEN[code],
                starts[i],
                next_phase_at,
                next_phase_at if flip == following else starts[flip],
                next_phase_at,
                NAMES[codes[following]],
                self._day_base + self._day[i],
                None,
                code & UNSURE == 0,
            ),
        )
        return found

    def changes(self, start: int, end: int) -> list[tuple[int, str]]:
        """The phase changes in [start, end): each with the phase that begins."""
        low, high = bisect_left(self._at, start), bisect_left(self._at, end)
        found = [(self._at[i], NAMES[self._phase[i]]) for i in range(low, high)]
        before = NAMES[self._phase[low - 1]] if low else ""
        return [
            change
            for change, (_, previous) in zip(found, [(0, before), *found], strict=False)
            if change[1] != previous  # where one session follows another at once, only the trade date changes
        ]

    def session(self, day: date) -> SessionTimes | None:
        """The times of a trade date's session, None where it has none."""
        wanted = day.toordinal() - self._day_base
        i = bisect_left(self._day, wanted)
        while i < len(self._day) and self._day[i] == wanted and self._phase[i] & GAP:
            i += 1
        if i >= len(self._day) or self._day[i] != wanted:
            return None
        begins, opens, closes = self._at[i], None, None
        while i < len(self._day) and self._day[i] == wanted:
            if IS_OPEN[self._phase[i]]:
                opens = self._at[i] if opens is None else opens
                closes = self._at[i + 1]
            i += 1
        if opens is None or closes is None:
            return None
        return SessionTimes(begins, self._at[i], opens, closes)

    def ends_before(self, day: date) -> int:
        """When the last session before a date ends."""
        # The span before a session bears the session's own day, and begins where the one before it ended.
        return self._at[bisect_left(self._day, day.toordinal() - self._day_base)]

    def _marked(self, codes: bytearray) -> bytes:
        """The codes with the marks that depend on what is verified, and on the end."""
        if self.never_closes:
            return bytes(codes).translate(WITH_RARE)
        starts = self._at
        since = max(0, bisect_right(starts, self._verified_from) - 1)
        codes[:since] = codes[:since].translate(WITH_UNSURE)
        if starts[since] < self._verified_from:
            codes[since] |= RARE
        beyond = min(bisect_left(starts, self._verified_until), len(codes) - 1)
        while beyond and starts[beyond + self._to_flip[beyond - 1]] >= self._verified_until:
            beyond -= 1
        codes[beyond:] = codes[beyond:].translate(WITH_UNSURE)
        ended = len(codes) - 1
        while ended and starts[ended + self._to_flip[ended - 1]] == FOREVER:
            ended -= 1
        codes[ended:] = codes[ended:].translate(WITH_RARE)
        return bytes(codes)

    def _rare(self, i: int, at: int) -> Reading:
        """The answer from an entry that is not like most: a holiday, the edge of what is verified, the end of all."""
        codes, starts, following = self._phase, self._at, i + 1
        code, day, note = codes[i], self._day_base + self._day[i], self._note[i]
        phase, is_open = NAMES[code], IS_OPEN[code]
        since, valid_until = starts[i], starts[following]
        if self.never_closes:
            return Reading(phase, True, since, valid_until, None, None, None, day, None, True)
        while NAMES[codes[following]] == phase:
            following += 1
        next_phase_at, flip = starts[following], following
        while IS_OPEN[codes[flip]] == is_open:
            flip += 1
        transition = next_phase_at if flip == following else starts[flip]
        if transition == FOREVER:
            return self._for_ever_closed(phase, since, next_phase_at, codes[following], day)
        verified = code & UNSURE == 0 and self._verified_from <= at and transition < self._verified_until
        exception: DayException | None = None
        if note:
            if note == SEVERAL:
                exception, since, valid_until = self._note_in_gap(i, at, since, valid_until)
            else:
                exception = self._exceptions[note - 1]
            verified = verified and (exception is None or exception.verified)
        if since < self._verified_from < valid_until:
            since, valid_until = (
                (since, self._verified_from) if at < self._verified_from else (self._verified_from, valid_until)
            )
        return Reading(
            phase,
            is_open,
            since,
            valid_until,
            transition,
            next_phase_at,
            NAMES[codes[following]],
            day,
            exception,
            verified,
        )

    def _for_ever_closed(self, phase: str, since: int, next_phase_at: int, next_code: int, day: int) -> Reading:
        """The market has no session any more; at most a last phase ends."""
        ends = next_phase_at != FOREVER
        return Reading(
            phase,
            False,
            since,
            next_phase_at,
            None,
            next_phase_at if ends else None,
            NAMES[next_code] if ends else None,
            day,
            None,
            False,
        )

    def _note_in_gap(self, i: int, at: int, since: int, until: int) -> tuple[DayException | None, int, int]:
        """The exception that reigns at an instant between two sessions, and the span in which this is so."""
        for start, end, exception in self._notes_in_gap[i]:
            if at < start:
                return None, since, min(until, start)
            if at < end:
                return exception, max(since, start), min(until, end)
            since = max(since, end)
        return None, since, until


_new: Final = tuple.__new__


def _steps_to_flip(codes: bytearray) -> bytes:
    """For each entry, how many entries behind the next one the market opens or closes; never more than a day has."""
    steps = bytearray(len(codes))
    behind, is_open = 0, not IS_OPEN[codes[-1]]
    for i in range(len(codes) - 1, -1, -1):
        behind = behind + 1 if IS_OPEN[codes[i]] == is_open else 0
        is_open = IS_OPEN[codes[i]]
        steps[i] = min(behind, 255)
    return bytes(steps)


def _slots(starts: "array[int]", first: int, last: int) -> "array[int]":
    """For each slot from `first` on, the number of the first change after its beginning."""
    numbers = array("H")
    number = 0
    for begins in range(first, last + (1 << SLOT_BITS), 1 << SLOT_BITS):
        while starts[number] <= begins:
            number += 1
        numbers.append(number)
    return numbers


class _Builder:
    """Fills the arrays day by day."""

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
        self.notes_in_gap: dict[int, tuple[tuple[int, int, DayException], ...]] = {}
        self._closed_days: list[tuple[int, int, DayException]] = []
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
        # 24/7: sessions follow each other without a gap, and only the trade date changes.
        self.never_closes = bool(self.phase) and all(IS_OPEN[code] for code in self.phase)
        # Behind the last session it is closed, for ever: the entry after that is never reached.
        last = self._last - self.day_base
        self._change(self._end, CODES[CLOSED] | GAP, last, 0)
        self._change(FOREVER, CODES["open"], last, 0)

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
        note = unsure = 0
        if exception is not None:
            self.exceptions.append(exception)
            note = len(self.exceptions)
            unsure = 0 if exception.verified else UNSURE
        offset = self.offsets.steady_offset(ordinal)
        if offset is None:
            times = [self.offsets.instant(ordinal, step.at_s) for step in steps]
        else:
            midnight = (ordinal - EPOCH_ORDINAL) * DAY_S - offset
            times = [midnight + step.at_s for step in steps]
        if times[0] > self._end:
            self._gap(times[0], ordinal, exception, unsure)
        for at, step in zip(times, steps[:-1], strict=False):
            self._change(at, CODES[step.phase] | unsure, day, note)
        self._end = times[-1]

    def _closed(self, ordinal: int, ordinary: tuple[Step, ...] | None, exception: DayException) -> None:
        """A day without its session: its name stands from when that session would have begun, to midnight."""
        begins = min(0, ordinary[0].at_s) if ordinary else 0
        self._closed_days.append(
            (self.offsets.instant(ordinal, begins), self.offsets.instant(ordinal, DAY_S), exception)
        )

    def _gap(self, until: int, ordinal: int, exception: DayException | None, unsure: int) -> None:
        start = self._end
        code = CODES[HALT if until - start <= self._calendar.daily_halt_s else CLOSED] | GAP | unsure
        notes = self._closed_days
        self._closed_days = []
        before = self.exceptions[self.note[-1] - 1] if self.note and self.note[-1] else None
        if before is not None and before is not exception:
            # The rest of a shortened day still bears its name, up to midnight.
            midnight = self.offsets.instant(before.day.toordinal(), DAY_S)
            notes = [(start, min(midnight, until), before), *notes]
        if exception is not None:
            midnight = self.offsets.instant(ordinal, 0)
            if midnight < until:
                notes = [*notes, (max(midnight, start), until, exception)]
        if notes:
            self.notes_in_gap[len(self.at)] = tuple(
                (max(first, start), min(last, until), found) for first, last, found in notes if first < until
            )
        self._change(start, code, ordinal - self.day_base, SEVERAL if notes else 0)

    def _change(self, at: int, code: int, day: int, note: int) -> None:
        self.at.append(at)
        self.phase.append(code)
        self.day.append(day)
        self.note.append(note)
