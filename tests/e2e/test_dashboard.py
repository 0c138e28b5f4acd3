"""The dashboard in a real chromium: what a reader does with it, by mouse and by keys, and how it looks to axe."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.chromium import launched_chromium
from tests.e2e.browsing import serious_faults
from tests.e2e.conftest import RunningThor, wait_until

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
PAGES = ["/", "/symbol/ES", "/clock", "/health", "/settings"]
"""Every page that this file looks at whole."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def mock_thor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    with RunningThor(tmp_path_factory.mktemp("dashboard") / "state") as running:
        wait_until(lambda: len(running.quotes()) == 11, "every future is quoted")
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A reader with nothing remembered."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    yield context
    context.close()


def opened(context: BrowserContext, running: RunningThor, path: str = "/") -> Page:
    page = context.new_page()
    page.goto(running.url + path)
    expect(page.get_by_role("status").first).to_contain_text("Live")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(browser: Browser, mock_thor: RunningThor, path: str, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="light" if scheme == "light" else "dark"
    )
    page = opened(context, mock_thor, path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert serious_faults(page) == []
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_wider_than_a_phone(browser: Browser, mock_thor: RunningThor, path: str) -> None:
    context = browser.new_context(viewport={"width": PHONE["width"], "height": PHONE["height"]})
    page = opened(context, mock_thor, path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()


def test_total_is_the_server_s(context: BrowserContext, mock_thor: RunningThor) -> None:
    page = opened(context, mock_thor)
    tile = page.get_by_role("region", name="TOTAL, the composite")
    expect(tile.get_by_text("of 11").first).to_be_visible()
    expect(tile.get_by_role("listitem")).to_have_count(11)

    def agrees() -> bool:
        total = mock_thor.get("/api/quotes/latest/").json()["total"]
        return f"{total['score']:+.2f}" in tile.inner_text() and f"{total['signal_weight_sum']:+d}" in tile.inner_text()

    wait_until(agrees, "the tile shows the score and the sum of now")


def test_the_keyboard_alone_leads_from_the_grid_to_a_chart_and_back(
    context: BrowserContext, mock_thor: RunningThor
) -> None:
    page = opened(context, mock_thor)
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "12")
    grid.get_by_role("columnheader").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{mock_thor.url}/symbol/ES")
    expect(page.get_by_role("heading", level=1)).to_have_text("ES")
    # Whoever listens is at the beginning of the new page.
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("liv")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{mock_thor.url}/")


def test_the_palette_finds_symbols_pages_and_settings(context: BrowserContext, mock_thor: RunningThor) -> None:
    page = opened(context, mock_thor)
    page.keyboard.press("Control+k")
    page.keyboard.type("zb")
    expect(page.get_by_role("option").first).to_contain_text("30-Year")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("ZB")
    page.keyboard.press("/")
    page.keyboard.type("colours: green")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-colours", "green-red")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-colours", "green-red")


def test_a_symbol_s_page_has_chart_tape_and_the_reason_of_its_signal(
    context: BrowserContext, mock_thor: RunningThor
) -> None:
    page = opened(context, mock_thor, "/symbol/ZB")
    expect(page.locator("[aria-label='Candles of ZB, 1m each'] canvas").first).to_be_visible()
    tape = page.get_by_role("region", name="Tape").locator("tbody tr")
    expect(tape.first).to_contain_text(re.compile(r"\d{2,3}'[0-3]\d"))
    ladder = page.get_by_role("list", name=re.compile("The ladder"))
    expect(ladder.get_by_role("listitem")).to_have_count(5)
    expect(ladder.locator("[aria-current=true]")).to_have_count(1)
    # What four ticks of two contracts are worth, by the server's own decimals.
    page.get_by_label("Contracts").fill("2")
    expect(page.get_by_text("+$250.00")).to_be_visible()
    page.get_by_role("radio", name="1h").check(force=True)
    expect(page.locator("[aria-label='Candles of ZB, 1h each']")).to_be_visible()


def test_a_symbol_that_does_not_exist_is_said_to_be_none(context: BrowserContext, mock_thor: RunningThor) -> None:
    page = context.new_page()
    page.goto(f"{mock_thor.url}/symbol/NOPE")
    expect(page.get_by_role("heading", name="There is no symbol NOPE")).to_be_visible()
    page.get_by_role("link", name="Go to the live page").click()
    expect(page.get_by_role("grid")).to_be_visible()


