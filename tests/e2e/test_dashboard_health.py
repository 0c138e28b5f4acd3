"""The health page in a real chromium: what runs, what lags, what was refused, and what needs a look."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.chromium import launched_chromium
from tests.e2e.conftest import RunningThor, clean_environment, thor, wait_until
from tests.e2e.test_dashboard import opened, serious_faults

pytestmark = pytest.mark.browser

ROWS = ("clock", "ingestor", "merger", "signals", "web")
SPITEFUL = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def mock_thor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    with RunningThor(tmp_path_factory.mktemp("health") / "state") as running:
        wait_until(lambda: len(running.quotes()) == 11, "every future is quoted")
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    yield context
    context.close()


def test_every_process_stream_and_symbol_is_there_with_its_figures(
    context: BrowserContext, mock_thor: RunningThor
) -> None:
    page = opened(context, mock_thor, "/health")
    expect(page.get_by_role("heading", name="All is well")).to_be_visible()
    processes = page.get_by_role("region", name="Processes").last
    for name in ROWS:
        expect(processes.get_by_role("row", name=re.compile(f"^{name}"))).to_be_visible()
    # The ingestor's rate is that of the source, once two answers have come.
    expect(processes.get_by_role("row", name=re.compile("^ingestor"))).to_contain_text(re.compile(r"[1-9]\d*\.\d/s"))
    streams = page.get_by_role("region", name="Streams").last
    expect(streams.get_by_role("row", name=re.compile("^MOCK"))).to_contain_text(re.compile(r"ingest \d+, \d+"))
    expect(streams.get_by_role("row", name=re.compile("^unified"))).to_be_visible()
    fresh = page.get_by_role("region", name="Freshness").last.get_by_role("row")
    expect(fresh).to_have_count(12)
    expect(fresh.filter(has_text="MOCK")).to_have_count(11)
    triggers = page.get_by_role("region", name="Triggers").last
    expect(triggers.get_by_role("row", name=re.compile("^Nightly export"))).to_contain_text("never")
    expect(page.get_by_role("region", name="Versions")).to_contain_text("0.1.0")


def test_refused_input_is_shown_as_text_with_its_error(
    context: BrowserContext, mock_thor: RunningThor, tmp_path: Path
) -> None:
    event = {"symbol": "ES", "ts": "2026-11-24T15:00:00Z", "source": "JSON", "last": SPITEFUL, "bid": None, "ask": None}
    sizes = dict.fromkeys(("lastSize", "bidSize", "askSize"))
    file = tmp_path / "quotes.json"
    file.write_text(json.dumps([event | sizes, event | sizes | {"condition": "x" * 3_000}]))
    command = [*thor("collect", "json", str(file)), "--state", str(mock_thor.state)]
    with subprocess.Popen(command, env=clean_environment(), stderr=subprocess.DEVNULL) as collector:
        try:
            wait_until(lambda: len(mock_thor.get("/api/health/rejects").json()) >= 2, "both were refused")
        finally:
            collector.terminate()
    page = opened(context, mock_thor, "/health")
    refused = page.get_by_role("region", name="Refused input")
    expect(refused.locator("code").first).to_contain_text("onerror")
    assert refused.locator("img").count() == 0
    assert page.title() == "Health · Thor"
    newest = mock_thor.get("/api/health/rejects", limit="1").json()
    assert len(newest) == 1
    assert (len(newest[0]["data"]) <= 601, newest[0]["data_length"] > 100) == (True, True)


def test_a_process_that_stands_still_is_named_first(context: BrowserContext, mock_thor: RunningThor) -> None:
    page = opened(context, mock_thor, "/health")
    merger = mock_thor.child("merge")
    merger.suspend()
    try:
        # Nothing is merged, so every symbol of the mock grows stale, and the sources' streams are read no more.
        expect(page.get_by_role("listitem").filter(has_text="Stale while the market is open")).to_be_visible(
            timeout=60_000
        )
    finally:
        merger.resume()
    expect(page.get_by_role("heading", name="All is well")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, mock_thor: RunningThor, scheme: str) -> None:
    context = browser.new_context(color_scheme="light" if scheme == "light" else "dark")
    page = opened(context, mock_thor, "/health")
    expect(page.get_by_role("region", name="Processes").last.get_by_role("row").nth(3)).to_be_visible()
    assert serious_faults(page) == []
    context.close()


@pytest.mark.parametrize("width", [390, 360])
def test_nothing_is_wider_than_a_phone(browser: Browser, mock_thor: RunningThor, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = opened(context, mock_thor, "/health")
    expect(page.get_by_role("region", name="Streams").last.get_by_role("row").nth(1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
