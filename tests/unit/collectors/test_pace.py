"""When a loop of work waits so that its turns are far enough apart."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from collectors.pace import WAIT_S, Pace

APART_S = 0.0006


def waits(between: list[float]) -> list[float]:
    """What it says after each turn that comes so many seconds after the one before."""
    pace = Pace(APART_S)
    said = []
    for now_s in accumulate(between, initial=5.0):
        pace.began(now_s)
        said.append(pace.wait_s())
    return said


def test_turns_that_are_far_enough_apart_never_wait() -> None:
    assert set(waits([0.001] * 1_000)) == {0.0}
    assert set(waits([0.0007, 0.0013] * 500)) == {0.0}


def test_a_short_burst_after_a_pause_waits_for_nothing() -> None:
    assert set(waits([1.0, *[0.0001] * 10] * 10)) == {0.0}


def test_a_clock_that_is_read_in_the_past_does_no_harm() -> None:
    assert waits([-5.0, 0.0])[-1] == 0.0


@given(st.lists(st.floats(min_value=0.00005, max_value=0.0005), min_size=1, max_size=20))
def test_turns_that_would_come_too_fast_are_so_far_apart_on_the_whole(work: list[float]) -> None:
    pace = Pace(APART_S)
    turns = 2_000
    now_s = 0.0
    for turn in range(turns):
        pace.began(now_s)
        now_s += work[turn % len(work)] + pace.wait_s()
    assert APART_S * 0.9 < now_s / turns < APART_S + WAIT_S / 2
