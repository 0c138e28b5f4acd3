"""Which collectors `thor up` starts, from `--source` or DATA_PROVIDER, and that they stop before what they feed."""

from pathlib import Path

import pytest

from thor_web.runtime.composition import SourceChoice, collector_specs, stop_order
from thor_web.runtime.errors import ThorError
from thor_web.runtime.state import StateFolder


def test_each_provider_gets_a_collector_of_its_own(tmp_path: Path) -> None:
    recording = tmp_path / "day.jsonl"
    recording.touch()
    sources = SourceChoice.parse_all(f"excel_live:RTD_TOS.xlsm,schwab,replay:{recording}", speed="max")
    specs = collector_specs(StateFolder(tmp_path), {}, sources)
    assert [spec.name for spec in specs] == ["collector", "collector-schwab", "collector-replay"]
    assert [spec.argv[4:] for spec in specs] == [
        ("collect", "excel_live", "RTD_TOS.xlsm"),
        ("collect", "schwab"),
        ("collect", "replay", str(recording), "--speed", "max"),
    ]
    assert [str(source) for source in sources] == [
        "excel_live of RTD_TOS.xlsm",
        "schwab",
        "replay of day.jsonl at speed max",
    ]


def test_none_starts_no_collector(tmp_path: Path) -> None:
    assert collector_specs(StateFolder(tmp_path), {}, SourceChoice.parse_all("none", speed="1")) == ()


def test_a_file_that_is_not_there_is_told_before_anything_starts() -> None:
    with pytest.raises(ThorError, match=r"no file /nowhere\.xlsx to read"):
        SourceChoice.parse_all("excel_file:/nowhere.xlsx", speed="1")


def test_every_collector_stops_before_what_it_feeds() -> None:
    order = stop_order(["redis", "web", "merger", "collector", "collector-schwab"])
    assert order[:2] == ("collector", "collector-schwab")
    assert order.index("merger") < order.index("web") < order.index("redis")
