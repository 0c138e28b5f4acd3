"""Yesterday told again in a real chromium: played, stopped, stepped, moved back, by mouse and by keys, on a phone too."""

import re
from collections.abc import Iterator
from datetime import date, time

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.chromium import launched_chromium
from tests.e2e.axe import serious_faults
from tests.e2e.conftest import RunningThor, wait_until
from tests.e2e.stored_day import day_before, store_part

pytestmark = pytest.mark.browser

START = time(14, 30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def day() -> date:
    return day_before()


@pytest.fixture(scope="module")
def thor_with_yesterday(tmp_path_factory: pytest.TempPathFactory, day: date) -> Iterator[RunningThor]:
    with RunningThor(tmp_path_factory.mktemp("replay") / "state") as running:
        store_part(running, day, start=START, minutes=10)
        wait_until(lambda: len(running.quotes()) == 11, "every future is quoted now, too")
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="dark", timezone_id="UTC", reduced_motion="reduce"
    )
    yield context
    context.close()


def opened(context: BrowserContext, running: RunningThor, day: date) -> Page:
    page = context.new_page()
    page.goto(f"{running.url}/replay?date={day}")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(cell(page, "ES", "symbol")).to_be_visible()
    return page


def cell(page: Page, symbol: str, column: str) -> object:
    row = page.locator(f'tr[data-symbol="{symbol}"]')
    return row.get_by_role("rowheader") if column == "symbol" else row.locator(f'[data-column="{column}"]')
