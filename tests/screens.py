"""The screenshots of docs/screens: `python -m tests.screens [PAGE ...]` makes those of the pages named, or all.

A Thor of its own plays the made-up market, with six stored weeks and what the backtest queue made of them.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page

from tests import stored_weeks
from tests.chromium import launched_chromium
from tests.contract.accounts import add_users, logged_in
from tests.e2e.browsing import DESKTOP, PHONES, log_in
from tests.e2e.conftest import RunningThor, wait_until

__all__ = ["main"]

FOLDER: Final = Path(__file__).parents[1] / "docs" / "screens"
DATES: Final = stored_weeks.DATES
RUNS: Final = "/api/thordata/backtest"
WEEKS: Final = f"from={DATES[0]}&to={DATES[-1]}"


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, and what must be seen before it is taken."""

    name: str
    path: str
    waits_for: str
    login: bool = False


SHOTS: Final = (
    Shot("live", "/", "tbody tr >> nth=10"),
    Shot("symbol", "/symbol/ES", "figure canvas"),
    Shot("clock", "/clock", "ul[aria-label=Markets] li"),
    Shot("health", "/health", "th:text-is('MOCK')"),
    Shot("settings", "/settings", "h2"),
    Shot("backtests", "/backtests", "table", login=True),
    Shot("run", "/backtests/runs/1", "svg[role=img]", login=True),
    Shot("sweep", "/backtests/sweeps/3", "table", login=True),
    Shot("compare", "/backtests/compare?ids=1,2", "svg[role=img]", login=True),
    Shot("history", f"/history?{WEEKS}&symbol=ES&date={stored_weeks.DOUBTFUL}", "figure canvas", login=True),
)


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", metavar="PAGE", help=", ".join(shot.name for shot in SHOTS))
    wanted = parser.parse_args().pages
    shots = [shot for shot in SHOTS if not wanted or shot.name in wanted]
    with _thor() as running, launched_chromium() as browser:
        session = _session(browser, running)
        for shot in shots:
            for theme in ("light", "dark"):
                for name, size in (("desktop", DESKTOP), ("phone", PHONES[0])):
                    with _reader(browser, theme, size, session if shot.login else None) as page:
                        take(page, running, shot, FOLDER / f"{shot.name}-{name}-{theme}.png")


def _session(browser: Browser, running: RunningThor) -> Any:
    """The cookies of somebody who may write."""
    context = browser.new_context()
    log_in(context.new_page(), running, "trader", "/settings")
    kept = context.storage_state()
    context.close()
    return kept


@contextmanager
def _reader(browser: Browser, theme: str, size: dict[str, int], session: Any) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="light" if theme == "light" else "dark",
        reduced_motion="reduce",
        storage_state=session,
    )
    yield context.new_page()
    context.close()


@contextmanager
def _thor() -> Iterator[RunningThor]:
    with tempfile.TemporaryDirectory(prefix="thor-screens-") as folder, RunningThor(Path(folder) / "state") as running:
        stored_weeks.fill(running, Path(folder))
        add_users(running, trader="operator")
        played(running)
        wait_until(lambda: len(running.quotes()) == 11, "every future is quoted")
        yield running


def played(running: RunningThor) -> None:
    """Two runs and a sweep, numbered 1 to 3."""
    trader = logged_in(running.url, "trader")
    asked = {"strategy": "sma_cross", "symbols": ["ES"], "start": str(DATES[0]), "end": str(DATES[-1])}
    more = {"parameters": {"short": True}, "options": {"interval_s": 300}}
    for fast, slow in ((8, 30), (12, 60)):
        parameters = {"fast": fast, "slow": slow, "short": True}
        trader.post(f"{RUNS}/runs", json=asked | more | {"parameters": parameters}).raise_for_status()
    grid = {"fast": "4:16:2", "slow": "20:80:10"}
    trader.post(f"{RUNS}/sweeps", json=asked | more | {"grid": grid}).raise_for_status()
    wait_until(lambda: running.get(f"{RUNS}/sweeps/3").json()["state"] == "done", "the queue is empty")


def take(page: Page, running: RunningThor, shot: Shot, file: Path) -> None:
    """One screenshot."""
    page.goto(running.url + shot.path)
    page.locator(shot.waits_for).first.wait_for()
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)  # a chart draws a frame or two after it is there
    page.screenshot(path=file)


if __name__ == "__main__":
    main()
