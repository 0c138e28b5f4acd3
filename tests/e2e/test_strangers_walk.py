"""What a stranger does on the first day, by what the pages offer and nothing else: no address is typed but the first.

Open, find ES, see why it says what it says, look at its chart, replay yesterday, take a day along, run a backtest.
"""

import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page, expect

from tests.chromium import launched_chromium
from tests.contract.accounts import PASSWORD, add_users, command
from tests.e2e.browsing import DESKTOP
from tests.e2e.conftest import RunningThor, wait_until
from tests.e2e.stored_day import day_before, store_part

pytestmark = pytest.mark.browser


@pytest.fixture
def day() -> date:
    return day_before()


@pytest.fixture
def thor_of_a_desk(tmp_path: Path, day: date) -> Iterator[RunningThor]:
    """A Thor that was running yesterday, and exported at night."""
    with RunningThor(tmp_path / "state") as running:
        store_part(running, day, start=time(14, 30), minutes=20)
        command(running, "export", "--date", day.isoformat())
        add_users(running, otto="operator")
        wait_until(lambda: len(running.quotes()) == 11, "every future is quoted")
        yield running


def go(page: Page, title: str) -> None:
    """By the navigation."""
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def test_the_walk(thor_of_a_desk: RunningThor, day: date) -> None:
    with launched_chromium() as browser:
        context = browser.new_context(viewport=DESKTOP, timezone_id="UTC", locale="en-US", reduced_motion="reduce")
        page = context.new_page()
        page.goto(thor_of_a_desk.url)
        why_es_says_what_it_says(page)
        replay_yesterday(page, day)
        take_a_day_along(page, thor_of_a_desk, day)
        run_a_backtest(page)


def why_es_says_what_it_says(page: Page) -> None:
    page.get_by_role("grid").get_by_role("link", name=re.compile("^ES")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ES")
    why = page.get_by_role("region", name="Why this signal")
    current = why.locator("[aria-current=true]")
    head = page.get_by_role("region", name="Quote")

    def agree() -> bool:
        """The rung that stands out is the signal at the head, and its bounds hold the change."""
        rung = current.inner_text().splitlines()
        change = float(why.locator("strong").first.inner_text())
        bounds = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", rung[-1])]
        if rung[-1].startswith("above"):
            holds = bounds[0] < change <= (bounds[1] if len(bounds) > 1 else float("inf"))
        elif rung[-1].startswith("from"):
            holds = bounds[0] <= change <= bounds[1]
        else:
            holds = (bounds[1] if len(bounds) > 1 else float("-inf")) <= change < bounds[0]
        return holds and rung[0].replace("▲", "").replace("▼", "").strip() in head.inner_text()

    wait_until(agree, "the reason and the signal agree")
    expect(page.get_by_role("figure", name=re.compile("^Candles of ES")).locator("canvas").first).to_be_visible()


def replay_yesterday(page: Page, day: date) -> None:
    go(page, "Replay")
    page.get_by_label("Day", exact=True).select_option(label=day_label(page, day))
    banner = page.get_by_role("note").filter(has_text="REPLAY of")
    expect(banner).to_contain_text(f"{day:%b} {day.day}, {day.year}")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator('tr[data-symbol="ES"][data-empty="false"]')).to_be_visible(timeout=20_000)
    expect(banner).to_contain_text("14:30:0")
    page.get_by_role("button", name="Pause").click()


def day_label(page: Page, day: date) -> str:
    """How the page's list names the day."""
    options = page.get_by_label("Day", exact=True).locator("option").all_inner_texts()
    (label,) = (option for option in options if f"{day:%b} {day.day}, {day.year}" in option)
    return label


def take_a_day_along(page: Page, running: RunningThor, day: date) -> None:
    go(page, "History")
    page.get_by_role("button", name=re.compile(f"^ES, {day:%a, %b} {day.day}, {day.year}")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Parquet", exact=True).first.click()
    kept = running.get("/api/thordata/coverage", symbol="ES", **{"from": day.isoformat(), "to": day.isoformat()})
    (partition,) = (item for item in kept.json()["items"] if item["symbol"] == "ES")
    assert pq.read_table(download.value.path()).num_rows == partition["rows"] > 0


def run_a_backtest(page: Page) -> None:
    go(page, "Backtests")
    page.get_by_role("link", name=re.compile("log in", re.IGNORECASE)).first.click()
    page.get_by_label("Name").fill("otto")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Backtests")
    form = page.get_by_role("region", name="Ask for a run")
    form.get_by_role("checkbox", name="ES").set_checked(True)
    form.get_by_role("button", name="Run").click()
    expect(page).to_have_url(re.compile(r"/backtests/runs/\d+$"))
    expect(page.get_by_role("region", name="In short")).to_be_visible(timeout=60_000)
