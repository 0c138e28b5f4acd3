"""The live page in a real chromium: what a trader sees, in both widths, and when the server goes away."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.chromium import launched_chromium
from tests.e2e.conftest import RunningThor

pytestmark = pytest.mark.browser

SYMBOLS = ["YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "VX", "DX", "ZB"]
GOLDEN = Path(__file__).parent.parent / "golden" / "es_open.jsonl"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 780}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def mock_thor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    with RunningThor(tmp_path_factory.mktemp("page") / "state") as running:
        yield running


WATCH_THE_WIDTH = """
window.overhang = 0;
(function watch() {
  const page = document.documentElement;
  if (page) window.overhang = Math.max(window.overhang, page.scrollWidth - window.innerWidth);
  requestAnimationFrame(watch);
})();
"""


def opened(browser: Browser, running: RunningThor, size: dict[str, int]) -> tuple[Page, list[str]]:
    """The page, and what it complains about; `overhang` in it counts how far any frame reached over its edge."""
    page = browser.new_page(viewport={"width": size["width"], "height": size["height"]})
    page.add_init_script(WATCH_THE_WIDTH)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(running.url)
    return page, complaints


def test_the_futures_move_in_their_order_and_are_marked_mock(browser: Browser, mock_thor: RunningThor) -> None:
    page, complaints = opened(browser, mock_thor, DESKTOP)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(len(SYMBOLS))
    for symbol, row in zip(SYMBOLS, rows.all(), strict=True):
        expect(row).to_contain_text(symbol)
        expect(row).to_contain_text("MOCK")
        expect(row).to_contain_text(re.compile(r"[Bb]uy|[Ss]ell|[Hh]old"))
    expect(page.get_by_text("MOCK market data")).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text("Live")
    # However many markets there are, whether the page is connected stays in sight.
    expect(page.get_by_role("status").first).to_be_in_viewport(ratio=1)
    # The bond is quoted in 32nds, with two digits.
    bond = rows.last.locator("td").nth(1)
    expect(bond).to_have_text(re.compile(r"^\d{2,3}'[0-3]\d$"))
    # Everything moves without a reload.
    before = rows.nth(1).inner_text()
    expect(rows.nth(1)).not_to_have_text(before, use_inner_text=True, timeout=20_000)
    assert complaints == []
    page.close()


def test_the_phone_shows_every_future_without_sideways_scrolling(browser: Browser, mock_thor: RunningThor) -> None:
    page, complaints = opened(browser, mock_thor, PHONE)
    for symbol in SYMBOLS:
        expect(page.get_by_text(symbol, exact=True).first).to_be_visible()
    expect(page.get_by_role("status").first).to_contain_text("Live")
    assert page.evaluate("overhang") == 0
    assert complaints == []
    page.close()


def test_an_unknown_page_says_so(browser: Browser, mock_thor: RunningThor) -> None:
    page = browser.new_page()
    page.goto(f"{mock_thor.url}/no/such/page")
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.locator("body")).to_contain_text(re.compile("there is no page", re.IGNORECASE))
    page.close()


def test_a_lost_server_is_said_and_a_returned_one_needs_no_reload(browser: Browser, state: Path) -> None:
    with RunningThor(state, "--source", f"replay:{GOLDEN}", "--speed", "max") as running:
        phone, _ = opened(browser, running, PHONE)
        page, _ = opened(browser, running, DESKTOP)
        row = page.locator("tbody tr").nth(1)
        expect(row).to_contain_text("REPLAY")
        expect(page.get_by_text("recorded market data")).to_be_visible()
        shown = row.locator("td").nth(1).inner_text()
        # It falls silent first: one that is killed may be back before the page has said anything.
        web = running.child("web")
        web.suspend()
        expect(page.get_by_role("alert")).to_contain_text("Values as of", timeout=60_000)
        expect(row.locator("td").nth(1)).to_have_text(shown)
        web.kill()
        # The supervisor brings the web process back, and the page finds it by itself.
        expect(page.get_by_role("alert")).to_have_count(0, timeout=30_000)
        expect(page.get_by_role("status").first).to_contain_text("Live")
        expect(phone.get_by_role("status").first).to_contain_text("Live")
        # The words for a feed that is lost are longer than "Live".
        assert phone.evaluate("overhang") == 0
        phone.close()
        page.close()
