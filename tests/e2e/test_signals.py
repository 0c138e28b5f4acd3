"""What an operator does with signals: edits a threshold and sees it on the page, adds a contract by one row."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import RunningThor, clean_environment, thor, wait_until
from tests.e2e.test_page import DESKTOP, browser, opened

__all__ = ["browser"]

pytestmark = pytest.mark.browser

CHECKOUT = Path(__file__).parent.parent.parent
PASSWORD = "a password of this test alone"
MES = """
[[instrument]]
symbol = "MES"
name = "Micro E-mini S&P 500"
asset_class = "future"
exchange = "CME"
market = "GLOBEX_EQUITY"
tick = "0.25"
tick_value = "1.25"
multiplier = "5"
display = 2
preferred = "TOS"
names = { TOS = "/MES:XCME", SCHWAB = "/MES" }
category = "Equity indices"
stat_values = { buy = "1", strong_buy = "6", weight = "0.5" }
target = "2"
"""


def log_in(page: Page, running: RunningThor) -> None:
    environment = clean_environment() | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    command = [*thor("manage"), "--state", str(running.state), "createsuperuser", "--no-input"]
    subprocess.run(
        [*command, "--username", "ada", "--email", "ada@example.org"], env=environment, check=True, capture_output=True
    )
    page.goto(f"{running.url}/admin/")
    page.fill("#id_username", "ada")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    expect(page.get_by_text("Instruments and signals").first).to_be_visible()


def set_stat_values(page: Page, running: RunningThor, symbol: str, values: dict[str, str]) -> None:
    """Edit an instrument as a person does."""
    page.goto(f"{running.url}/admin/futuretrading/tradinginstrument/?q={symbol}")
    page.locator("#result_list th a", has_text=re.compile(f"^{symbol}$")).click()
    rows = page.locator("tr.dynamic-stat_values")
    expect(rows).to_have_count(len(values))
    for row in rows.all():
        signal = row.locator("select").input_value()
        row.locator("input[name$=-value]").fill(values[signal])
    page.click("input[name=_save] >> nth=0")
    expect(page.locator(".messagelist .success")).to_be_visible()


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    with RunningThor(tmp_path_factory.mktemp("signals") / "state") as running:
        yield running


def test_an_edited_threshold_decides_the_next_event(browser: Browser, moving: RunningThor) -> None:
    page, complaints = opened(browser, moving, DESKTOP)
    row = page.locator("tbody tr", has_text=re.compile("^ES"))
    admin = browser.new_page()
    log_in(admin, moving)
    never = {"STRONG_BUY": "90001", "BUY": "90000", "HOLD": "0", "SELL": "-90000", "STRONG_SELL": "-90001"}
    set_stat_values(admin, moving, "ES", never)
    expect(row).to_contain_text(re.compile("hold", re.IGNORECASE))
    always = {"STRONG_BUY": "-90000", "BUY": "-90001", "HOLD": "-90002", "SELL": "-90003", "STRONG_SELL": "-90004"}
    set_stat_values(admin, moving, "ES", always)
    expect(row).to_contain_text(re.compile("strong buy", re.IGNORECASE))
    (record,) = moving.quotes("ES")
    assert (record["signal"], record["stat_value"]) == ("STRONG_BUY", -90_000)
    assert complaints == []
    admin.goto(f"{moving.url}/admin/futuretrading/configurationchange/?q=ES")
    expect(admin.locator("#result_list")).to_contain_text("value: 90001")
    expect(admin.locator("#result_list")).to_contain_text("ada")
    admin.goto(f"{moving.url}/admin/futuretrading/tradingsignal/accuracy/?by=symbol&mock=1")
    expect(admin.get_by_role("heading", name="How signals turned out")).to_be_visible()
    admin.close()
    page.close()


@pytest.fixture
def with_mes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of Thor whose registry has one row more, which the processes of this test run."""
    copy = tmp_path / "thor"
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("thor_web", "collectors"):
        shutil.copytree(CHECKOUT / package, copy / package, ignore=ignored)
    with (copy / "collectors" / "instruments.toml").open("a", encoding="utf-8") as registry:
        registry.write(MES)
    monkeypatch.setenv("PYTHONPATH", str(copy))
    monkeypatch.chdir(copy)
    return tmp_path


def recording(path: Path) -> Path:
    """Two quotes of the new contract."""
    quotes = [
        {
            "symbol": "MES",
            "ts": f"2025-06-11T14:00:0{second}Z",
            "source": "TOS",
            "last": 6_000 + second,
            "bid": 6_000 + second - 0.25,
            "ask": 6_000 + second + 0.25,
            "lastSize": 1,
            "bidSize": 1,
            "askSize": 1,
            "meta": {"netChange": 6 + second, "volume": 100 + second},
        }
        for second in (0, 1)
    ]
    path.write_text("".join(json.dumps(quote) + "\n" for quote in quotes), encoding="utf-8")
    return path


def test_one_row_adds_a_contract(browser: Browser, with_mes: Path) -> None:
    source = f"replay:{recording(with_mes / 'mes.jsonl')}"
    with RunningThor(with_mes / "state", "--source", source, "--speed", "max") as running:
        wait_until(lambda: [quote["last"] for quote in running.quotes()] == [6_001], "both quotes were merged")
        mes = running.get("/api/instruments").json()[-1]
        assert (mes["symbol"], mes["weight"], mes["stat_values"]["STRONG_BUY"]) == ("MES", "0.5", "6")
        (record,) = running.quotes("MES")
        assert (record["signal"], record["display"]["last"], record["contract_weight"]) == (
            "STRONG_BUY",
            "6001.00",
            0.5,
        )
        latest = running.get("/api/quotes/latest/").json()
        assert [row["symbol"] for row in latest["rows"]] == ["MES"]
        assert (latest["total"]["n_expected"], latest["total"]["contributions"]) == (12, {"MES": 1})
        assert running.get("/api/signals").json()["signals"][0]["symbol"] == "MES"
        (event,) = running.events(1, symbols="MES", enrich="1")
        assert json.loads(event.data)["symbol"] == "MES"

        def recorded() -> bool:
            bars = running.get("/api/bars", symbol="MES", interval="1d").json()["bars"]
            history = running.get("/api/signals/history", symbol="MES").json()["items"]
            return [bar["events"] for bar in bars] == [2] and [it["signal"] for it in history] == ["STRONG_BUY", "BUY"]

        wait_until(recorded, "bars and signals of the new contract are recorded")
        page, complaints = opened(browser, running, DESKTOP)
        row = page.locator("tbody tr", has_text=re.compile("^MES"))
        expect(row).to_contain_text("6001.00")
        expect(row).to_contain_text(re.compile("strong buy", re.IGNORECASE))
        assert complaints == []
        page.close()
