"""The dashboard in headless chromium beside the naive design, on the same market in the same job.

What counts is what the browser does: frames drawn, time between them, how busy the page's own thread is, how old the
price is that stands on the page. Costs, so less is better: frames are told as milliseconds a frame.
"""

import asyncio
import json
import re
import statistics
import subprocess
import sys
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
WHOLE: Final = 5_000
"""Events of one symbol a second, each of them told."""
SECONDS: Final = 20
HEAP_S: Final = 60.0
FRONTEND: Final = ROOT / "frontend"
NAIVE: Final = FRONTEND / "node_modules" / ".cache" / "naive"
DASHBOARD: Final = ROOT / "thor_web" / "dashboard"

GRID_CELL: Final = f'[data-symbol="{PROBE}"] [data-column="last"]'
TAPE_CELL: Final = 'section[aria-label="Tape"] tbody td[data-direction]'
"""Where the probe's price stands: in the grid, and as the newest line of its tape."""

WATCH: Final = """
([place, clock]) => {
  const seen = { frames: [], long: 0, ages: [], before: performance.now(), told: '' };
  window.seen = seen;
  new PerformanceObserver((list) => {
    for (const task of list.getEntries()) seen.long += task.duration;
  }).observe({ type: 'longtask' });
  const frame = (now) => {
    seen.frames.push(now - seen.before);
    seen.before = now;
    const text = /[\\d.]*$/.exec(document.querySelector(place)?.textContent ?? '')[0];
    if (text !== seen.told) {
      seen.told = text;
      if (seen.frames.length > 1) seen.ages.push((Date.now() % clock) - Number(text));
    }
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}
"""


FIRST_PRICE: Final = """
(function look() {
  const cell = document.querySelector(PLACE);
  // Drawn means that the frame after it has come.
  if (/\\d/.test(cell?.textContent ?? '')) requestAnimationFrame(() => { window.firstPrice = performance.now(); });
  else requestAnimationFrame(look);
})();
"""
"""When the first price stands on the page, milliseconds after the navigation began."""


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


def opened(browser: Browser, address: str, place: str) -> Page:
    """A page on which the probe is drawn, in a browser context of its own."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(FIRST_PRICE.replace("PLACE", json.dumps(place)))
    page.goto(address)
    cell = page.locator(place).first
    wait_until(lambda: cell.count() == 1 and re.search(r"\d$", cell.inner_text()) is not None, "the probe is drawn")
    return page


def watched(browser: Browser, address: str, place: str = GRID_CELL) -> Seen:
    """Open a page, let it settle, watch it."""
    page = opened(browser, address, place)
    context = page.context
    page.wait_for_timeout(3_000)
    session = context.new_cdp_session(page)
    # The thread's own time: what others on the machine take from it is not its work.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    started = metrics(session)
    page.evaluate(WATCH, [place, CLOCK_MS])
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


def whole_stream() -> list[Measured]:
    """Every event of one symbol at 5,000 a second, on its page: how old the tape's newest line is."""
    with served(Market(WHOLE)) as address, launched_chromium() as browser:
        seen = watched(browser, f"{address}/symbol/{PROBE}", TAPE_CELL)
    note = f"{seen.frames_per_s:.0f} frames/s, {seen.busy:.0%} busy"
    return [Measured("dashboard-age-whole-p99", seen.age_p99, 30.0, "30 ms", "ms", note=note)]


def interactive() -> list[Measured]:
    """From the navigation to the first price, with 500 symbols and nothing cached: the middle of five."""
    taken = []
    with served(Market(FAST)) as address, launched_chromium() as browser:
        for _ in range(5):
            page = opened(browser, address, GRID_CELL)
            taken.append(float(page.evaluate("window.firstPrice")))
            page.context.close()
    return [Measured("dashboard-interactive", statistics.median(taken), 1_000.0, "1 s", "ms")]


def heap(seconds: float = HEAP_S) -> list[Measured]:
    """What the page's heap grows by, collected before and after; `python -m benchmarks.dashboard heap` takes 10 min."""
    with served(Market(FAST)) as address, launched_chromium() as browser:
        page = opened(browser, address, GRID_CELL)
        page.wait_for_timeout(15_000)
        session = page.context.new_cdp_session(page)
        before = heap_kib(session)
        page.wait_for_timeout(seconds * 1_000)
        grown = heap_kib(session) - before
        page.context.close()
    note = f"{grown:+.0f} KiB of {before:.0f} in {seconds:.0f} s"
    # A heap may as well shrink; one KiB stands for that.
    return [Measured("dashboard-heap-growth", max(1.0, grown), 1_024.0, "1 MiB", "KiB", note=note)]


def heap_kib(session: Any) -> float:
    """What is left after two collections."""
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1_024


BENCHMARKS: Final[dict[str, Callable[[], list[Measured]]]] = {
    "frames": frames,
    "whole-stream": whole_stream,
    "interactive": interactive,
    "heap": heap,
}


def main() -> None:
    """The growth of the heap over ten minutes, or each figure of one run, for looking at."""
    if "heap" in sys.argv[1:]:
        print(heap(600.0)[0])
        return
    build_naive()
    with served(Market(FAST)) as address, launched_chromium() as browser:
        print("thor ", watched(browser, address))
        print("naive", watched(browser, f"{address}/naive/index.html"))


if __name__ == "__main__":
    main()
