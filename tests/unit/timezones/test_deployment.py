"""The state machine of a deployment window: every way through it, and everything that says no."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from thor_web.timezones.interface import world_clock
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.deployment import Decision, Surroundings, Window, decide, problem_with
from thor_web.timezones.services.halts import Halt

# Friday after the close of Globex to Sunday before its open.
OPENS = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
WELL = Surroundings(None, healthy=True)
ILL = Surroundings(None, healthy=False)
UNKNOWN = Surroundings(None, healthy=None)


def window(**fields: Any) -> Window:
    known: dict[str, Any] = {
        "feature": "new-chart",
        "opens_at": OPENS,
        "closes_at": OPENS + timedelta(hours=2),
        "markets": ("GLOBEX_EQUITY", "NYSE"),
        "required_state": "all_closed",
        "quiet_s": 1_800,
        "bake_s": 900,
        "rollback_deadline": OPENS + timedelta(hours=3),
        "state": "armed",
        "since": OPENS,
        "armed": True,
        "killed": False,
        "confirmed": False,
    }
    return Window(**(known | fields))


def step(found: Window, surroundings: Surroundings = WELL, *, minutes: float = 1) -> Decision | None:
    return decide(found, world_clock(), surroundings, OPENS + timedelta(minutes=minutes))


def test_the_whole_way() -> None:
    found, way = window(state="planned"), []
    for minutes in (-10, 1, 1, 2, 10, 17):
        decision = step(found, minutes=minutes)
        if decision is not None:
            way.append(decision.state)
            found = replace(found, state=decision.state, since=OPENS + timedelta(minutes=minutes))
    assert way == ["armed", "active", "baking", "done"]
    assert step(found, minutes=1_000) is None


def test_nobody_armed_it() -> None:
    assert step(window(state="planned", armed=False)) is None
    late = step(window(state="planned", armed=False), minutes=121)
    assert late is not None
    assert (late.state, late.reason) == ("expired", "the window ended without it: nothing is activated late")


@pytest.mark.parametrize("state", ["planned", "armed", "blocked"])
def test_a_window_that_ended_while_nobody_looked_expires(state: str) -> None:
    decision = step(window(state=state), minutes=120)
    assert decision is not None
    assert decision.state == "expired"


@pytest.mark.parametrize(
    ("fields", "surroundings", "minutes", "reason"),
    [
        ({}, ILL, 1, "the health before the change is not good"),
        ({}, UNKNOWN, 1, "the health is not known"),
        ({}, Surroundings("moving the disks", healthy=True), 1, "maintenance is on: moving the disks"),
        ({"rollback_deadline": OPENS + timedelta(minutes=5)}, WELL, 5, "the rollback deadline has passed"),
        ({"markets": ("ALWAYS",)}, WELL, 1, "ALWAYS is open"),
        ({"markets": ("NYSE",), "required_state": "all_quiet"}, WELL, 1, "NYSE is post"),
        ({"markets": ("MOON",)}, WELL, 1, "there is no market MOON"),
        (
            {"quiet_s": 48 * 3600},
            WELL,
            1,
            "GLOBEX_EQUITY opens at 2026-11-22 23:00Z, before the rollback would be over",
        ),
    ],
)
def test_what_blocks_it(fields: dict[str, Any], surroundings: Surroundings, minutes: float, reason: str) -> None:
    assert step(window(**fields), surroundings, minutes=minutes) == Decision("blocked", reason)


def test_a_block_is_lifted_when_its_reason_is_gone() -> None:
    assert step(window(state="blocked"), ILL) is None
    decision = step(window(state="blocked"))
    assert decision is not None
    assert decision.state == "active"


def test_an_unverified_calendar_means_no() -> None:
    later = datetime(2027, 6, 5, 12, tzinfo=UTC)
    found = window(opens_at=later, closes_at=later + timedelta(hours=2), rollback_deadline=later + timedelta(hours=3))
    decision = decide(found, world_clock(), WELL, later)
    assert decision == Decision("blocked", "the calendar of GLOBEX_EQUITY is not verified for now")


def test_a_halted_market_is_not_closed() -> None:
    clock = Clock({"NYSE": world_clock().market("NYSE")})
    at = datetime(2026, 11, 24, 16, tzinfo=UTC)
    clock.put("NYSE", halts=[Halt(int(at.timestamp()) - 60, None, "fire")])
    found = window(
        markets=("NYSE",), opens_at=at, closes_at=at + timedelta(hours=1), rollback_deadline=at + timedelta(hours=2)
    )
    decision = decide(found, clock, WELL, at)
    assert decision == Decision("blocked", "NYSE is halted: nobody knows when it opens")


@pytest.mark.parametrize(
    ("state", "surroundings", "minutes", "expected"),
    [
        ("active", UNKNOWN, 10, None),
        ("active", UNKNOWN, 180, ("rolled_back", "not proved healthy by the rollback deadline")),
        ("active", ILL, 2, ("rolled_back", "the health check failed")),
        ("baking", WELL, 14, None),
        ("baking", WELL, 15, ("done", "healthy for 900 s")),
        ("baking", ILL, 3, ("rolled_back", "the health check failed")),
        ("baking", UNKNOWN, 181, ("rolled_back", "not proved healthy by the rollback deadline")),
    ],
)
def test_while_it_is_live(
    state: str, surroundings: Surroundings, minutes: float, expected: tuple[str, str] | None
) -> None:
    decision = step(window(state=state), surroundings, minutes=minutes)
    assert (decision and (decision.state, decision.reason)) == expected


def test_an_operator_s_word_stands_for_a_health_nobody_knows() -> None:
    decision = step(window(state="baking", confirmed=True), UNKNOWN, minutes=16)
    assert decision is not None
    assert decision.state == "done"


@pytest.mark.parametrize(
    ("state", "becomes"),
    [
        *[("active", "rolled_back"), ("baking", "rolled_back"), ("done", "rolled_back"), ("planned", "expired")],
        *[("armed", "expired"), ("blocked", "expired"), ("rolled_back", None), ("expired", None)],
    ],
)
def test_the_kill_switch_wins(state: str, becomes: str | None) -> None:
    decision = step(window(state=state, killed=True))
    assert (decision and decision.state) == becomes


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({}, None),
        ({"closes_at": OPENS}, "The window would end before it begins."),
        ({"rollback_deadline": OPENS}, "The rollback deadline lies before the window."),
        ({"bake_s": 4 * 3600}, "The rollback deadline comes before the change can have baked."),
        (
            {"rollback_deadline": datetime(2026, 11, 22, 22, 56, tzinfo=UTC)},
            "GLOBEX_EQUITY opens at 2026-11-22 23:00Z: the rollback deadline must lie 5 minutes before.",
        ),
        ({"rollback_deadline": datetime(2026, 11, 22, 22, 55, tzinfo=UTC)}, None),
    ],
)
def test_a_plan_that_contradicts_itself(fields: dict[str, Any], fault: str | None) -> None:
    assert problem_with(window(state="planned", **fields), world_clock()) == fault
