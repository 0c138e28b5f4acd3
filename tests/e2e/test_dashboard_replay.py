"""Yesterday told again in a real chromium: played, stopped, stepped, moved back, by mouse and keys, on a phone too."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.chromium import launched_chromium
from tests.e2e.browsing import DESKTOP, PHONES, opened, overhang, serious_faults
from tests.e2e.conftest import RunningThor, wait_until
from tests.e2e.stored_day import day_before, store_part

pytestmark = pytest.mark.browser

START = time(14, 30)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def day() -> date:
    return day_before()


@pytest.fixture(scope="module")
def thor_with_yesterday(tmp_path_factory: pytest.TempPathFactory, day: date) -> Iterator[RunningThor]:
    with RunningThor(tmp_path_factory.mktemp("replay") / "state") as running:
        store_part(running, day, start=START, minutes=10)
        wait_until(lambda: len(running.quotes()) == 11, "every future is quoted now, too")
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport=DESKTOP, color_scheme="dark", timezone_id="UTC", locale="en-US", reduced_motion="reduce"
    )
    yield context
    context.close()


def replayed(context: BrowserContext, running: RunningThor, day: date, **search: str) -> Page:
    """The page with the day's first instant on it."""
    query = "&".join(f"{name}={value}" for name, value in {"date": day.isoformat(), **search}.items())
    page = opened(context, running, f"/replay?{query}")
    expect(controls(page).get_by_role("status")).to_have_text("")
    return page


def controls(page: Page) -> Locator:
    return page.get_by_role("region", name="Replay controls")


def banner(page: Page) -> Locator:
    return page.get_by_role("note").filter(has_text="REPLAY")


def row(page: Page, symbol: str) -> Locator:
    return page.locator(f'tr[data-symbol="{symbol}"]')


