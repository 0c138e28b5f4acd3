"""docs/traps.md names a test for every trap, and every test that it names is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLLECTORS = "tests/unit/collectors/test_{}.py"
SHORT = {
    **{name: COLLECTORS.format(name) for name in ("grid", "cells", "traps", "symbols")},
    "live": COLLECTORS.format("excel_live"),
    "file": COLLECTORS.format("excel_file"),
    "stream": "tests/integration/schwab/test_streaming.py",
    "merge": "tests/golden/merge.jsonl",
}
DEFINED = {".py": "def {}(", ".rs": "fn {}(", ".jsonl": '"name": "{}"', ".ts": "'{}'", ".tsx": "'{}'"}
"""How a file of that kind begins a test of a name."""

PAGE = (ROOT / "docs" / "traps.md").read_text(encoding="utf-8")
TRAPS = [line.strip("|").split("|") for line in PAGE.splitlines() if re.match(r"\| (?!trap \|)", line)]
NAMED = sorted(set(re.findall(r"`([^`]+)::([^`]+)`", PAGE)))


def test_every_trap_names_what_holds_it() -> None:
    assert len(TRAPS) > 60
    without = [trap.strip() for trap, held in TRAPS if "::" not in held]
    assert without == ["Opened first, an RTD workbook stays blank"]


@pytest.mark.parametrize(("place", "name"), NAMED, ids=[f"{place}::{name}" for place, name in NAMED])
def test_a_named_test_is_there(place: str, name: str) -> None:
    path = ROOT / SHORT.get(place, place)
    assert DEFINED[path.suffix].format(name) in path.read_text(encoding="utf-8")
