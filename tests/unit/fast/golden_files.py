"""The golden files as Python values. Not a test."""

import json
from pathlib import Path
from typing import Any, Final

__all__ = ["GOLDEN", "input_of", "rows"]

GOLDEN: Final = Path(__file__).parents[2] / "golden"


def rows(name: str) -> list[dict[str, Any]]:
    """The objects of a golden file, one a line."""
    with (GOLDEN / name).open(encoding="utf-8", newline="\n") as lines:
        return [json.loads(line) for line in lines]


def input_of(row: dict[str, Any]) -> bytes:
    """The bytes that a row of events describes."""
    if "input_hex" in row:
        return bytes.fromhex(row["input_hex"])
    if "input_repeat" in row:
        start, count, repeated = row["input_repeat"]
        return str(start).encode() + str(repeated).encode() * int(count)
    return str(row["input"]).encode()
