"""Every market over two years: what holds between two changes holds for every minute, so each change is looked at."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from thor_fast import MarketTimeline
from thor_web.timezones.interface import market_names, world_clock
from thor_web.timezones.services.phases import OPEN_PHASES

FIRST, LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
START, END = int(FIRST.timestamp()), int(LAST.timestamp())
MARKETS = [name for name in market_names() if name != "ALWAYS"]


@pytest.mark.parametrize("market", MARKETS)
def test_answers_change_with_the_transitions_and_at_no_other_minute(market: str) -> None:
    timeline = world_clock().market(market).timeline
    changes = timeline.changes(START - 30 * 86_400, END + 30 * 86_400)
    flips = [
        (start, phase in OPEN_PHASES)
        for (_, before), (start, phase) in pairwise(changes)
        if (phase in OPEN_PHASES) != (before in OPEN_PHASES)
    ]
    assert all(one[1] != other[1] for one, other in pairwise(flips))
    slots = range(timeline.first, END, MarketTimeline.SLOT_S)
    number = flip = 0
    for (start, phase), (end, next_phase) in pairwise(changes):
        if start >= END:
            break
        while flips[flip][0] <= start:
            flip += 1
        while number < len(slots) and slots[number] < start:
            number += 1
        inside = {start, (start + end) // 2, end - 1}
        while number < len(slots) and slots[number] < end:
            inside |= {instant for instant in (slots[number] - 1, slots[number]) if instant >= start}
            number += 1
        for instant in sorted(inside):
            reading = timeline.reading(instant)
            assert (reading.phase, reading.is_open) == (phase, phase in OPEN_PHASES)
            assert (reading.next_phase_at, reading.next_phase) == (end, next_phase)
            assert reading.next_transition == flips[flip][0]
            assert reading.since <= instant < reading.valid_until <= end


@pytest.mark.parametrize("market", MARKETS)
def test_local_times_are_those_of_the_calendar_across_every_change_of_the_clock(market: str) -> None:
    """A slow reference: each day's own steps as wall-clock times of the zone, in order, are the changes."""
    found = world_clock().market(market)
    calendar, zone = found.calendar, found.calendar.hours_zone
    expected: list[tuple[datetime, str]] = []
    for ordinal in range(date(2024, 12, 20).toordinal(), date(2027, 1, 12).toordinal()):
        day = date.fromordinal(ordinal)
        exception = calendar.exceptions.get(day)
        steps = exception.steps if exception else calendar.ordinary_hours(day)
        for step in steps or ():
            local = datetime.combine(day, datetime.min.time()) + timedelta(seconds=step.at_s)
            expected.append((local.replace(tzinfo=zone).astimezone(UTC), step.phase))
    changes = found.timeline.changes(START, END)
    wall = {instant: phase for instant, phase in expected if phase != "closed"}
    ends = {instant for instant, phase in expected if phase == "closed"}
    for start, phase in changes:
        instant = datetime.fromtimestamp(start, UTC)
        if phase in {"closed", "halt"} and instant not in wall:
            assert instant in ends
        else:
            assert wall[instant] == phase
    within = [instant for instant in wall if FIRST <= instant < LAST]
    assert len(within) == sum(datetime.fromtimestamp(start, UTC) in wall for start, _ in changes)


@pytest.mark.parametrize(
    ("market", "instant", "closed_for_h"),
    [
        ("ES", "2025-03-07T22:00:00Z", 48),
        ("ES", "2025-10-31T21:00:00Z", 50),
        ("ES", "2025-06-13T21:00:00Z", 49),
    ],
)
def test_weekends_around_a_change_of_the_clock(market: str, instant: str, closed_for_h: int) -> None:
    at = int(datetime.fromisoformat(instant).timestamp())
    reading = world_clock().market("GLOBEX").scheduled(at)
    assert reading.next_transition == at + closed_for_h * 3600
