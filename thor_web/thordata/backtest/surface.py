"""How the outcome changes with the parameters: a surface over two of them, and what stands beside the best.

A best that stands alone on its surface is an accident of the data; one on a plateau may not be.
"""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from thor_web.thordata.backtest.grid import Combinations

__all__ = ["neighbours", "surface"]

Row = Mapping[str, Any]


def surface(combinations: Combinations, rows: Sequence[Row]) -> dict[str, Any] | None:
    """The mean Sharpe ratio over the two parameters with most values, None in cells without a run.

    None for a sweep of a single parameter with a single value.
    """
    varied = sorted((name for name, values in combinations.grid.items() if len(values) > 1),
                    key=lambda name: -len(combinations.grid[name]))[:2]  # fmt: skip
    if not varied:
        return None
    across = varied[0]
    down = varied[1] if len(varied) > 1 else None
    cells: dict[tuple[Any, Any], list[float]] = {}
    for row in rows:
        if row["sharpe"] is not None:
            values = row["parameters"]
            cells.setdefault((values[down] if down else None, values[across]), []).append(row["sharpe"])
    lines = combinations.grid[down] if down else (None,)
    return {
        "across": {"name": across, "values": list(combinations.grid[across])},
        "down": {"name": down, "values": list(lines)} if down else None,
        "sharpe": [
            [mean(cells[(line, value)]) if (line, value) in cells else None for value in combinations.grid[across]]
            for line in lines
        ],
    }


def neighbours(combinations: Combinations, rows: Sequence[Row], best: int) -> dict[str, Any]:
    """The combinations one step of one parameter away from the best: how many, and their mean Sharpe ratio."""
    own = rows[best]["parameters"]
    beside: list[float] = []
    for row in rows:
        steps = [
            abs(values.index(row["parameters"][name]) - values.index(own[name]))
            for name, values in combinations.grid.items()
        ]
        if sum(steps) == 1 and row["sharpe"] is not None:
            beside.append(row["sharpe"])
    average = mean(beside) if beside else None
    top = rows[best]["sharpe"]
    return {
        "count": len(beside),
        "mean_sharpe": average,
        "share_of_best": average / top if average is not None and top is not None and top > 0 else None,
    }
