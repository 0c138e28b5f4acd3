"""Halt, then override, then dated exception, then the ordinary week."""

from datetime import date, datetime

import pytest

from thor_web.timezones.interface import world_clock
from thor_web.timezones.services.calendar_file import DayException
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.halts import Halt
from thor_web.timezones.services.instants import seconds, utc_text
from thor_web.timezones.services.phases import hours_from_text
from thor_web.timezones.services.state import state_of

DAY = date(2026, 11, 25)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def clock() -> Clock:
    return Clock({name: world_clock().market(name) for name in ("GLOBEX_EQUITY", "NASDAQ", "NYSE")})


def override(hours: str, day: date = DAY) -> dict[date, DayException]:
    return {day: DayException(day, hours_from_text(hours), "Storm", "operator ann", is_override=True)}


def test_an_override_stands_above_the_week_and_above_an_exception(clock: Clock) -> None:
    clock.put("NYSE", overrides=override("closed") | override("09:30 regular 11:00 closed", date(2026, 11, 27)))
    state = state_of(clock, "NYSE", at("2026-11-25T15:00:00Z"))
    assert (state.phase, state.holiday, state.reason) == (
        "closed",
        "Storm",
        "closed: Storm (set by an operator: operator ann)",
    )
    assert state.next_transition_at == at("2026-11-27T14:30:00Z")
    assert state_of(clock, "NYSE", at("2026-11-27T15:00:00Z")).next_transition_at == at("2026-11-27T16:00:00Z")
    assert state.version == 1


def test_taking_an_override_back_restores_the_calendar(clock: Clock) -> None:
    before = state_of(clock, "NYSE", at("2026-11-25T15:00:00Z"))
    clock.put("NYSE", overrides=override("closed"))
    clock.put("NYSE", overrides={})
    after = state_of(clock, "NYSE", at("2026-11-25T15:00:00Z"))
    assert (after.phase, after.next_transition_at) == (before.phase, before.next_transition_at)


def test_an_override_of_one_market_leaves_the_others(clock: Clock) -> None:
    clock.put("NYSE", overrides=override("closed"))
    assert state_of(clock, "NASDAQ", at("2026-11-25T15:00:00Z")).is_open


def halt(start: str, end: str | None) -> Halt:
    return Halt(seconds(at(start)), None if end is None else seconds(at(end)), "cooling failure")


@pytest.mark.parametrize(
    ("instant", "phase", "transition", "next_phase"),
    [
        ("2025-11-28T02:59:59Z", "open", "2025-11-28T03:00:00Z", "2025-11-28T03:00:00Z"),
        ("2025-11-28T03:00:00Z", "halt", "2025-11-28T13:30:00Z", "2025-11-28T13:30:00Z"),
        ("2025-11-28T13:29:59Z", "halt", "2025-11-28T13:30:00Z", "2025-11-28T13:30:00Z"),
        ("2025-11-28T13:30:00Z", "open", "2025-11-28T18:15:00Z", "2025-11-28T18:15:00Z"),
    ],
)
def test_a_halt_with_an_end(clock: Clock, instant: str, phase: str, transition: str, next_phase: str) -> None:
    clock.put("GLOBEX", halts=[halt("2025-11-28T03:00:00Z", "2025-11-28T13:30:00Z")])
    state = state_of(clock, "GLOBEX", at(instant))
    assert (state.phase, state.next_transition_at, state.next_phase_at) == (phase, at(transition), at(next_phase))
    assert state.scheduled_phase == "open"
    assert state.halted == (phase == "halt")


def test_nobody_knows_when_an_open_ended_halt_ends(clock: Clock) -> None:
    clock.put("NYSE", halts=[halt("2026-11-24T15:00:00Z", None)])
    state = state_of(clock, "NYSE", at("2026-11-24T16:00:00Z"))
    assert (state.phase, state.is_open, state.next_transition_at, state.halted) == ("halt", False, None, True)
    assert state.reason == "halted: cooling failure"
    # It stops nothing that is closed anyway.
    state = state_of(clock, "NYSE", at("2026-11-25T02:00:00Z"))
    assert (state.phase, state.next_transition_at, state.halted) == ("closed", None, False)


def test_a_halt_stands_above_an_override(clock: Clock) -> None:
    clock.put("NYSE", overrides=override("09:30 regular 20:00 closed"))
    clock.put("NYSE", halts=[halt("2026-11-25T22:00:00Z", "2026-11-25T23:00:00Z")])
    state = state_of(clock, "NYSE", at("2026-11-25T22:30:00Z"))
    assert (state.phase, utc_text(seconds(state.next_transition_at or state.now))) == ("halt", "2026-11-25T23:00:00Z")


def test_a_halt_that_outlasts_its_session_ends_with_the_next_open(clock: Clock) -> None:
    clock.put("NYSE", halts=[halt("2026-11-24T20:00:00Z", "2026-11-25T10:00:00Z")])
    state = state_of(clock, "NYSE", at("2026-11-24T20:30:00Z"))
    assert (state.phase, state.next_phase, state.next_phase_at) == ("halt", "closed", at("2026-11-25T01:00:00Z"))
    assert state.next_transition_at == at("2026-11-25T14:30:00Z")
