"""How often a child may fall: the waits grow, and only the falls of the last minute count."""

from thor_web.runtime.supervisor import RestartBudget


def test_waits_double_up_to_the_longest() -> None:
    budget = RestartBudget(limit=5, first_wait_s=0.5, longest_wait_s=3)
    assert [budget.wait_after_fall(float(second)) for second in range(5)] == [0.5, 1.0, 2.0, 3, 3]


def test_one_fall_too_many_within_the_time_ends_it() -> None:
    budget = RestartBudget(limit=2, within_s=60)
    assert budget.wait_after_fall(0) is not None
    assert budget.wait_after_fall(1) is not None
    assert budget.wait_after_fall(2) is None


def test_old_falls_are_forgiven() -> None:
    budget = RestartBudget(limit=2, within_s=60, first_wait_s=0.25)
    budget.wait_after_fall(0)
    budget.wait_after_fall(1)
    assert budget.wait_after_fall(100) == 0.25
