"""The acceptance cases: an instant of a market, the right answer, and why."""

import json
from pathlib import Path
from typing import Any

CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("data").joinpath("market_clock_cases.json").read_text()
)


def fits(case: dict[str, Any], answer: dict[str, Any]) -> bool:
    """Whether an answer is that of a case. A null in it is not looked at; a finer word for closed is right."""
    finer = {"closed": {"closed", "lunch", "halt"}, "open": {"open", "regular"}, "regular": {"open", "regular"}}
    return (
        answer["is_open"] is case["is_open"]
        and answer["phase"] in finer.get(case["phase"], {case["phase"]})
        and all(case[key] is None or answer[key] == case[key] for key in ("next_transition_at", "next_phase_at"))
    )
