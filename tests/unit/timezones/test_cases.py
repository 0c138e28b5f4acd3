"""The acceptance cases, through the command a person types."""

import json
from typing import Any

import pytest

from tests.unit.timezones.cases import CASES, fits
from thor_web.cli.main import main


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_thor_session_answers_the_case(case: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["session", case["market"], "--at", case["at"], "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert fits(case, answer), (case["note"], answer)
