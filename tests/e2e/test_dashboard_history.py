"""The history page in a real chromium: which dates are kept, how good they are, bars, files, and questions in SQL."""

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import stored_weeks
from tests.chromium import launched_chromium
from tests.contract.accounts import add_users
from tests.e2e.browsing import DESKTOP, PHONES, log_in, opened, overhang, serious_faults
from tests.e2e.conftest import RunningThor

pytestmark = pytest.mark.browser

FIRST, LAST = stored_weeks.DATES[0], stored_weeks.DATES[-1]
WEEKS = f"/history?from={FIRST}&to={LAST}"
DOUBTFUL = f"{WEEKS}&symbol=ES&date={stored_weeks.DOUBTFUL}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    folder = tmp_path_factory.mktemp("history")
    with RunningThor(folder / "state", "--source", "none") as running:
        stored_weeks.fill(running, folder)
        add_users(running, otto="operator", vera="viewer")
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP, color_scheme="dark", timezone_id="UTC")
    yield context
    context.close()


def candles(page: Page) -> str:
    """What the chart says of itself, once it is drawn."""
    chart = page.get_by_role("figure", name=re.compile("^Candles of"))
    expect(chart.locator("canvas").first).to_be_visible()
    return chart.get_attribute("aria-label") or ""


def test_the_page_shows_what_is_kept_and_leads_to_it(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, "/history")
    # The weeks are long ago: the page says where they are instead of showing nothing.
    page.get_by_role("button", name="Show the newest").click()
    strips = page.get_by_role("region", name="Coverage by symbol and date")
    expect(strips.get_by_role("rowheader")).to_have_text(["YM", "ES", "ZB"])
    # The newest date of the first symbol is chosen; a press on another cell chooses that.
    expect(page.get_by_role("heading", name=re.compile("^YM, Fri, May 15, 2026"))).to_be_visible()
    strips.get_by_role("button", name=re.compile(r"^ES, Tue, May 12, 2026: 1,380 ticks, \d+ findings")).click()
    assert candles(page) == "Candles of ES, 1m each, 1380 of them"
    expect(page).to_have_url(re.compile(f"symbol=ES&date={stored_weeks.DOUBTFUL}"))
    page.reload()
    assert candles(page) == "Candles of ES, 1m each, 1380 of them"


def test_findings_are_told_by_check_and_what_was_not_checked_says_so(
    context: BrowserContext, stored: RunningThor
) -> None:
    page = opened(context, stored, DOUBTFUL)
    quality = page.get_by_role("region", name="Data quality")
    findings = quality.get_by_role("list", name="Findings").get_by_role("listitem")
    expect(findings.filter(has_text="Outliers")).to_contain_text("left out when cleaned")
    expect(findings.filter(has_text="Crossed")).to_contain_text("bid above ask")
    page.get_by_role("button", name=re.compile("^ES, Mon, Apr 6, 2026: .*not checked")).click()
    expect(quality).to_contain_text("thor lake check looks at it")
    page.get_by_role("region", name="Doubtful partitions").get_by_role(
        "button", name=re.compile(f"^ES.*{stored_weeks.DOUBTFUL}")
    ).click()
    expect(findings.filter(has_text="Outliers")).to_be_visible()


def test_a_chart_has_every_date_or_the_cleaned_rows_too(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, DOUBTFUL)
    page.get_by_role("radio", name="Cleaned").click(force=True)
    expect(page.get_by_role("region", name=re.compile("^ES, Tue")).get_by_text("cleaned")).to_be_visible()
    assert candles(page) == "Candles of ES, 1m each, 1378 of them"
    page.get_by_role("radio", name="All dates of ES").click(force=True)
    assert candles(page).startswith("Candles of ES, 1h each, 6")
    page.get_by_role("radio", name="1d").click(force=True)
    assert candles(page).startswith("Candles of ES, 1d each, ")


def test_arrow_keys_lead_through_the_strips(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, DOUBTFUL)
    page.get_by_role("button", name=re.compile("^ES, Tue, May 12")).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name=re.compile("^ES, Mon, May 11"))).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("^YM, Mon, May 11, 2026"))).to_be_visible()
    page.keyboard.press("Home")
    expect(page.get_by_role("button", name=re.compile("^YM, Mon, Apr 6"))).to_be_focused()
    # One cell only is in the tab order.
    strips = page.get_by_role("region", name="Coverage by symbol and date")
    expect(strips.locator("button[tabindex='0']")).to_have_count(1)


