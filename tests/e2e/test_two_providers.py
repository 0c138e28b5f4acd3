"""thinkorswim and Schwab at once on the same symbols, and the plug of either pulled: the page's source badge tells.

The E-mini S&P prefers thinkorswim as its row says, the Nasdaq prefers Schwab by configuration. Both ends are local:
Excel is a simulation that plays a recording of now, Schwab a server on this machine over TLS.
"""

import asyncio
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest
from playwright.sync_api import Browser, Locator, expect

from collectors.sources.schwab.tokens import FileTokenStore, Tokens
from tests.certificates import Authority, make_authority
from tests.e2e.conftest import RunningThor, clean_environment, thor, wait_until
from tests.e2e.test_page import DESKTOP, browser, opened
from tests.schwab_server import APP_KEY, APP_SECRET, FUTURES, LocalSchwab, local_schwab
from tests.unit.collectors.com_recordings import HEADERS, row, write_recording

__all__ = ["browser"]

pytestmark = pytest.mark.browser
STALENESS_S = 5.0
SEEN_S = 5.0
"""What a busy machine takes beyond the limit to publish, merge and draw the other source's next quote."""
PATIENCE_MS = 30_000


class RunningSchwab:
    """A local Schwab in a thread of its own, whose E-minis move all the time."""

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run()))
        self.server = LocalSchwab()

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(30)
        self._loop.close()

    def unplug(self) -> None:
        """The sockets break, and nobody gets in any more."""
        self.server.answers["/trader/v1/userPreference"] = [(503, {})] * 1_000
        self._loop.call_soon_threadsafe(self.server.drop)

    def plug_in(self) -> None:
        """Whoever asks is served again."""
        self.server.answers.clear()

    def fall_silent(self) -> None:
        """The sockets stay open and say nothing, not even heartbeats."""
        self._loop.call_soon_threadsafe(self.server.fall_silent)

    def speak(self) -> None:
        """The silent sockets go on."""
        self._loop.call_soon_threadsafe(self.server.speak)

    async def _run(self) -> None:
        self._end = asyncio.Event()
        async with local_schwab(self._authority) as self.server:
            self._ready.set()
            at = 0
            while not self._end.is_set():
                at += 1
                now_ms = time.time_ns() // 1_000_000
                moving = at % 2 / 4
                await self.server.quote(FUTURES, "/ES", _1=5000.25, _2=5000.75, _3=5000.5 + moving, _11=now_ms)
                await self.server.quote(FUTURES, "/NQ", _1=9000.25, _2=9000.75, _3=9000.5 + moving, _11=now_ms)
                await asyncio.sleep(0.2)


@contextmanager
def collector(running: RunningThor, *arguments: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """`thor collect` beside that Thor, killed at the end: its plug is pulled."""
    started = subprocess.Popen(
        [*thor("collect"), *arguments, "--state", str(running.state)],
        env=clean_environment() | environment,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@contextmanager
def excel(running: RunningThor, folder: Path) -> Iterator[None]:
    """thinkorswim's sheet from now on for two minutes: ES at 6700, NQ at 8000, VX at 20."""
    reads = [[HEADERS, row(Last=6_700.0 + at % 4, Bid=6_699.75, Ask=6_704.0), row(Symbol="VX", Last=20.0 + at % 3),
              row(Symbol="NQ", Last=8_000.0 + at % 4, Bid=7_999.75, Ask=8_004.0)] for at in range(600)]  # fmt: skip
    recording = write_recording(folder / "com.jsonl", reads, starts_us=time.time_ns() // 1_000)
    with collector(running, "excel_live", "--replay-com", str(recording)):
        yield


def badge_is(row_of_page: Locator, source: str, *, within_s: float = PATIENCE_MS / 1_000) -> None:
    """Wait until the row says that source."""
    expect(row_of_page).to_contain_text(source, timeout=within_s * 1_000)


def test_either_plug_may_be_pulled_and_the_page_says_who_stands(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFERRED_SOURCES", "NQ=SCHWAB")
    authority = make_authority(tmp_path)
    with RunningThor(tmp_path / "state", "--source", "none") as running, RunningSchwab(authority) as schwab:
        page, complaints = opened(browser, running, DESKTOP)
        es, nq, vx = (
            page.locator("tbody tr").filter(has_text=name) for name in ("E-mini S&P 500", "E-mini Nasdaq-100", "VIX")
        )
        with collector(running, "schwab", **settings_of(schwab, running, authority)):
            badge_is(es, "SCHWAB")
            expect(es).to_contain_text("5000.")
            with excel(running, tmp_path):
                badge_is(es, "TOS")
                expect(es).to_contain_text("6700.")
                expect(vx).to_contain_text("TOS", timeout=PATIENCE_MS)
                expect(nq).to_contain_text("SCHWAB")
            badge_is(es, "SCHWAB", within_s=STALENESS_S + SEEN_S)
            expect(es).to_contain_text("5000.")
            expect(vx).to_contain_text("TOS")  # Schwab has no VX: the old quote stays and says that it is stale
            with excel(running, tmp_path):
                badge_is(es, "TOS")
                schwab.fall_silent()
                badge_is(nq, "TOS", within_s=STALENESS_S + SEEN_S)
                expect(nq).to_contain_text("8000.")
                expect(es).to_contain_text("TOS")
                schwab.speak()
                badge_is(nq, "SCHWAB")
                schwab.unplug()
                badge_is(nq, "TOS", within_s=STALENESS_S + SEEN_S)
                wait_until(lambda: status_of(running, "SCHWAB") in {"waiting", "connecting"}, "Schwab is lost")
                schwab.plug_in()
                badge_is(nq, "SCHWAB")
                expect(nq).to_contain_text("9000.")
                wait_until(lambda: status_of(running, "SCHWAB") == "live", "Schwab is back")
                expect(es).to_contain_text("TOS")
            badge_is(es, "SCHWAB")
        assert complaints == []
        page.close()


def settings_of(schwab: RunningSchwab, running: RunningThor, authority: Authority) -> dict[str, str]:
    """What a collector needs to be logged in there."""
    tokens = running.state / "schwab-tokens.json"
    FileTokenStore(tokens).save(Tokens.from_login(schwab.server.issue(), time.time()))
    return {
        "SCHWAB_APP_KEY": APP_KEY,
        "SCHWAB_APP_SECRET": APP_SECRET,
        "SCHWAB_API_URL": schwab.server.api_url,
        "SCHWAB_CA_FILE": str(authority.ca_file),
        "SCHWAB_TOKENS": str(tokens),
    }


def status_of(running: RunningThor, source: str) -> str:
    """The provider's status as the API tells it."""
    providers = running.get("/api/providers").json()
    return next((str(provider["status"]) for provider in providers if provider["source"] == source), "missing")
