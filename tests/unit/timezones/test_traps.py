"""Holidays that were once told wrong, each by its name."""

import json

import pytest

from thor_web.cli.main import main


def is_open(market: str, at: str, capsys: pytest.CaptureFixture[str]) -> bool:
    assert main(["session", market, "--at", at, "--json"]) == 0
    found: bool = json.loads(capsys.readouterr().out)["is_open"]
    return found


def test_globex_trades_on_columbus_day(capsys: pytest.CaptureFixture[str]) -> None:
    assert is_open("ES", "2025-10-13T15:00:00Z", capsys)


def test_a_holiday_of_new_york_is_none_of_tokyo(capsys: pytest.CaptureFixture[str]) -> None:
    assert is_open("TSE", "2025-11-27T01:00:00Z", capsys)
    assert not is_open("NYSE", "2025-11-27T15:00:00Z", capsys)


def test_a_saturday_s_new_year_is_not_kept_on_the_friday_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert is_open("NYSE", "2021-12-31T15:00:00Z", capsys)


def test_globex_halts_at_noon_on_thanksgiving_and_is_not_closed(capsys: pytest.CaptureFixture[str]) -> None:
    assert is_open("ES", "2025-11-27T15:00:00Z", capsys)
    assert not is_open("ES", "2025-11-27T19:00:00Z", capsys)
