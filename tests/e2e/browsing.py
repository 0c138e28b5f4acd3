"""What tests of pages share: a page that is there, a login, what axe says, and the width of a phone."""

from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

from tests.contract.accounts import PASSWORD
from tests.e2e.conftest import RunningThor

__all__ = ["DESKTOP", "PHONES", "log_in", "opened", "overhang", "serious_faults"]

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP: Any = {"width": 1440, "height": 900}
PHONES: Any = [{"width": 390, "height": 844}, {"width": 360, "height": 780}]


def opened(context: BrowserContext, running: RunningThor, path: str = "/") -> Page:
    """A page with its heading, whatever the feed does."""
    page = context.new_page()
    page.goto(running.url + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def log_in(page: Page, running: RunningThor, name: str, back: str) -> None:
    """Through the login page, which leads to where the reader wanted to go."""
    page.goto(f"{running.url}/login?next={back}")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def serious_faults(page: Page) -> list[str]:
    """What axe calls serious or critical: rule and place."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {violation['nodes'][0]['target']} {violation['nodes'][0]['failureSummary']}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]


def overhang(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return max(0, wider)
