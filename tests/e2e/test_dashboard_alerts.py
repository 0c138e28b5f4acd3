"""The alerts page in a real chromium: rules written, told live, acknowledged; what nobody but an operator may do."""

import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from collectors.bus import Bus
from tests.chromium import launched_chromium
from tests.contract.accounts import add_users, logged_in
from tests.e2e.browsing import DESKTOP, PHONES, log_in, opened, overhang, serious_faults
from tests.e2e.conftest import RunningThor, wait_until

pytestmark = pytest.mark.browser

TOLD_LIMIT_MS = 60_000
"""The mock crosses a price it stands at sooner or later, and usually at once."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def mock_thor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    with RunningThor(tmp_path_factory.mktemp("alerts") / "state") as running:
        wait_until(lambda: len(running.quotes()) == 11, "every future is quoted")
        add_users(running, otto="operator", vera="viewer")
        yield running


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who is not logged in."""
    context = browser.new_context(viewport=DESKTOP, color_scheme="dark")
    yield context
    context.close()


@pytest.fixture
def operator(browser: Browser, mock_thor: RunningThor) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP, color_scheme="dark")
    page = context.new_page()
    log_in(page, mock_thor, "otto", "/alerts")
    page.close()
    yield context
    context.close()


def rule_row(page: Page, name: str) -> Locator:
    return page.get_by_role("list", name="Rules").get_by_role("listitem").filter(has_text=name)


async def quote_above(running: RunningThor, price: Decimal) -> None:
    """Publish one quote of ES into the made-up market."""
    bus = Bus.from_url(json.loads((running.state / "servers.json").read_text())["redis_url"])
    quote = {"symbol": "ES", "ts": datetime.now(UTC).isoformat(), "source": "MOCK", "last": float(price)}
    await bus.publish("MOCK", [json.dumps(quote).encode()], retention_s=3_600)
    await bus.close()


def test_a_crossing_is_told_live_to_everybody_and_acknowledged_by_one(
    reader: BrowserContext, operator: BrowserContext, mock_thor: RunningThor
) -> None:
    onlooker, page = opened(reader, mock_thor, "/alerts"), opened(operator, mock_thor, "/alerts")
    level = mock_thor.quotes("ES")[0]["last"]
    page.get_by_role("button", name="New rule").click()
    form = page.get_by_role("form", name="New rule")
    form.get_by_label("Name").fill("Crossing")
    form.get_by_label("Symbols").fill("es")
    form.get_by_label("Level").fill(str(level))
    form.get_by_label("Severity").select_option("critical")
    form.get_by_label("Only once").check()
    form.get_by_role("button", name="Make the rule").click()
    expect(rule_row(page, "Crossing")).to_contain_text(f"When ES rises above {Decimal(str(level)).normalize():f}")
    told = onlooker.get_by_role("list", name="Alerts").get_by_role("listitem").filter(has_text="Crossing")
    with ThreadPoolExecutor() as beside:
        for _ in range(30):
            # The made-up market may stay below for minutes.
            beside.submit(asyncio.run, quote_above(mock_thor, Decimal(str(level)) + 50)).result()
            with suppress(AssertionError):
                expect(told).to_be_visible(timeout=1_000)
                break
    for seen in (page, onlooker):
        told = seen.get_by_role("list", name="Alerts").get_by_role("listitem").filter(has_text="Crossing")
        expect(told).to_contain_text(re.compile(r"ES is above [\d.]+ \(MOCK\)"), timeout=TOLD_LIMIT_MS)
        expect(told).to_contain_text(re.compile(r"value [\d.]+ · rule version 1 · event \d+-\d+"))
        expect(seen.get_by_role("log", name="Messages")).to_contain_text("(MOCK)")
    # It was told once, and has switched itself off.
    expect(rule_row(page, "Crossing")).to_contain_text("off")
    expect(onlooker.get_by_role("button", name=re.compile("^Acknowledge: ES is above"))).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Acknowledge: ES is above")).click()
    for seen in (page, onlooker):
        told = seen.get_by_role("list", name="Alerts").get_by_role("listitem").filter(has_text="Crossing")
        expect(told).to_contain_text("Acknowledged by otto")
    (stored,) = [it for it in mock_thor.get("/api/notifications", kind="threshold").json() if it["symbol"] == "ES"]
    assert (stored["mark"], Decimal(stored["value"]) > Decimal(str(level))) == ("MOCK", True)


