"""The probability of backtest overfitting of a sweep: how the best of one half of the time does in the other half.

Combinatorially symmetric cross-validation (Bailey, Borwein, Lopez de Prado and Zhu, 2015); the core does the splits.
"""

from array import array
from typing import Any, Final

import polars as pl

from thor_fast import overfitting_logits

__all__ = ["overfitting"]

MOST_BLOCKS: Final = 16
LEAST_ROWS: Final = 2
"""Returns a block."""


def overfitting(returns: pl.DataFrame, *, threads: int = 2) -> dict[str, Any]:
    """The probability, and the logits' quartiles; `probability` is None where there is too little to say.

    `returns` has a column a combination and a row a period.
    """
    blocks = min(MOST_BLOCKS, returns.height // LEAST_ROWS // 2 * 2)
    if returns.width < 2 or blocks < 2:
        return {"probability": None, "blocks": blocks, "splits": 0, "quartiles": None}
    # Row after row, as the core wants them: a transposed frame's columns are the rows.
    by_period = array("d", returns.transpose().unpivot()["value"].to_list())
    logits = pl.Series(list(overfitting_logits(by_period, returns.width, blocks=blocks, threads=threads)))
    return {
        "probability": (logits <= 0).sum() / len(logits),
        "blocks": blocks,
        "splits": len(logits),
        "quartiles": [logits.quantile(share, "linear") for share in (0.25, 0.5, 0.75)],
    }
