"""The hot core of Thor: the canonical quote event, its prices, merge policy and encoders, written in Rust.

Everything lives in the extension `thor_fast._core`; this module only names what others may rely on.
"""

from typing import Final

from thor_fast import _core
from thor_fast._core import (
    ERROR_CODES,
    EVENT_FIELDS,
    MERGE_REASONS,
    ORDER_OUTCOMES,
    BacktestBars,
    BacktestContract,
    BacktestQuotes,
    BacktestRules,
    BacktestRun,
    BarSeries,
    Bars,
    Broker,
    Decision,
    EventError,
    MergePolicy,
    QuoteBatch,
    QuoteEvent,
    Reject,
    SeenBar,
    SeenQuote,
    Thresholds,
    bootstrap_paths,
    classify_batch,
    classify_columns,
    co_moment,
    format_price,
    format_prices,
    overfitting_logits,
    parse_batch,
    parse_event,
    parse_price,
    parse_prices,
    play_ladder,
    play_open_capture,
    play_strategy,
    play_targets,
    register_display,
    register_source,
    registered_sources,
    return_figures,
)

__all__ = [
    "ERROR_CODES",
    "EVENT_FIELDS",
    "MERGE_REASONS",
    "ORDER_OUTCOMES",
    "BacktestBars",
    "BacktestContract",
    "BacktestQuotes",
    "BacktestRules",
    "BacktestRun",
    "BarSeries",
    "Bars",
    "Broker",
    "Decision",
    "EventError",
    "MergePolicy",
    "QuoteBatch",
    "QuoteEvent",
    "Reject",
    "SeenBar",
    "SeenQuote",
    "Thresholds",
    "__version__",
    "bootstrap_paths",
    "classify_batch",
    "classify_columns",
    "co_moment",
    "format_price",
    "format_prices",
    "overfitting_logits",
    "parse_batch",
    "parse_event",
    "parse_price",
    "parse_prices",
    "play_ladder",
    "play_open_capture",
    "play_strategy",
    "play_targets",
    "register_display",
    "register_source",
    "registered_sources",
    "return_figures",
]

__version__: Final = "0.1.0"

if _core.__version__ != __version__:
    raise ImportError(
        f"thor_fast {__version__} was installed beside an extension of version {_core.__version__}: install it again"
    )
