"""The words of the command that an action stands for."""

from datetime import UTC, date, datetime

from thor_web.timezones.services.actions import command_words
from thor_web.timezones.services.ledger import Claim


def claim(action: str, **parameters: object) -> Claim:
    return Claim(
        id=1, trigger_id=2, name="nightly", market="CME", action=action, parameters=dict(parameters),
        due_at=datetime(2026, 11, 24, 22, 30, tzinfo=UTC), session_date=date(2026, 11, 24), attempts=1,
        max_attempts=3, timeout_s=60, grace_s=60, misfire="run once",
    )  # fmt: skip


def test_a_backtest_knows_its_trade_date() -> None:
    words = ["run", "composite", "--session", "{session_date}", "--symbols", "ES", "--queue"]
    wanted = ["backtest", "run", "composite", "--session", "2026-11-24", "--symbols", "ES", "--queue"]
    assert command_words(claim("backtest", arguments=words)) == wanted


def test_an_export_is_of_its_trade_date() -> None:
    assert command_words(claim("export", symbols=["ES"])) == ["export", "--date", "2026-11-24", "--symbols", "ES"]
