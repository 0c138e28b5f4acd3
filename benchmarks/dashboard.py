"""The dashboard in headless chromium beside the naive design, on the same market in the same job.

What counts is what the browser does: frames drawn, time between them, how busy the page's own thread is, how old the
price is that stands on the page. Costs, so less is better: frames are told as milliseconds a frame.
"""

import asyncio
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Browser, Page

from benchmarks.dashboard_market import CLOCK_MS, PROBE, Market, serve
from benchmarks.inputs import ROOT
from benchmarks.measure import Absent, Measured
from tests.chromium import launched_chromium
from tests.e2e.conftest import free_port, wait_until
from thor_web.cli.checkout import npm, tool_environment

__all__ = ["BENCHMARKS"]

FAST: Final = 20_000
"""Events a second."""
SECONDS: Final = 20
FRONTEND: Final = ROOT / "frontend"
NAIVE: Final = FRONTEND / "node_modules" / ".cache" / "naive"
DASHBOARD: Final = ROOT / "thor_web" / "dashboard"

WATCH: Final = """
([probe, clock]) => {
  const seen = { frames: [], long: 0, ages: [], before: performance.now(), told: '' };
  window.seen = seen;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.long += task.duration;
  }).observe({ type: 'longtask' });
  const frame = (now) => {
    seen.frames.push(now - seen.before);
    seen.before = now;
    const cell = document.querySelector(`[data-symbol="${probe}"] [data-column="last"]`);
    const text = cell?.textContent ?? '';
    if (text !== seen.told) {
      seen.told = text;
      if (seen.frames.length > 1) seen.ages.push((Date.now() % clock) - Number(text));
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page did for a while. Milliseconds; `busy` is the share of one thread."""

    frames_per_s: float
    frame_p95: float
    busy: float
    long_tasks: float
    age_p99: float


@contextmanager
def served(market: Market) -> Iterator[str]:
    """The market behind a server of its own thread; its address."""
    port = free_port()
    loop = asyncio.new_event_loop()
    task = loop.create_task(serve(market, {"/static/": DASHBOARD, "/naive/": NAIVE}, port))
    thread = threading.Thread(target=lambda: loop.run_until_complete(asyncio.wait([task])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(timeout=5)


def watched(browser: Browser, address: str, *, before: Callable[[Page], None] = lambda _: None) -> Seen:
    """Open a page, let it settle, watch it."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    before(page)
    page.goto(address)
    row = page.locator(f'[data-symbol="{PROBE}"] [data-column="last"]')
    wait_until(lambda: row.count() == 1 and row.inner_text().isdigit(), "the probe is drawn")
    page.wait_for_timeout(3_000)
    session = context.new_cdp_session(page)
    # The thread's own time: what others on the machine take from it is not its work.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    started = metrics(session)
    page.evaluate(WATCH, [PROBE, CLOCK_MS])
    page.wait_for_timeout(SECONDS * 1_000)
    seen: dict[str, Any] = page.evaluate("window.seen")
    ended = metrics(session)
    context.close()
    frames = sorted(seen["frames"][1:])
    ages = sorted(seen["ages"])
    return Seen(
        frames_per_s=len(frames) / (sum(frames) / 1_000),
        frame_p95=frames[int(len(frames) * 0.95)],
        busy=(ended["TaskDuration"] - started["TaskDuration"]) / (sum(frames) / 1_000),
        long_tasks=seen["long"],
        age_p99=ages[int(len(ages) * 0.99)] if ages else float("inf"),
    )


def metrics(session: Any) -> dict[str, float]:
    """Chromium's own counters of the page."""
    found: list[dict[str, Any]] = session.send("Performance.getMetrics")["metrics"]
    return {entry["name"]: entry["value"] for entry in found}


def build_naive() -> None:
    """The naive grid, built with the dashboard's own packages."""
    if not (DASHBOARD / "index.html").is_file():
        raise Absent("the dashboard is not built: ./thor up builds it")
    subprocess.run(
        [npm(), "run", "--silent", "build:naive"], cwd=FRONTEND, env=tool_environment(), check=True, capture_output=True
    )


def frames() -> list[Measured]:
    """500 symbols at 20,000 events a second: Thor's page, conflated, and the naive one, an event a message."""
    build_naive()
    with served(Market(FAST)) as address, launched_chromium() as browser:
        thor = watched(browser, address)
        naive = watched(browser, f"{address}/naive/index.html")
        note = f"naive {naive.frames_per_s:.0f} frames/s, {naive.busy:.0%} busy, age p99 {naive.age_p99:.0f} ms"
    return [
        Measured("dashboard-frames", 1_000 / thor.frames_per_s, 1_000 / naive.frames_per_s, "naive", "ms", note=note),
        Measured("dashboard-frames-58", 1_000 / thor.frames_per_s, 1_000 / 58, "58 frames/s", "ms"),
        Measured("dashboard-frame-p95", thor.frame_p95, 17.0, "17 ms", "ms"),
        Measured("dashboard-busy", thor.busy * 100, 40.0, "40 %", "%"),
        # One millisecond stands for none: a ratio needs something to divide.
        Measured("dashboard-long-tasks", thor.long_tasks + 1, 1.0, "none", "ms"),
        Measured("dashboard-age-p99", thor.age_p99, 100.0, "100 ms", "ms"),
    ]  # fmt: skip


BENCHMARKS: Final[dict[str, Callable[[], list[Measured]]]] = {"frames": frames}


def main() -> None:
    """Each figure of one run, for looking at."""
    build_naive()
    with served(Market(FAST)) as address, launched_chromium() as browser:
        print("thor ", watched(browser, address))
        print("naive", watched(browser, f"{address}/naive/index.html"))


if __name__ == "__main__":
    main()
