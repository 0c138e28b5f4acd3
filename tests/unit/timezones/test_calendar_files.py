"""Calendar files: what is wrong is named with file and line, and what was good stays in force."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from thor_web.timezones.services.calendar_file import CalendarError, parse_calendar
from thor_web.timezones.services.clock import MARKETS_FOLDER, Clock, MarketClock
from thor_web.timezones.services.phases import HoursError, hours_from_text, hours_to_text

GOOD = """\
name = "HOME"
title = "Home"
zone = "Europe/Berlin"
verified_from = 2025-01-01
verified_through = 2026-12-31

[[hours]]
days = "mon tue wed thu fri"
phases = "09:00 open 17:00 closed"

[exceptions]
table = '''
2025-12-24 | closed                  | Christmas Eve | notice 1
2025-12-30 | 09:00 open 14:00 closed | Last day      | unverified: hearsay
'''
"""


def test_a_good_file() -> None:
    calendar = parse_calendar(GOOD, file="HOME.toml")
    assert (calendar.name, calendar.zone.key, calendar.aliases) == ("HOME", "Europe/Berlin", ())
    assert calendar.ordinary_hours(date(2025, 6, 7)) is None
    assert [(found.name, found.verified) for found in calendar.exceptions.values()] == [
        ("Christmas Eve", True),
        ("Last day", False),
    ]


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("zone =", "zone ~", "HOME.toml:3: Expected '='"),
        ("Europe/Berlin", "Europe/Atlantis", "HOME.toml:3: there is no time zone 'Europe/Atlantis'"),
        ("2026-12-31", "2024-12-31", "HOME.toml:5: verified_through lies before verified_from"),
        ("2026-12-31", '"soon"', "HOME.toml:5: verified_through must be a date, was 'soon'"),
        ("mon tue", "monday tue", "HOME.toml:9: days are some of mon tue wed thu fri sat sun"),
        ("open 17:00", "open 08:00", "HOME.toml:9: the step to 'closed' is not later than the one to 'open' before it"),
        ('09:00 open 17:00 closed"', '09:00 open"', "HOME.toml:9: hours end with a step to `closed`"),
        ("2025-12-30", "2025-12-23", "HOME.toml:14: 2025-12-23 does not come after 2025-12-24"),
        ("2025-12-30", "2025-13-30", "HOME.toml:14: a date is YYYY-MM-DD, was '2025-13-30'"),
        ("14:00 closed |", "14:00 shut   |", "HOME.toml:14: a phase is one of closed, pre, open"),
        ("| notice 1", "", "HOME.toml:13: an exception is `date | hours | name | source`"),
        (
            "09:00 open 14:00",
            "-09:00 open 14:00",
            "HOME.toml:14: the hours of 2025-12-30 overlap with those of 2025-12-29",
        ),
        ("09:00 open 17:00", "-09:00 open 17:00", "HOME.toml:9: a day's hours begin before those of the day before"),
        ('title = "Home"', 'title = "Home"\ncolour = 1', "HOME.toml:3: there is no setting 'colour'"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(was: str, becomes: str, says: str) -> None:
    assert was in GOOD
    with pytest.raises(CalendarError) as refused:
        parse_calendar(GOOD.replace(was, becomes, 1), file="HOME.toml")
    assert str(refused.value).startswith(says)


def test_a_step_in_the_hour_that_a_clock_leaves_out_lasts_no_time() -> None:
    text = GOOD.replace("mon tue", "sun mon tue").replace(
        "09:00 open 17:00", "01:00 pre 02:15 open 02:45 lunch 03:00 open 17:00"
    )
    market = MarketClock.of(parse_calendar(text, file="HOME.toml"))
    midnight = int(datetime(2025, 3, 30, tzinfo=UTC).timestamp())
    changes = market.changes(midnight, midnight + 80_000)
    assert changes == [(midnight, "pre"), (midnight + 4_500, "open"), (midnight + 15 * 3_600, "closed")]


@pytest.mark.parametrize(
    "text",
    [
        *["", "open", "09:00 open", "09:00 open 09:00 closed", "25:00 open 26:00 closed", "09:00 open; 10:00 closed"],
        *["09:00 pre 10:00 closed", "09:00 open 10:00 open 11:00 closed", "09:00 open 10:00 closed 11:00 open"],
    ],
)
def test_hours_that_contradict_themselves(text: str) -> None:
    with pytest.raises(HoursError):
        hours_from_text(text)


@pytest.mark.parametrize(
    "text", ["closed", "-17:00 open 16:00 closed", "00:00 open 24:00 closed", "09:00:30 open 10:00 closed"]
)
def test_hours_read_back(text: str) -> None:
    assert hours_to_text(hours_from_text(text)) == text


def test_a_file_of_the_operator_replaces_the_shipped_one_and_a_bad_one_leaves_the_last_good(tmp_path: Path) -> None:
    own = tmp_path / "HOME.toml"
    own.write_text(GOOD)
    clock = Clock.load(MARKETS_FOLDER, tmp_path)
    at = int(datetime(2025, 6, 11, 14, 30, tzinfo=UTC).timestamp())
    assert clock.market("HOME").scheduled(at).phase == "open"
    own.write_text(GOOD.replace("17:00 closed", "16:00 closed"))
    clock.reload(tmp_path)
    assert clock.market("HOME").scheduled(at).phase == "closed"
    own.write_text(GOOD.replace("09:00 open", "nine open"))
    clock.reload(tmp_path)
    assert clock.market("HOME").scheduled(at).phase == "closed"
    assert [fault.partition(": hours")[0] for fault in clock.faults] == ["HOME.toml:9"]
    own.write_text(GOOD)
    clock.reload(tmp_path)
    assert (clock.market("HOME").scheduled(at).phase, clock.faults) == ("open", ())


def test_a_bad_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "HOME.toml").write_text("name = ")
    with pytest.raises(CalendarError, match=r"HOME\.toml:1: "):
        Clock.load(tmp_path)
