"""The hot core of Thor: the canonical quote event, its prices, merge policy and encoders, written in Rust.

Everything lives in the extension `thor_fast._core`; this module only names what others may rely on.
"""

from typing import Final

from thor_fast import _core
from thor_fast._core import (
    ERROR_CODES,
    ERROR_FIELDS,
    EVENT_FIELDS,
    MERGE_REASONS,
    QUALITY_CHECKS,
    Bars,
    CopyReader,
    Decision,
    EventError,
    MergePolicy,
    PriceTexts,
    Quality,
    QuoteBatch,
    QuoteEvent,
    Reject,
    RowReader,
    Thresholds,
    Ticks,
    WeightedBars,
    bars_in_order,
    check_quality,
    classify_batch,
    classify_columns,
    distinct_intervals,
    format_price,
    format_price_column,
    format_prices,
    parse_batch,
    parse_event,
    parse_price,
    parse_prices,
    read_cell,
    register_display,
    register_source,
    registered_sources,
)

__all__ = [
    "ERROR_CODES",
    "ERROR_FIELDS",
    "EVENT_FIELDS",
    "MERGE_REASONS",
    "QUALITY_CHECKS",
    "Bars",
    "CopyReader",
    "Decision",
    "EventError",
    "MergePolicy",
    "PriceTexts",
    "Quality",
    "QuoteBatch",
    "QuoteEvent",
    "Reject",
    "RowReader",
    "Thresholds",
    "Ticks",
    "WeightedBars",
    "__version__",
    "bars_in_order",
    "check_quality",
    "classify_batch",
    "classify_columns",
    "distinct_intervals",
    "format_price",
    "format_price_column",
    "format_prices",
    "parse_batch",
    "parse_event",
    "parse_price",
    "parse_prices",
    "read_cell",
    "register_display",
    "register_source",
    "registered_sources",
]

__version__: Final = "0.1.0"

if _core.__version__ != __version__:
    raise ImportError(
        f"thor_fast {__version__} was installed beside an extension of version {_core.__version__}: install it again"
    )
