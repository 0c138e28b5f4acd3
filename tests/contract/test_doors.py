"""Cheap doors to what users have: TradingView's charting library, OpenBB's widgets."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import RunningThor, wait_until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    folder: Path = tmp_path_factory.mktemp("udf") / "state"
    with RunningThor(folder) as started:
        yield started


def test_a_chart_finds_its_symbol_and_its_bars(running: RunningThor) -> None:
    def asked(path: str, **query: str) -> Any:
        return running.get(f"/api/udf/{path}", **query).json()

    assert asked("config")["supports_search"] is True
    assert abs(int(running.get("/api/udf/time").text) - time.time()) < 5
    assert [found["symbol"] for found in asked("search", query="e-mini")][:2] == ["YM", "ES"]
    es, zb = asked("symbols", symbol="MOCK:ES"), asked("symbols", symbol="ZB")
    assert (es["ticker"], es["minmov"], es["pricescale"]) == ("MOCK:ES", 25, 100)
    assert (zb["minmov"], zb["pricescale"], zb["type"]) == (1, 32, "futures")
    assert asked("symbols", symbol="NOSUCH") == {"s": "error", "errmsg": "unknown_symbol"}

    def bars(**query: str) -> Any:
        now = int(time.time())
        return asked(
            "history", **{"symbol": "MOCK:ES", "resolution": "1S", "from": str(now - 600), "to": str(now)} | query
        )

    wait_until(lambda: len(bars().get("t", [])) >= 3, "three seconds have passed")
    page = bars(countback="2")
    assert page["s"] == "ok"
    assert {len(page[name]) for name in "tohlcv"} == {2}
    assert page["t"] == sorted(page["t"])
    assert all(low <= close <= high for low, close, high in zip(page["l"], page["c"], page["h"], strict=True))
    assert bars(symbol="ES") == {"s": "no_data"}
    old = bars(**{"from": "0", "to": "1"})
    assert old == {"s": "no_data"}
    assert bars(resolution="7")["s"] == "error"


def test_every_widget_of_openbb_gets_the_columns_that_it_shows(running: RunningThor) -> None:
    widgets = running.get("/api/openbb/widgets.json").json()
    assert len(widgets) == 3
    for name, widget in widgets.items():
        path, _, query = widget["endpoint"].partition("?")
        wanted = {parameter["paramName"]: parameter["value"] for parameter in widget.get("params", [])}
        wanted |= dict(pair.split("=") for pair in query.split("&") if pair)
        answer = running.get(f"/{path}", **wanted).json()
        rows = answer[widget["data"]["dataKey"]] if "dataKey" in widget["data"] else answer
        columns = {column["field"] for column in widget["data"]["table"]["columnsDefs"]}
        assert isinstance(rows, list), name
        for row in rows:
            assert columns <= row.keys(), name
