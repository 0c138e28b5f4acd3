"""When triggers are due, against known anchors, and what becomes of occurrences that were found late."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from thor_web.timezones.interface import market_of, world_clock
from thor_web.timezones.services.calendar_file import DayException
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.instants import seconds, utc_text
from thor_web.timezones.services.ledger import StoredTrigger
from thor_web.timezones.services.occurrences import TriggerRule, next_occurrence, occurrences
from thor_web.timezones.services.planner import planned_runs


def rule(market: str = "NYSE", **fields: Any) -> TriggerRule:
    known: dict[str, Any] = {"id": 1, "name": "a trigger", "condition": "open", "action": "alert"}
    return TriggerRule(market=market_of(market), **(known | fields))


def second(text: str) -> int:
    return seconds(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("market", "condition", "offset_s", "after", "due_at"),
    [
        ("ES", "open", -900, "2025-03-07T12:00:00Z", "2025-03-09T21:45:00Z"),
        ("NYSE", "close", -300, "2025-11-27T12:00:00Z", "2025-11-28T17:55:00Z"),
        ("CL", "close", 600, "2026-11-26T20:00:00Z", "2026-11-27T19:55:00Z"),
        ("HKEX", "close", 0, "2025-12-24T00:00:00Z", "2025-12-24T04:00:00Z"),
        ("NYSE", "open", 0, "2026-07-02T21:00:00Z", "2026-07-06T13:30:00Z"),
        ("NSE", "open", 0, "2026-01-30T12:00:00Z", "2026-02-01T03:45:00Z"),
        ("TSE", "open", 0, "2026-09-18T07:00:00Z", "2026-09-24T00:00:00Z"),
        ("ES", "open", 0, "2025-04-17T21:30:00Z", "2025-04-20T22:00:00Z"),
        ("ES", "open", 0, "2026-04-02T21:30:00Z", "2026-04-02T22:00:00Z"),
        ("NYSE", "session_start", 0, "2025-11-27T12:00:00Z", "2025-11-28T09:00:00Z"),
    ],
)
def test_the_next_occurrence(market: str, condition: str, offset_s: int, after: str, due_at: str) -> None:
    wanted = rule(market, condition=condition, offset_s=offset_s)
    found = next_occurrence(world_clock().market(wanted.market), wanted, second(after))
    assert found is not None
    assert utc_text(found.due_at) == due_at


def test_a_phase_may_come_twice_a_day() -> None:
    wanted = rule("HKEX", condition="phase", phase="open", offset_s=60)
    start, end = second("2025-06-11T00:00:00Z"), second("2025-06-12T00:00:00Z")
    found = occurrences(world_clock().market("HKEX"), wanted, start, end)
    assert [utc_text(one.due_at) for one in found] == ["2025-06-11T01:31:00Z", "2025-06-11T05:01:00Z"]
    assert {one.session_date for one in found} == {date(2025, 6, 11)}


def test_a_local_time_falls_on_trade_dates_and_once_on_each() -> None:
    wanted = rule("ES", condition="local_time", local_time=time(2, 30))
    start, end = second("2025-10-30T00:00:00Z"), second("2025-11-05T00:00:00Z")
    found = occurrences(world_clock().market("GLOBEX"), wanted, start, end)
    assert [utc_text(one.due_at) for one in found] == [
        "2025-10-30T07:30:00Z",
        "2025-10-31T07:30:00Z",
        "2025-11-03T08:30:00Z",
        "2025-11-04T08:30:00Z",
    ]


def test_a_local_time_that_does_not_exist_comes_after_the_gap() -> None:
    wanted = rule("24/7", condition="local_time", local_time=time(2, 30))
    market = world_clock().market("ALWAYS")
    (one,) = occurrences(market, wanted, second("2025-03-09T00:00:00Z"), second("2025-03-09T12:00:00Z"))
    assert utc_text(one.due_at) == "2025-03-09T02:30:00Z"


def test_the_span_is_open_at_its_start_and_closed_at_its_end() -> None:
    wanted, market = rule("NYSE"), world_clock().market("NYSE")
    opens = second("2025-06-11T13:30:00Z")
    assert occurrences(market, wanted, opens - 1, opens) != []
    assert occurrences(market, wanted, opens, opens + 1) == []


def test_valid_dates_bound_a_trigger() -> None:
    wanted = rule("NYSE", valid_from=date(2025, 6, 11), valid_to=date(2025, 6, 12))
    found = occurrences(
        world_clock().market("NYSE"), wanted, second("2025-06-09T00:00:00Z"), second("2025-06-20T00:00:00Z")
    )
    assert [one.session_date.day for one in found] == [11, 12]


def test_an_override_moves_what_is_not_due_yet() -> None:
    clock = Clock({"NYSE": world_clock().market("NYSE")})
    day = date(2026, 11, 25)
    wanted, after = rule("NYSE", condition="close"), second("2026-11-25T12:00:00Z")
    clock.put("NYSE", overrides={day: DayException(day, None, "Storm", "ann", is_override=True)})
    found = next_occurrence(clock.market("NYSE"), wanted, after)
    assert found is not None
    assert utc_text(found.due_at) == "2026-11-27T18:00:00Z"


def test_the_market_that_never_closes_never_opens() -> None:
    assert next_occurrence(world_clock().market("ALWAYS"), rule("ALWAYS"), second("2026-01-01T12:00:00Z")) is None


@pytest.mark.parametrize(
    ("misfire", "states"),
    [
        ("skip", ["missed", "missed", "due"]),
        ("run_once", ["missed", "missed", "due"]),
        ("run_all", ["due", "due", "due"]),
    ],
)
def test_late_occurrences_go_by_the_policy(misfire: str, states: list[str]) -> None:
    wanted = rule("NYSE", misfire=misfire)
    stored = StoredTrigger(wanted, datetime(2025, 6, 9, tzinfo=UTC))
    now = second("2025-06-11T13:30:30Z")
    found = occurrences(world_clock().market("NYSE"), wanted, seconds(stored.watermark), now)
    assert [run.state for run in planned_runs(stored, found, now)] == states


def test_when_all_are_late_once_means_the_newest() -> None:
    stored = StoredTrigger(rule("NYSE"), datetime(2025, 6, 9, tzinfo=UTC))
    now = second("2025-06-11T20:00:00Z")
    found = occurrences(world_clock().market("NYSE"), stored.rule, seconds(stored.watermark), now)
    runs = planned_runs(stored, found, now)
    assert [(run.state, bool(run.reason)) for run in runs] == [("missed", True), ("missed", True), ("due", False)]
