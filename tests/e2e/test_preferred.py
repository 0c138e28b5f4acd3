"""An operator prefers another source for a symbol: its quotes stand from then on, and the other's can still be read."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.conftest import RunningThor, wait_until
from tests.e2e.test_page import browser
from tests.e2e.test_signals import log_in
from tests.e2e.test_two_providers import collector

__all__ = ["browser"]

pytestmark = pytest.mark.browser

START = datetime(2025, 6, 11, 14, 0, tzinfo=UTC)


def recording(path: Path, last: int) -> str:
    """Two minutes of ES, ten quotes a second around a price."""
    quotes = [
        {
            "symbol": "ES", "ts": (START + timedelta(milliseconds=100 * number)).isoformat(), "source": "TOS",
            "last": last + number % 2 / 4, "bid": last, "ask": last + 1, "lastSize": 1, "bidSize": 1, "askSize": 1,
        }
        for number in range(1_200)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(quote) + "\n" for quote in quotes), encoding="utf-8")
    return str(path)


def test_the_preferred_source_is_edited_in_the_admin(browser: Browser, tmp_path: Path) -> None:
    tos, schwab = recording(tmp_path / "tos.jsonl", 6_000), recording(tmp_path / "schwab.jsonl", 5_000)
    with (
        RunningThor(tmp_path / "state", "--source", "none") as running,
        collector(running, "replay", schwab, "--as", "SCHWAB"),
        collector(running, "replay", tos, "--as", "TOS"),
    ):

        def active() -> str | None:
            return next((str(quote["active_source"]) for quote in running.quotes()), None)

        wait_until(lambda: active() == "TOS", "the shipped preference holds")
        (told,) = running.get("/api/schwab/quotes/latest/").json()["rows"]
        assert (told["source"], told["last"] < 5_001) == ("SCHWAB", True)

        admin = browser.new_page()
        log_in(admin, running)
        admin.goto(f"{running.url}/admin/futuretrading/tradinginstrument/?q=E-mini+S%26P")
        admin.locator("#result_list th a").first.click()
        for source in ("SCHWAB", "TOS"):
            admin.fill("#id_preferred_source", source)
            admin.click("input[name=_continue] >> nth=0")
            expect(admin.locator(".messagelist .success")).to_be_visible()
            wait_until(lambda wanted=source: active() == wanted, f"{source} stands", limit_s=10)  # type: ignore[misc]
        admin.close()
        assert {row["last"] < 5_001 for row in running.get("/api/schwab/quotes/latest/").json()["rows"]} == {True}
