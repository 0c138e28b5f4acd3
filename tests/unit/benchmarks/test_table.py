"""The verdicts of `thor bench`: pure functions over figures, nothing is timed."""

import math
from dataclasses import replace

from benchmarks.measure import Measured
from benchmarks.table import Budget, Row, budgets, judge, middle

MEASURED = Measured("parse-500-msgspec", thor=200.0, peer=1_000.0, peer_name="msgspec", unit="ns/event", limit=400.0)


def test_a_ratio_is_the_peers_cost_over_thors() -> None:
    row = judge(MEASURED, Budget(5.0))
    assert (row.ratio, row.limit_ratio, row.held) == (5.0, 0.5, True)
    assert not judge(MEASURED, Budget(5.1)).held


def test_ci_lets_a_quarter_pass() -> None:
    assert judge(MEASURED, Budget(6.6)).passes_ci
    assert not judge(MEASURED, Budget(6.7)).passes_ci


def test_a_budget_that_is_known_to_be_missed_says_why_and_has_a_floor_in_ci() -> None:
    missed = judge(MEASURED, Budget(8.0, floor=4.5, why="it cannot be"))
    assert (missed.held, missed.passes_ci, missed.cells()[-1]) == (False, True, "MISSED: it cannot be")
    assert not judge(MEASURED, Budget(8.0, floor=5.5, why="it cannot be")).passes_ci
    assert judge(MEASURED, Budget(5.0, floor=4.5, why="it cannot be")).cells()[-1] == "held"


def test_a_cap_moves_with_the_machines_pace_but_never_down() -> None:
    assert not judge(MEASURED, Budget(1.0, at_most=150)).held
    slow = judge(replace(MEASURED, pace=1.4), Budget(1.0, at_most=150))
    assert (slow.held, slow.at_most) == (True, 210.0)
    assert judge(replace(MEASURED, pace=0.5), Budget(1.0, at_most=200)).held


def test_a_missing_peer_does_not_pass_and_says_so() -> None:
    row = judge(replace(MEASURED, peer=None, note="msgspec is not installed"), Budget(5.0))
    assert (row.ratio, row.held, row.passes_ci) == (None, False, False)
    assert row.cells()[-1] == "MISSED: msgspec is not installed"


def test_without_thor_there_is_no_figure() -> None:
    row = judge(replace(MEASURED, thor=math.nan, peer=None), Budget(5.0))
    assert (row.thor, row.held) == (None, False)


def test_the_middle_of_three_counts() -> None:
    def row(peer: float | None) -> Row:
        return judge(replace(MEASURED, peer=peer), Budget(5.0))

    assert middle([row(900), row(1_100), row(1_000)]).ratio == 5.0
    assert middle([row(900), row(None), row(1_100)]).ratio == 4.5


def test_every_budget_can_be_read() -> None:
    found = budgets("core")
    assert found["parse-500-msgspec"].ratio >= 5.0
    assert all(budget.ratio > 0 for budget in found.values())
