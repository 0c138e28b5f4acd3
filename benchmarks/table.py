"""From comparisons to verdicts: the budgets of budgets.toml, the rows of `thor bench`, and what CI lets pass."""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import Measured

__all__ = ["COLUMNS", "Budget", "Row", "budgets", "judge", "middle"]

BUDGETS: Final = Path(__file__).with_name("budgets.toml")
MARGIN: Final = 0.75
COLUMNS: Final = ("name", "Thor", "peer", "peer's name", "ratio", "limit ratio", "budget", "verdict")


@dataclass(frozen=True, slots=True)
class Budget:
    """What a benchmark must reach: a ratio to its peer, and where there is one a cost of its own at pace 1.

    Where it is known not to be reached, `why` says so and `floor` is the ratio that CI holds meanwhile.
    """

    ratio: float
    at_most: float | None = None
    floor: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `thor`, `peer` and `at_most` are costs in `unit` here; `ratio` is peer over Thor."""

    name: str
    thor: float | None
    peer: float | None
    peer_name: str
    ratio: float | None
    limit_ratio: float | None
    budget: float
    at_most: float | None
    floor: float
    held: bool
    unit: str
    note: str

    def reaches(self, ratio: float) -> bool:
        return self.ratio is not None and self.ratio >= ratio

    @property
    def passes_ci(self) -> bool:
        """CI holds ratios only, and with a margin."""
        return self.reaches(self.floor)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def cells(self) -> tuple[str, ...]:
        """The row for a person, in the order of `COLUMNS`."""
        budget = f"≥ {self.budget:g}"
        if self.at_most is not None:
            budget += f", ≤ {_number(self.at_most)} {self.unit}"
        return (
            self.name,
            f"{_number(self.thor)} {self.unit}",
            _number(self.peer),
            self.peer_name,
            _number(self.ratio),
            _number(self.limit_ratio),
            budget,
            ("held" if self.held else "MISSED") + (f": {self.note}" if self.note else ""),
        )


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def budgets(name: str) -> dict[str, Budget]:
    """The budgets of one set of benchmarks. Raises KeyError for a set that has none."""
    document = tomllib.loads(BUDGETS.read_text(encoding="utf-8"))
    return {
        benchmark: Budget(
            ratio=float(line["ratio"]),
            at_most=line.get("at_most"),
            floor=line.get("floor"),
            why=line.get("why", ""),
        )
        for benchmark, line in document[name].items()
    }


def judge(measured: Measured, budget: Budget) -> Row:
    """The verdict. A comparison whose peer is missing does not pass, and says so."""
    fine = measured.peer is not None and math.isfinite(measured.thor) and measured.thor > 0
    row = Row(
        name=measured.name,
        thor=measured.thor if math.isfinite(measured.thor) else None,
        peer=measured.peer,
        peer_name=measured.peer_name,
        ratio=measured.peer / measured.thor if fine and measured.peer is not None else None,
        limit_ratio=measured.thor / measured.limit if fine and measured.limit else None,
        budget=budget.ratio,
        # A machine that is faster than the one where it was set owes it no less.
        at_most=None if budget.at_most is None else budget.at_most * max(1.0, measured.pace),
        floor=budget.ratio * MARGIN if budget.floor is None else budget.floor,
        held=False,
        unit=measured.unit,
        note=measured.note,
    )
    cheap = row.at_most is None or measured.thor <= row.at_most
    held = row.reaches(budget.ratio) and cheap
    return replace(row, held=held, note=row.note or ("" if held else budget.why))


def middle(rows: Sequence[Row]) -> Row:
    """The row with the middle ratio of several measurements of one comparison; one that could not be made is worst."""
    ranked = sorted(rows, key=lambda row: -math.inf if row.ratio is None else row.ratio)
    return ranked[len(ranked) // 2]
