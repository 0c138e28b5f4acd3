"""What the collectors' unit tests share: the registry, and a clock that a test moves by hand."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from collectors.instruments import Instruments, load_instruments, register

Grid = list[list[object]]


@pytest.fixture(scope="session")
def instruments() -> Instruments:
    loaded = load_instruments()
    register(loaded)
    return loaded


class HandClock:
    """A monotonic clock in seconds whose sleepers move it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="session")
def sheet_states() -> list[dict[str, Any]]:
    """Three states of a real thinkorswim sheet, with the signals they stand for."""
    found: list[dict[str, Any]] = json.loads(
        (Path(__file__).parent / "data" / "excel_rtd_grids.json").read_text(encoding="utf-8")
    )
    return found


@pytest.fixture
def make_workbook(tmp_path: Path) -> Callable[..., Path]:
    """Writes a workbook of named sheets and returns its path."""

    def make(sheets: dict[str, Sequence[Sequence[object]]], name: str = "book.xlsx") -> Path:
        workbook = Workbook()
        workbook.remove(workbook.worksheets[0])
        for title, rows in sheets.items():
            worksheet = workbook.create_sheet(title)
            for row in rows:
                worksheet.append(list(row))
        path = tmp_path / name
        workbook.save(path)
        workbook.close()
        return path

    return make
