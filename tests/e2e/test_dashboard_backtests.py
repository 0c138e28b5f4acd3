"""The backtest pages in a real chromium: ask, wait, read the report, compare, sweep, cancel and print."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests import stored_weeks
from tests.chromium import launched_chromium
from tests.contract.accounts import add_users, logged_in
from tests.e2e.browsing import DESKTOP, PHONES, log_in, opened, overhang, serious_faults
from tests.e2e.conftest import RunningThor, wait_until

pytestmark = pytest.mark.browser

BASE = "/api/thordata/backtest"
FIRST, LAST = stored_weeks.DATES[0].isoformat(), stored_weeks.DATES[-1].isoformat()
WANTED: dict[str, Any] = {
    "strategy": "sma_cross", "symbols": ["ES"], "start": FIRST, "end": LAST, "parameters": {"fast": 5, "slow": 40},
}  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    """Six stored weeks, and two finished runs of them: 1 and 2."""
    folder = tmp_path_factory.mktemp("backtests")
    with RunningThor(folder / "state", "--source", "none") as running:
        stored_weeks.fill(running, folder)
        add_users(running, otto="operator", vera="viewer")
        for slow in (40, 90):
            body = WANTED | {"parameters": {"fast": 5, "slow": slow}}
            assert logged_in(running.url, "otto").post(f"{BASE}/runs", json=body).json()["id"] == (
                1 if slow == 40 else 2
            )
        wait_until(lambda: running.get(f"{BASE}/runs/2").json()["state"] == "done", "both runs are done")
        yield running


@pytest.fixture(scope="module")
def login(browser: Browser, stored: RunningThor) -> Any:
    """The cookies of somebody who may ask."""
    context = browser.new_context()
    log_in(context.new_page(), stored, "otto", "/settings")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def context(browser: Browser, login: Any) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP, color_scheme="dark", storage_state=login)
    yield context
    context.close()


def report(page: Page) -> None:
    """Wait for a report to be there."""
    expect(page.get_by_role("region", name="In short")).to_be_visible(timeout=60_000)


def test_a_run_is_asked_for_by_a_form_made_from_its_strategy(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, "/backtests")
    form = page.get_by_role("region", name="Ask for a run")
    form.get_by_label("Strategy").select_option("breakout")
    expect(form.get_by_label("length", exact=True)).to_have_attribute("placeholder", "20")
    form.get_by_label("Strategy").select_option("mean_reversion")
    form.get_by_label("length", exact=True).fill("0")
    expect(form.get_by_text("From 1 to 100000")).to_be_visible()
    expect(form.get_by_role("button", name="Run")).to_be_disabled()
    form.get_by_label("length", exact=True).fill("30")
    form.get_by_role("checkbox", name="ES").set_checked(True)
    form.get_by_role("checkbox", name="YM").set_checked(False)
    expect(form.get_by_text("ES: Mon, Apr 6, 2026 to Fri, May 15, 2026, 41,400 ticks")).to_be_visible()
    form.get_by_label("First day (UTC)").fill("2026-04-20")
    form.get_by_label("Last day (UTC)").fill(LAST)
    form.get_by_text("Costs, bars, margin and the rest").click()
    form.get_by_label("Length of a bar").fill("300")
    form.get_by_role("button", name="Run").click()
    expect(page).to_have_url(re.compile(r"/backtests/runs/\d+$"))
    report(page)
    asked = page.get_by_role("region", name="What was asked")
    expect(asked).to_contain_text("300")
    expect(asked).to_contain_text("2026-04-20")


def test_a_report_says_what_the_server_says(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, "/backtests/runs/1")
    report(page)
    result = stored.get(f"{BASE}/runs/1/result").json()
    short = page.get_by_role("region", name="In short")
    expect(short).to_contain_text(f"{result['equity']['end']:,.2f}")
    expect(short).to_contain_text(f"{result['trade_statistics']['trades']:,}")
    for code in {it["code"] for it in result["diagnosis"]}:
        expect(page.get_by_role("region", name="Diagnosis")).to_contain_text(code.replace("_", " "))
    for text in result["caveats"]:
        expect(page.get_by_text(text)).to_be_visible()
    for chart in ("Equity, from", "Drawdown, from", "Worth of 1 by chance, from"):
        expect(page.get_by_role("img", name=re.compile(f"^{chart}"))).to_be_visible()
    months = page.get_by_role("table").filter(has_text="Whole")
    expect(months.get_by_role("row").nth(1)).to_contain_text(f"{result['months'][0]['total_return']:.2%}".lstrip("-"))
    low, high = result["confidence"]["max_drawdown"]
    figures = page.get_by_role("region", name="Figures").last
    expect(figures.get_by_role("row", name=re.compile("^Maximum drawdown"))).to_contain_text(f"{low:.2%} … {high:.2%}")
    proof = page.get_by_role("region", name="Data, code and proof")
    expect(proof).to_contain_text(result["data"]["hash"])
    expect(proof).to_contain_text(result["digest"])
    page.get_by_text("The exact configuration").click()
    expect(page.get_by_text('"fast": 5')).to_be_visible()
    proof.get_by_role("link", name="Look at the ticks that were read").click()
    expect(page.get_by_role("region", name="Coverage by symbol and date")).to_be_visible()


def test_runs_are_filtered_and_compared(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, "/backtests")
    listed = page.get_by_role("table").filter(has_text="Sharpe a period")
    expect(listed.get_by_role("link", name="1", exact=True)).to_be_visible()
    page.get_by_role("region", name="Runs").first.get_by_label("Strategy").select_option("ladder")
    expect(page.get_by_text("ladder was never run.")).to_be_visible()
    page.get_by_role("region", name="Runs").first.get_by_label("Strategy").select_option("sma_cross")
    page.get_by_label("Compare run 1").check()
    page.get_by_label("Compare run 2").check()
    page.get_by_role("button", name="Compare 2 runs").click()
    expect(page).to_have_url(re.compile("ids=1,2"))
    expect(page.get_by_role("row", name="slow 40 90")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Equity of the runs, from"))).to_be_visible()
    expect(page.get_by_role("region", name="What they share")).to_contain_text("Datathe same")


def test_one_like_it_begins_with_what_was_asked(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, "/backtests/runs/2")
    page.get_by_role("link", name="Ask for one like it").click()
    expect(page.get_by_label("slow")).to_have_value("90")
    expect(page.get_by_label("Money at the start")).to_have_value("100000")


def test_a_sweep_is_a_heat_map(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, "/backtests")
    form = page.get_by_role("region", name="Ask for a run")
    form.get_by_role("radio", name="A sweep").click(force=True)
    form.get_by_label("fast").fill("3,5,8")
    form.get_by_label("slow").fill("20:60:20")
    form.get_by_role("checkbox", name="ES").set_checked(True)
    form.get_by_role("checkbox", name="YM").set_checked(False)
    form.get_by_label("First day (UTC)").fill(FIRST)
    form.get_by_role("button", name="Sweep 9 combinations").click()
    surface = page.get_by_role("table").filter(has_text="the best is framed")
    expect(surface.get_by_role("cell")).to_have_count(10, timeout=60_000)  # nine, and the corner
    expect(page.get_by_text("9 combinations of sma_cross on ES")).to_be_visible()
    expect(page.get_by_role("region", name="Is the best only luck?")).to_contain_text("Probability of overfitting")
    assert serious_faults(page) == []
    page.get_by_role("link", name="All sweeps").click()
    expect(page.get_by_role("region", name="Sweeps").first.get_by_role("link").first).to_be_visible()


def test_a_run_that_cannot_be_played_says_why(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, "/backtests")
    form = page.get_by_role("region", name="Ask for a run")
    form.get_by_label("First day (UTC)").fill("2020-01-01")
    form.get_by_label("Last day (UTC)").fill("2020-01-02")
    form.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text("no_data", timeout=60_000)
    expect(page.get_by_role("status").last).to_contain_text("failed")
    page.goto(f"{stored.url}/backtests/runs/9999")
    expect(page.get_by_role("heading", name="There is no run 9999")).to_be_visible()
    page.get_by_role("link", name="To all backtests").click()
    form.get_by_role("radio", name="A sweep").click(force=True)
    form.get_by_label("fast").fill("5,5")
    form.get_by_role("button", name="Sweep 2 combinations").click()
    expect(form.get_by_role("alert")).to_contain_text("a value twice")


def test_a_run_is_cancelled(context: BrowserContext, stored: RunningThor) -> None:
    # Many sweeps before it, so that it waits.
    client = logged_in(stored.url, "otto")
    grid = {"fast": "2:60:1", "slow": "61:200:1"}
    sweep = client.post(f"{BASE}/sweeps", json=WANTED | {"parameters": {}, "grid": grid}).json()["id"]
    run = client.post(f"{BASE}/runs", json=WANTED).json()["id"]
    page = opened(context, stored, f"/backtests/runs/{run}")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status").last).to_contain_text("cancelled")
    page.goto(f"{stored.url}/backtests/sweeps/{sweep}")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status").last).to_contain_text("cancelled", timeout=30_000)


def test_whoever_may_not_ask_may_read(browser: Browser, stored: RunningThor) -> None:
    context = browser.new_context(viewport=DESKTOP)
    page = opened(context, stored, "/backtests")
    expect(page.get_by_role("button", name="Run")).to_be_disabled()
    expect(page.get_by_role("link", name="log in")).to_have_attribute("href", "/login?next=%2Fbacktests")
    page.goto(f"{stored.url}/backtests/runs/1")
    report(page)
    context.close()


def test_a_report_is_printed_on_white_without_the_screen_s_tools(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored, "/backtests/runs/1")
    report(page)
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_role("img", name=re.compile("^Equity, from"))).to_be_visible()
    panel = page.get_by_role("region", name="Diagnosis")
    assert panel.evaluate("it => getComputedStyle(it).backgroundColor") == "rgb(255, 255, 255)"
    # A4 at 96 dots: nothing is cut off at the right.
    page.set_viewport_size({"width": 718, "height": 1000})
    assert overhang(page) == 0
    assert page.pdf(format="A4").startswith(b"%PDF-")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/backtests", "/backtests/runs/1", "/backtests/compare?ids=1,2"])
def test_axe_finds_nothing_serious(browser: Browser, login: Any, stored: RunningThor, path: str, scheme: str) -> None:
    context = browser.new_context(
        viewport=DESKTOP, color_scheme="light" if scheme == "light" else "dark", storage_state=login
    )
    page = opened(context, stored, path)
    expect(page.get_by_role("table").first).to_be_visible()
    assert serious_faults(page) == []
    context.close()


@pytest.mark.parametrize("path", ["/backtests", "/backtests/runs/1", "/backtests/compare?ids=1,2"])
@pytest.mark.parametrize("size", PHONES, ids=["390", "360"])
def test_nothing_is_wider_than_a_phone(browser: Browser, stored: RunningThor, path: str, size: dict[str, int]) -> None:
    context = browser.new_context(viewport={"width": size["width"], "height": size["height"]}, has_touch=True)
    page = opened(context, stored, path)
    expect(page.get_by_role("table").first).to_be_visible()
    assert overhang(page) == 0
    context.close()


def test_keys_alone_ask_for_a_run_and_find_its_report(context: BrowserContext, stored: RunningThor) -> None:
    page = opened(context, stored)
    page.keyboard.press("Control+k")
    page.keyboard.type("backtests")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Backtests")
    button = page.get_by_role("button", name="Run", exact=True)
    expect(button).to_be_enabled()
    for _ in range(60):
        if button.evaluate("it => it === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/backtests/runs/\d+$"))
    report(page)
