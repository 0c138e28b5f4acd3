"""The waits between attempts: they grow, have a bound, are never nothing, and depend on what Schwab said."""

import random

from hypothesis import given
from hypothesis import strategies as st

from collectors.sources.schwab.errors import SchwabDeniedError, SchwabUnavailableError
from collectors.sources.schwab.reconnect import Pace, Reconnect

PACE = Pace()
ERRORS = (
    st.none()
    | st.builds(SchwabDeniedError, st.sampled_from([3, 11, 12, 19, 20, 21, 25, 30]), st.just(""))
    | st.builds(lambda wait: SchwabUnavailableError("", retry_after_s=wait), st.none() | st.floats(1, 300))
)


@given(st.lists(st.tuples(ERRORS, st.floats(0, 120)), max_size=40), st.integers())
def test_whatever_happens_no_attempt_follows_at_once_and_none_is_put_off_for_ever(
    happenings: list[tuple[Exception | None, float]], seed: int
) -> None:
    reconnect = Reconnect(PACE, chance=random.Random(seed))
    for error, lasted_s in happenings:
        following = reconnect.after(error, lasted_s=lasted_s)
        assert 0.5 <= following.wait_s <= 300
        if isinstance(error, SchwabDeniedError) and error.code == 12:
            assert following.wait_s >= 30
        if isinstance(error, SchwabUnavailableError) and error.retry_after_s is not None:
            assert following.wait_s >= error.retry_after_s


def test_waits_double_from_one_second_to_a_minute_and_begin_anew_after_a_good_connection() -> None:
    class High(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    reconnect = Reconnect(PACE, chance=High())
    gone = SchwabUnavailableError("gone")
    waits = [reconnect.after(gone, lasted_s=0).wait_s for _ in range(8)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert reconnect.after(gone, lasted_s=61).wait_s == 1


def test_a_denied_login_takes_a_fresh_token_and_at_the_third_time_a_person() -> None:
    reconnect = Reconnect(PACE)
    answers = [reconnect.after(SchwabDeniedError(3, ""), lasted_s=0) for _ in range(3)]
    assert [answer.fresh_token for answer in answers] == [True, True, True]
    assert [answer.login_needed for answer in answers] == [False, False, True]
