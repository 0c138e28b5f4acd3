"""Columns between Polars and the kernel, without a copy where both agree on the type."""

from array import array
from collections.abc import Sequence
from typing import Any, Final, Literal

import polars as pl
from typing_extensions import Buffer

__all__ = ["KEEP", "MISSING", "MISSING_SIGNAL", "column", "floats"]

MISSING: Final = -(2**63)
"""No price, in a column of nanos."""
MISSING_SIGNAL: Final = -128
KEEP: Final = -(2**31)
"""As before, in a column of targets."""

FORMATS: Final[dict[Any, tuple[Literal["q", "i", "b", "I", "d"], int, int | float]]] = {
    pl.Int64: ("q", 8, MISSING),
    pl.Int32: ("i", 4, -1),
    pl.Int8: ("b", 1, MISSING_SIGNAL),
    pl.UInt32: ("I", 4, 0),
    pl.Float64: ("d", 8, float("nan")),
}
"""Each type's code in a buffer, its bytes, and its mark for what is missing."""


def column(series: pl.Series, *, missing: int | float | None = None) -> Buffer:
    """The values of a numeric series as a typed buffer, nulls as the type's own mark or `missing`."""
    code, width, mark = FORMATS[series.dtype.base_type()]
    values = series.fill_null(mark if missing is None else missing).rechunk().to_arrow()
    data = values.buffers()[1]
    if data is None or len(values) == 0:
        return memoryview(b"").cast(code)
    begin = values.offset * width
    return memoryview(data).cast("B")[begin : begin + len(values) * width].cast(code)


def floats(values: Sequence[float]) -> "memoryview[float]":
    """Doubles as the kernel takes them."""
    return memoryview(array("d", values)).cast("B").cast("d")
