"""The page docs/errors.md, from the core's own tables of codes and merge reasons."""

from collections.abc import Mapping

from thor_fast import ERROR_CODES, MERGE_REASONS, ORDER_OUTCOMES
from thor_web.thordata.backtest.errors import BACKTEST_CODES
from thor_web.thordata.errors import STORAGE_CODES

__all__ = ["errors_markdown"]


def errors_markdown() -> str:
    """The page as it must be."""
    lines = [
        "# Error codes and merge reasons",
        "",
        "Codes are stable: they are counted, kept in `quotes:rejects`, and may be relied on.",
        "This page is made by `thor docs`.",
        "",
        "## Why an event is refused",
        "",
        *_table("code", ERROR_CODES),
        "",
        "The ingestor adds `unstorable`: a valid event that Postgres refused.",
        "A workbook's unreadable cell is `bad_type`.",
        "",
        "## What is wrong with stored data",
        "",
        *_table("code", STORAGE_CODES),
        "",
        "## Why an event stands, or does not",
        "",
        *_table("reason", MERGE_REASONS),
        "",
        "## Why a backtest ends without a result",
        "",
        *_table("code", BACKTEST_CODES),
        "",
        "## What happened to an order of a backtest",
        "",
        *_table("code", ORDER_OUTCOMES),
    ]
    return "\n".join(lines) + "\n"


def _table(heading: str, rows: Mapping[str, str]) -> list[str]:
    return [
        f"| {heading} | meaning |",
        "|---|---|",
        *(f"| `{name}` | {meaning.replace('|', chr(92) + '|')} |" for name, meaning in rows.items()),
    ]
