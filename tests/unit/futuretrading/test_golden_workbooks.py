"""Recorded states of a real workbook give exactly the recorded signals and sums, as the command line reads them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from thor_web.runtime.composition import thor_command

GRIDS = Path(__file__).parent.parent / "collectors" / "data" / "excel_rtd_grids.json"
STATES: list[dict[str, Any]] = json.loads(GRIDS.read_text(encoding="utf-8"))


def workbook(state: dict[str, Any], path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = state["sheet"]
    for row in state["grid"]:
        sheet.append(row)
    book.save(path)
    return path


def read(path: Path) -> dict[str, Any]:
    done = subprocess.run(
        thor_command("quotes", "--provider", "excel_file", "--file", str(path), "--json"),
        capture_output=True,
        text=True,
        check=True,
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize("state", STATES, ids=[state["date"] for state in STATES])
def test_a_recorded_state_gives_its_signals_and_its_sum(state: dict[str, Any], tmp_path: Path) -> None:
    document = read(workbook(state, tmp_path / "book.xlsx"))
    signals = {row["symbol"]: row["signal"] for row in document["rows"]}
    assert {symbol: signals.get(symbol) for symbol in state["signals"]} == state["signals"]
    total = document["total"]
    assert (total["signal_weight_sum"], total["signal"]) == (state["sum"], state["class"])
    assert total["n_used"] == sum(signal is not None for signal in state["signals"].values())
    assert total["n_expected"] == 11
    assert total["n_live"] == 0  # a closed workbook is never live