def clock(page: Page, day: date) -> datetime:
    """What the banner's clock reads."""
    text = re.search(r"(\w{3} \d+), (\d\d:\d\d:\d\d)", banner(page).inner_text())
    assert text
    return datetime.strptime(f"{day.year} {text[1]} {text[2]}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)


def seek(page: Page, instant: datetime) -> None:
    """Move the slider as a drag would."""
    slider = page.get_by_role("slider", name="Time of the day")
    slider.fill(str(round(instant.timestamp() * 1_000)))
    expect(slider).to_have_attribute("aria-valuetext", re.compile(f"{instant:%H:%M:%S}"))
    expect(banner(page)).to_contain_text(f"{instant:%H:%M:%S}")
    expect(controls(page).get_by_role("status")).to_have_text("")


def at(day: date, minute: int, second: int = 0) -> datetime:
    return datetime.combine(day, time(14, 30 + minute, second), UTC)


def test_yesterday_plays_and_stops_under_a_banner_that_names_it(
    context: BrowserContext, thor_with_yesterday: RunningThor, day: date
) -> None:
    page = replayed(context, thor_with_yesterday, day)
    expect(banner(page)).to_contain_text(f"REPLAY of {day:%a, %b} {day.day}, {day.year}")
    assert clock(page, day) == at(day, 0)
    expect(row(page, "ES")).to_have_attribute("data-empty", "true")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(page.locator("tbody tr[data-empty=true]")).to_have_count(0, timeout=20_000)
    expect(row(page, "ES").locator('[data-column="source"]')).to_have_text("MOCK")
    expect(row(page, "ES").locator('[data-column="age"]')).to_have_text(re.compile(r"now|\ds"))
    page.get_by_role("button", name="Pause").click()
    stopped = banner(page).inner_text()
    total = page.get_by_role("region", name="TOTAL, the composite").inner_text()
    assert "11 of 11" in total
    page.wait_for_function("new Promise((resolve) => setTimeout(() => resolve(true), 1500))")
    assert banner(page).inner_text() == stopped
    assert page.get_by_role("region", name="TOTAL, the composite").inner_text() == total
    # However far the page is scrolled.
    page.mouse.wheel(0, 5_000)
    expect(banner(page)).to_be_in_viewport()


def test_what_stands_there_is_what_the_server_told_up_to_then(
    context: BrowserContext, thor_with_yesterday: RunningThor, day: date
) -> None:
    page = replayed(context, thor_with_yesterday, day)
    instant = at(day, 5)
    seek(page, instant)
    ticks = thor_with_yesterday.get(
        "/api/thordata/asof", symbols="ES", at=at(day, 4, 59).replace(microsecond=999_999).isoformat()
    ).json()["items"]
    last = row(page, "ES").locator('[data-column="last"]')
    expect(last).to_have_text(f"{ticks[0]['last']:.2f}")
    # Back: what was known at 14:35 is forgotten.
    seek(page, at(day, 0))
    expect(row(page, "ES")).to_have_attribute("data-empty", "true")
    expect(page.get_by_role("region", name="Tape").first).to_contain_text("The next event stands here.")


def test_a_step_goes_to_the_next_event_and_the_tape_has_it(
    context: BrowserContext, thor_with_yesterday: RunningThor, day: date
) -> None:
    page = replayed(context, thor_with_yesterday, day, symbol="ES")
    step = page.get_by_role("button", name="Step to the next event")
    tape = page.get_by_role("region", name="Tape").locator("tbody tr")
    told = 0
    # Not every event is one of ES.
    while tape.count() < 3:
        step.click()
        expect(controls(page).get_by_role("status")).to_have_text("")
        told += 1
        assert told < 60
    stored = thor_with_yesterday.get(
        "/api/thordata/ticks", symbol="ES", start=at(day, 0).isoformat(), end=at(day, 9).isoformat(), limit="3"
    ).json()["items"]
    times = [line.locator("td").first.inner_text() for line in tape.all()]
    expected = [datetime.fromisoformat(item["ts"]).strftime("%H:%M:%S.%f")[:-3] for item in reversed(stored)]
    assert times == expected


def test_speed_and_the_end_of_the_day(context: BrowserContext, thor_with_yesterday: RunningThor, day: date) -> None:
    page = replayed(context, thor_with_yesterday, day)
    page.get_by_label("Speed").select_option("60")
    page.get_by_role("button", name="Play", exact=True).click()
    wait_until(lambda: clock(page, day) >= at(day, 3), "three minutes go by in some seconds", limit_s=30)
    page.get_by_label("Speed").select_option("as fast as it goes")
    expect(controls(page).get_by_role("status")).to_contain_text("last tick has been told", timeout=20_000)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert at(day, 9, 50) <= clock(page, day) <= at(day, 11)


def test_the_countdown_runs_on_the_day_s_clock(
    context: BrowserContext, thor_with_yesterday: RunningThor, day: date
) -> None:
    page = replayed(context, thor_with_yesterday, day)
    session = thor_with_yesterday.get("/api/session", market="GLOBEX_EQUITY", at=at(day, 5).isoformat()).json()
    left = datetime.fromisoformat(session["next_transition_at"]) - at(day, 5)
    seek(page, at(day, 5))
    hours, seconds = divmod(round(left.total_seconds()), 3_600)
    expect(controls(page)).to_contain_text(f"closes in {hours:02}:{seconds // 60:02}:{seconds % 60:02}")


def test_keys_alone_lead_through_a_replay(context: BrowserContext, thor_with_yesterday: RunningThor, day: date) -> None:
    page = opened(context, thor_with_yesterday)
    page.keyboard.press("Control+k")
    page.keyboard.type("replay")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Replay")
    page.get_by_label("Day", exact=True).focus()
    page.keyboard.press("ArrowDown")  # from today, which is being stored, to the day before
    expect(page).to_have_url(re.compile(f"date={day}"))
    expect(controls(page).get_by_role("status")).to_have_text("")
    page.get_by_role("button", name="Back a minute").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    slider = page.get_by_role("slider", name="Time of the day")
    slider.focus()
    before = clock(page, day)
    page.keyboard.press("ArrowRight")
    wait_until(lambda: 59 <= (clock(page, day) - before).total_seconds() <= 62, "a minute on")
    # In the list, Enter chooses whose tape is shown.
    page.get_by_role("grid").get_by_role("columnheader").first.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_label("Tape of")).to_have_value("NQ")


def test_a_day_without_ticks_is_said_to_have_none(context: BrowserContext, thor_with_yesterday: RunningThor) -> None:
    page = opened(context, thor_with_yesterday, "/replay?date=2020-03-02")
    expect(page.get_by_role("alert")).to_contain_text("there are no ticks of 2020-03-02")
    expect(page.get_by_label("Day", exact=True)).to_have_value("2020-03-02")


def test_a_server_that_goes_away_is_said_and_gone_on_from(
    context: BrowserContext, thor_with_yesterday: RunningThor, day: date
) -> None:
    page = replayed(context, thor_with_yesterday, day)
    page.route("**/frames**", lambda route: route.fulfill(status=503, body="{}"))
    page.get_by_role("slider", name="Time of the day").fill(str(round(at(day, 8).timestamp() * 1_000)))
    expect(controls(page).get_by_role("status")).to_contain_text("The server does not answer")
    page.unroute("**/frames**")
    expect(controls(page).get_by_role("status")).to_have_text("", timeout=15_000)
    expect(row(page, "ES")).to_have_attribute("data-empty", "false")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, *PHONES], ids=["desktop", "390", "360"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(
    browser: Browser, thor_with_yesterday: RunningThor, day: date, size: dict[str, int], scheme: str
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]  # light or dark
    page = replayed(context, thor_with_yesterday, day)
    page.get_by_role("button", name="Forward a minute").click()
    expect(page.locator("[data-symbol=ES]").first).to_have_attribute("data-empty", "false")
    assert serious_faults(page) == []
    assert overhang(page) == 0
    context.close()