def test_ticks_and_bars_are_taken_along_in_three_forms(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, DOUBTFUL)
    candles(page)
    files: dict[str, Path] = {}
    for form in ("Parquet", "Arrow", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=form, exact=True).first.click()
        files[download.value.suggested_filename] = Path(download.value.path())
    stem = f"ES-{stored_weeks.DOUBTFUL}-ticks"
    assert list(files) == [f"{stem}.parquet", f"{stem}.arrows", f"{stem}.csv"]
    told = [
        pq.read_table(files[f"{stem}.parquet"]).num_rows,
        pa.ipc.open_stream(files[f"{stem}.arrows"].read_bytes()).read_all().num_rows,
        pl.read_csv(files[f"{stem}.csv"], infer_schema=False).height,
    ]
    assert told == [1380, 1380, 1380]
    page.get_by_role("radio", name="Bars of 1m").click(force=True)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).first.click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("start,open,high,low,close,volume")
    assert len(lines) == 1381


def test_a_question_needs_a_login_and_is_then_answered(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, DOUBTFUL)
    expect(page.get_by_role("button", name="Ask")).to_be_disabled()
    expect(page.get_by_role("link", name="log in")).to_have_attribute("href", re.compile("/login\\?next=%2Fhistory"))
    log_in(page, stored, "otto", "/history")
    page.goto(stored.url + DOUBTFUL)
    box = page.get_by_label("SQL")
    box.fill("SELECT symbol, count(*) AS ticks, max(last) AS top FROM ticks GROUP BY symbol ORDER BY ticks DESC")
    box.press("Control+Enter")
    answer = page.get_by_role("region", name="Answer of the lake")
    expect(answer.get_by_role("columnheader")).to_have_text(["symbol", "ticks", "top"])
    expect(answer.get_by_role("row").nth(1)).to_contain_text("41400")
    with page.expect_download() as download:
        page.get_by_role("region", name="Ask the lake").get_by_role("button", name="CSV").click()
    assert Path(download.value.path()).read_text(encoding="utf-8").startswith("symbol,ticks,top\nES,41400,6435.5\n")
    box.fill("SELECT * FROM read_text('/etc/passwd')")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("alert")).to_contain_text("No answer")


def test_a_viewer_may_look_and_not_ask(context: BrowserContext, stored: RunningThor) -> None:
    page = context.new_page()
    log_in(page, stored, "vera", "/history")
    page.goto(stored.url + DOUBTFUL)
    expect(page.get_by_text("A viewer may not ask")).to_be_visible()
    expect(page.get_by_role("button", name="Ask")).to_be_disabled()


def test_a_server_that_fails_is_told_and_asked_again(context: BrowserContext, stored: RunningThor) -> None:
    page = context.new_page()
    page.route("**/api/thordata/coverage**", lambda route: route.fulfill(status=400, body="{}"))
    page.goto(stored.url + WEEKS)
    expect(page.get_by_role("alert")).to_contain_text("No coverage")
    page.unroute("**/api/thordata/coverage**")
    page.get_by_role("button", name="Ask again").click()
    expect(page.get_by_role("region", name="Coverage by symbol and date")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, stored: RunningThor, scheme: str) -> None:
    context = browser.new_context(viewport=DESKTOP, color_scheme="light" if scheme == "light" else "dark")
    page = opened(context, stored, DOUBTFUL)
    candles(page)
    assert serious_faults(page) == []
    context.close()


@pytest.mark.parametrize("size", PHONES, ids=["390", "360"])
def test_nothing_is_wider_than_a_phone(browser: Browser, stored: RunningThor, size: dict[str, int]) -> None:
    context = browser.new_context(viewport={"width": size["width"], "height": size["height"]}, has_touch=True)
    page = opened(context, stored, DOUBTFUL)
    candles(page)
    assert overhang(page) == 0
    page.get_by_role("button", name="More", exact=True).click()
    expect(page.get_by_role("link", name="History")).to_be_visible()
    context.close()
