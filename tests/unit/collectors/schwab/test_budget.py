"""120 calls a minute and no more, whatever the minute; and a pause that Schwab asked for."""

from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.schwab.rest import CallBudget
from tests.unit.collectors.conftest import HandClock


@given(st.lists(st.floats(0, 3), max_size=400))
async def test_no_minute_has_more_calls_than_allowed(pauses: list[float]) -> None:
    clock = HandClock()
    budget = CallBudget(calls=12, window_s=6, clock_s=clock, sleep=clock.sleep)
    made: list[float] = []
    for pause in pauses:
        clock.now += pause / 10
        await budget.take()
        made.append(clock.now)
    for earlier, later in zip(made, made[12:], strict=False):
        assert later - earlier >= 6 - 1e-6


async def test_a_pause_that_was_asked_for_is_kept_up_to_five_minutes() -> None:
    clock = HandClock()
    budget = CallBudget(clock_s=clock, sleep=clock.sleep)
    budget.pause(30)
    await budget.take()
    assert clock.slept == [30]
    budget.pause(86_400)
    await budget.take()
    assert clock.slept == [30, 300]
