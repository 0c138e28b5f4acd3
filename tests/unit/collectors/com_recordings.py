"""Recordings of Excel, written by hand: what COM would have returned, read by read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["BUSY", "GONE", "HEADERS", "row", "write_recording"]

HEADERS = ["Symbol", "Close", "Open", "NetChange", "High", "Low", "Volume", "Bid", "Last", "Ask", "BidSize", "AskSize"]
ES = ["ES", 6721.25, 6726.25, -12.75, 6732.5, 6674.5, 578740.0, 6708.25, 6708.5, 6708.75, 17.0, 6.0]
STARTS_US = 1_764_194_400_000_000
BUSY = {"hresult": -2147418111}
"""RPC_E_CALL_REJECTED: somebody edits a cell."""
GONE = {"hresult": -2147023174, "gone": True}
"""RPC_S_SERVER_UNAVAILABLE: Excel was closed."""


def row(**cells: object) -> list[object]:
    """The row of ES with other cells."""
    return [cells.get(header, value) for header, value in zip(HEADERS, ES, strict=True)]


def write_recording(
    path: Path,
    reads: Sequence[Any],
    *,
    workbook: str = r"C:\quotes\RTD_TOS.xlsm",
    every_us: int = 200_000,
    starts_us: int = STARTS_US,
) -> Path:
    """A recording of those reads, at even intervals: a grid each, or one of the errors above."""
    head = {"format": "thor-com", "version": 1, "workbook": workbook, "sheet": "LiveData", "range": "A1:M20"}
    lines: list[dict[str, Any]] = [head | {"excel": "16.0", "throttle_ms": 2000}]
    for number, read in enumerate(reads):
        what = read if isinstance(read, dict) else {"rows": [[_com(cell) for cell in line] for line in read]}
        lines.append({"at_us": starts_us + number * every_us} | what)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def _com(cell: object) -> object:
    """As COM gives it: integers are errors, every number is a float."""
    return {"int": cell} if isinstance(cell, int) and not isinstance(cell, bool) and cell < -2_146_000_000 else cell