def test_rules_are_changed_switched_off_and_removed_and_faults_stand_at_their_field(
    operator: BrowserContext, mock_thor: RunningThor
) -> None:
    page = opened(operator, mock_thor, "/symbol/ZB")
    page.get_by_role("link", name="Alert me").click()
    form = page.get_by_role("form", name="New rule")
    expect(form.get_by_label("Symbols")).to_have_value("ZB")
    form.get_by_label("Name").fill("Lost sources")
    form.get_by_label("Level").fill("a lot")
    form.get_by_role("button", name="Make the rule").click()
    expect(form.get_by_label("Level")).to_have_accessible_description(re.compile("decimal", re.IGNORECASE))
    form.get_by_label("Level").fill("118.328125")
    form.get_by_role("button", name="Make the rule").click()
    expect(form.get_by_label("Name")).to_have_accessible_description(re.compile("already"))
    form.get_by_label("Name").fill("Bonds")
    form.get_by_role("button", name="Make the rule").click()
    expect(form).to_have_count(0)
    row = rule_row(page, "Bonds")
    expect(row).to_contain_text("version 1 by otto")
    page.get_by_role("button", name="Change: Bonds").click()
    form = page.get_by_role("form", name="Change Bonds")
    expect(form.get_by_label("Level")).to_have_value("118.328125")
    form.get_by_label("When").select_option("signal")
    form.get_by_label("Strong sell").check()
    form.get_by_role("button", name="Keep it").click()
    expect(row).to_contain_text("When ZB becomes strong sell")
    expect(row).to_contain_text("version 2")
    page.get_by_role("button", name="Switch off: Bonds").click()
    expect(page.get_by_role("button", name="Switch on: Bonds")).to_be_visible()
    page.get_by_role("button", name="Remove: Bonds").click()
    page.get_by_role("button", name="Remove for good: Bonds").click()
    expect(row).to_have_count(0)


def test_a_rule_is_written_by_keys_alone(operator: BrowserContext, mock_thor: RunningThor) -> None:
    page = opened(operator, mock_thor, "/")
    page.keyboard.press("Control+k")
    page.keyboard.type("alerts")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{mock_thor.url}/alerts")
    page.get_by_role("button", name="New rule").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("By keys")
    page.keyboard.press("Tab")
    page.keyboard.type("Source")
    page.keyboard.press("Tab")
    page.keyboard.type("tos")
    page.keyboard.press("Enter")
    expect(rule_row(page, "By keys")).to_contain_text("When TOS is not heard for 10 s")


def test_filters_and_the_cursor(reader: BrowserContext, mock_thor: RunningThor) -> None:
    page = opened(reader, mock_thor, "/alerts")
    listed = page.get_by_role("list", name="Alerts").get_by_role("listitem")
    expect(listed.filter(has_text="is verified through").first).to_be_visible()
    page.get_by_label("Kind").select_option("missed_trigger")
    expect(page.get_by_text("Nothing fits the filter.")).to_be_visible()
    page.get_by_label("Kind").select_option("horizon")
    expect(listed).to_have_count(6)
    newest = mock_thor.get("/api/notifications", kind="horizon", limit="2").json()
    older = mock_thor.get("/api/notifications", kind="horizon", limit="9", before=str(newest[-1]["id"])).json()
    assert len(older) == 4
    assert max(it["id"] for it in older) < newest[-1]["id"]


def test_whoever_may_not_write_is_told_how_and_refused_by_the_server(
    reader: BrowserContext, mock_thor: RunningThor
) -> None:
    page = opened(reader, mock_thor, "/alerts")
    expect(page.get_by_role("link", name="Log in")).to_have_attribute("href", "/login?next=%2Falerts")
    expect(page.get_by_role("button", name="New rule")).to_have_count(0)
    vera = logged_in(mock_thor.url, "vera")
    otto = logged_in(mock_thor.url, "otto")
    rule = {"name": "x", "kind": "horizon"}
    assert vera.post("/api/alerts/rules", json=rule).status_code == 403
    assert vera.post("/api/notifications/acknowledge", json={"ids": [1]}).status_code == 403
    token = otto.headers.pop("X-CSRFToken")
    assert otto.post("/api/alerts/rules", json=rule).json()["code"] == "bad_csrf_token"
    otto.headers["X-CSRFToken"] = token
    for wrong in (
        {"name": "x", "kind": "threshold", "symbols": ["ES"]},
        {"name": "x", "kind": "threshold", "symbols": ["e s"], "limit": "1"},
        {"name": "x", "kind": "threshold", "symbols": ["ES"], "limit": "NaN"},
        {"name": "x", "kind": "threshold", "symbols": ["ES"], "limit": "9000000001"},
        {"name": "x", "kind": "threshold", "symbols": ["ES"], "limit": "1.0000000001"},
        {"name": "x", "kind": "threshold", "symbols": ["ES"], "limit": "1", "side": "beyond"},
        {"name": "x", "kind": "signal", "symbols": ["ES"]},
        {"name": "x", "kind": "opens", "markets": ["NOWHERE"]},
        {"name": "x", "kind": "stale_feed", "symbols": ["TOTAL"]},
        {"name": "x", "kind": "horizon", "once": True},
        {"name": " ", "kind": "horizon"},
        {"name": "x\u0000", "kind": "horizon"},
    ):
        answer = otto.post("/api/alerts/rules", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_parameter"), wrong
    assert otto.put("/api/alerts/rules/999999", json=rule).json()["code"] == "no_such_rule"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(operator: BrowserContext, mock_thor: RunningThor, scheme: str) -> None:
    page = opened(operator, mock_thor, "/alerts?symbol=ES")
    page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
    expect(page.get_by_role("list", name="Alerts").get_by_role("listitem").first).to_be_visible()
    page.get_by_label("When").select_option("signal")
    assert serious_faults(page) == []


@pytest.mark.parametrize("size", PHONES)
def test_nothing_is_wider_than_a_phone(operator: BrowserContext, mock_thor: RunningThor, size: Any) -> None:
    page = opened(operator, mock_thor, "/alerts?symbol=ES")
    page.set_viewport_size(size)
    expect(page.get_by_role("list", name="Alerts").get_by_role("listitem").first).to_be_visible()
    assert overhang(page) == 0
