"""What raises an alert, once for the same thing, and when its delivery waits."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from thor_web.timezones.interface import world_clock
from thor_web.timezones.services.alert_conditions import (
    AlertRule,
    Feed,
    MissedRun,
    Side,
    horizon_notices,
    missed_notices,
    stale_notices,
    threshold_notices,
    transition_notices,
)
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.halts import Halt
from thor_web.timezones.services.instants import seconds
from thor_web.timezones.services.quiet_hours import QuietSpan, quiet_until


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def rule(kind: str, **fields: Any) -> AlertRule:
    known: dict[str, Any] = {"id": 7, "name": "a rule", "kind": kind}
    return AlertRule(**(known | fields))


def feed(price: str | None = "10", *, when: str = "2026-11-24T15:00:00Z", symbol: str = "ES") -> Feed:
    return Feed(symbol, "GLOBEX_EQUITY", None if price is None else Decimal(price), at(when))


def test_openings_and_closings_are_told_with_their_end_and_reason() -> None:
    since, until = seconds(at("2025-11-28T14:29:59Z")), seconds(at("2025-11-28T18:00:00Z"))
    (opened,) = transition_notices(world_clock(), rule("opens"), ["NYSE"], since, until)
    assert opened.title == "New York Stock Exchange is open (Day after Thanksgiving)"
    assert opened.text == "Since 2025-11-28T14:30:00Z, until 2025-11-28T18:00:00Z."
    assert opened.key == f"7:opens:NYSE:{seconds(at('2025-11-28T14:30:00Z'))}"
    (closed,) = transition_notices(world_clock(), rule("closes"), ["NYSE", "ALWAYS"], since, until)
    assert closed.title == "New York Stock Exchange is closed (Day after Thanksgiving)"
    assert transition_notices(world_clock(), rule("closes"), ["NYSE"], since, until - 1) == []


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ("2026-11-24T15:00:30Z", False),
        ("2026-11-24T15:00:31Z", True),
        # In the daily halt and over the weekend silence is no fault.
        ("2026-11-24T22:30:00Z", False),
        ("2026-11-28T12:00:00Z", False),
        # A feed has a minute after the open.
        ("2026-11-24T23:00:30Z", False),
        ("2026-11-24T23:01:30Z", True),
    ],
)
def test_a_silent_feed_is_told_in_open_hours_only(now: str, told: bool) -> None:
    found = stale_notices(world_clock(), rule("stale_feed"), [feed()], at(now))
    assert bool(found) == told


def test_a_silence_has_one_key_and_says_which_clock_said_open() -> None:
    one, other = (
        stale_notices(world_clock(), rule("stale_feed", limit=Decimal(60)), [feed()], at(now))[0]
        for now in ("2026-11-24T15:02:00Z", "2026-11-24T15:09:00Z")
    )
    assert one.key == other.key
    assert one.title == "ES is silent while CME Globex equity index is open"
    assert one.text == (
        "The last quote came 2026-11-24 15:00:00Z, 120 s ago. The calendar says open until 2026-11-24T22:00:00Z."
    )


def test_a_halted_market_owes_no_quotes() -> None:
    clock = Clock({"GLOBEX_EQUITY": world_clock().market("GLOBEX_EQUITY")})
    clock.put("GLOBEX_EQUITY", halts=[Halt(seconds(at("2026-11-24T15:00:00Z")), None, "cooling failure")])
    assert stale_notices(clock, rule("stale_feed"), [feed()], at("2026-11-24T16:00:00Z")) == []


def test_the_horizon_is_told_sixty_days_before() -> None:
    markets = ["GLOBEX_EQUITY", "NYSE"]
    assert horizon_notices(world_clock(), rule("horizon"), markets, date(2026, 11, 1)) == []
    (notice,) = horizon_notices(world_clock(), rule("horizon"), markets, date(2026, 11, 2))
    assert notice.title == "The calendar of CME Globex equity index is verified through 2026-12-31 only"
    assert notice.key == "7:horizon:GLOBEX_EQUITY:2026-12-31"


def test_missed_and_failed_runs_are_told_with_their_reason() -> None:
    run = MissedRun(3, "nightly export", "NYSE", at("2026-11-24T21:10:00Z"), "missed", "found 900 s late")
    (notice,) = missed_notices(rule("missed_trigger"), [run])
    assert (notice.key, notice.title) == ("7:missed_trigger:3", "Trigger nightly export was missed")
    assert notice.text == "Due 2026-11-24 21:10:00Z. found 900 s late"


def test_a_threshold_is_told_when_it_is_crossed_and_not_while_it_stays() -> None:
    wanted = rule("threshold", limit=Decimal(10), side="above")
    told: list[tuple[str | None, str]] = []
    sides: dict[str, Side] = {}
    for price in ("11", "9.5", "10", "10.25", "12", None, "8", "10.000000001"):
        found, sides = threshold_notices(wanted, [feed(price)], sides)
        told += [(price, notice.title) for notice in found]
    assert told == [("10.25", "ES is above 10"), ("10.000000001", "ES is above 10")]


def test_the_side_decides_which_crossing_is_told() -> None:
    wanted = rule("threshold", limit=Decimal("4810.25"), side="below")
    found, sides = threshold_notices(wanted, [feed("4811")], {})
    assert (found, sides) == ([], {"ES": "above"})
    (notice,), _ = threshold_notices(wanted, [feed("-3")], sides)
    assert notice.title == "ES is below 4810.25"
    assert notice.text == "It stands at -3 since 2026-11-24 15:00:00Z."


NIGHT = QuietSpan("NYSE", ZoneInfo("America/New_York"), time(22), time(6), frozenset({0, 1, 2, 3, 4}))


@pytest.mark.parametrize(
    ("market", "now", "until"),
    [
        ("NYSE", "2026-11-24T02:59:59Z", None),
        ("NYSE", "2026-11-24T03:00:00Z", "2026-11-24T11:00:00Z"),
        ("NYSE", "2026-11-24T10:59:59Z", "2026-11-24T11:00:00Z"),
        ("NYSE", "2026-11-24T11:00:00Z", None),
        ("LSE", "2026-11-24T03:00:00Z", None),
        # The night that begins on Saturday is not quiet; the one of Friday ends on Saturday.
        ("NYSE", "2026-11-29T04:00:00Z", None),
        ("NYSE", "2026-11-28T10:00:00Z", "2026-11-28T11:00:00Z"),
    ],
)
def test_quiet_hours_run_over_midnight_on_the_market_s_clock(market: str, now: str, until: str | None) -> None:
    assert quiet_until([NIGHT], market, at(now)) == (None if until is None else at(until))


def test_quiet_hours_of_every_market() -> None:
    everyone = QuietSpan("", ZoneInfo("UTC"), time(0), time(0), frozenset(range(7)))
    assert quiet_until([NIGHT, everyone], "LSE", datetime(2026, 11, 24, 5, tzinfo=UTC)) == at("2026-11-25T00:00:00Z")