def test_the_clock_has_every_market_with_its_day_and_favourites_stand_first(
    context: BrowserContext, mock_thor: RunningThor
) -> None:
    page = opened(context, mock_thor, "/clock")
    markets = page.get_by_role("list", name="Markets").get_by_role("listitem")
    known = mock_thor.get("/api/session", market="all").json()
    expect(markets).to_have_count(len(known))
    hong_kong = markets.filter(has_text="Hong Kong")
    expect(hong_kong).to_contain_text(re.compile(r"(opens|closes) in (\d+d )?\d\d:\d\d:\d\d"))
    page.get_by_role("button", name="Make Tokyo Stock Exchange a favourite").click()
    expect(markets.first).to_contain_text("Tokyo")
    page.reload()
    expect(markets.first).to_contain_text("Tokyo")


def test_health_shows_the_source_and_that_it_lives(context: BrowserContext, mock_thor: RunningThor) -> None:
    page = opened(context, mock_thor, "/health")
    row = page.get_by_role("region", name="Sources").last.get_by_role("row", name=re.compile("^MOCK"))
    expect(row).to_contain_text("live")
    expect(row).to_contain_text(re.compile(r"\d\.\d/s"))


def test_a_layout_and_a_watchlist_are_kept(context: BrowserContext, mock_thor: RunningThor) -> None:
    page = opened(context, mock_thor)
    page.get_by_role("button", name="New watchlist").click()
    page.get_by_label("Name of the new watchlist").fill("Metals")
    page.get_by_role("button", name="Make it").click()
    page.get_by_role("button", name="Change the watchlist Metals").click()
    for symbol in ("SI", "GC"):
        page.get_by_role("checkbox", name=re.compile(f"^{symbol} ")).click()
    page.get_by_role("button", name="GC earlier").click()
    page.keyboard.press("Escape")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("GC")
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("52-week range").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader", name="52 weeks")).to_have_count(0)
    page.reload()
    expect(rows).to_have_count(2)
    expect(page.get_by_role("columnheader", name="52 weeks")).to_have_count(0)


def test_what_is_shown_can_be_taken_along_as_csv(context: BrowserContext, mock_thor: RunningThor) -> None:
    page = opened(context, mock_thor)
    expect(page.locator("tbody tr").last).to_contain_text("'")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 12
    assert lines[0].startswith("Symbol,Name,Signal,Last,")
    assert re.match(r"ZB,30-Year T-Bond,\w+,\d+'\d\d,", lines[-1])


def test_eight_tabs_share_one_stream_and_rest_still_answers(context: BrowserContext, mock_thor: RunningThor) -> None:
    before = streams(mock_thor)
    tabs = [opened(context, mock_thor) for _ in range(8)]
    for tab in tabs:
        expect(tab.locator("tbody tr").first).to_contain_text("MOCK")
    assert streams(mock_thor) == before + 1
    answered = tabs[-1].evaluate("fetch('/api/instruments').then((answer) => answer.status)")
    assert answered == 200


def streams(running: RunningThor) -> int:
    """Event streams that are open, once those that were closed are seen to be."""
    text = httpx.get(f"{running.url}/metrics", timeout=10).text
    found = re.findall(r"^thor_web_streams(?:\{[^}]*\})? (\d+)", text, flags=re.MULTILINE)
    return sum(int(count) for count in found)


def test_a_refusal_is_survived_and_a_malformed_event_is_counted(browser: Browser, mock_thor: RunningThor) -> None:
    context = browser.new_context()
    # Without a worker the page's own requests can be met here.
    context.add_init_script("delete window.SharedWorker")
    page = context.new_page()
    refused = 0

    def refuse(route: Route) -> None:
        nonlocal refused
        refused += 1
        if refused <= 2:
            route.fulfill(status=503, headers={"retry-after": "0"}, body="{}")
        elif refused == 3:
            event = "event: quotes\ndata: [{\n\nevent: quotes\ndata: 7\n\n"
            route.fulfill(status=200, headers={"content-type": "text/event-stream"}, body=event)
        else:
            route.continue_()

    page.route("**/api/quotes/stream**", refuse)
    page.goto(mock_thor.url)
    expect(page.get_by_role("status").first).to_contain_text("Live", timeout=30_000)
    expect(page.get_by_text("unreadable events skipped")).to_be_visible()
    context.close()
