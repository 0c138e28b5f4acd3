"""The page docs/errors.md, from the core's own tables of codes, fields and merge reasons."""

from collections.abc import Iterable, Mapping, Sequence

from thor_fast import ERROR_CODES, ERROR_FIELDS, MERGE_REASONS, ORDER_OUTCOMES
from thor_web.thordata.backtest.errors import BACKTEST_CODES
from thor_web.thordata.errors import STORAGE_CODES

__all__ = ["errors_markdown"]

PLACES = """\
`field` is the contract's name of the field, and none where the fault is the whole input's. Of several faults the one
named is the first of: `too_large` or `bad_json` of the whole input, `duplicate_field`, `unsupported_version`, the first
wrong value in the order of the text, the first missing field in the order of the contract's table.

A reject of a batch also has its `position`: the number of the input from 0, and of a buffer of lines the number of the
line from 0, blank lines counted. Its `data` are the first 4,096 bytes. The message of `bad_json` names the byte from 0
at which the input is no JSON any more, and what was expected there."""


def errors_markdown() -> str:
    """The page as it must be."""
    refused = ((f"`{code}`", _fields(ERROR_FIELDS[code]), meaning) for code, meaning in ERROR_CODES.items())
    lines = [
        "# Error codes and merge reasons",
        "",
        "Codes and fields are stable: they are counted, kept in `quotes:rejects`, and may be relied on.",
        "This page is made by `thor docs`.",
        "",
        "## Why an event is refused",
        "",
        *_table(("code", "field", "meaning"), refused),
        "",
        *PLACES.splitlines(),
        "",
        "The ingestor adds `unstorable`: a valid event that Postgres refused.",
        "A workbook's unreadable cell is `bad_type`.",
        "",
        "## What is wrong with stored data",
        "",
        *_table(("code", "meaning"), _rows(STORAGE_CODES)),
        "",
        "## Why an event stands, or does not",
        "",
        *_table(("reason", "meaning"), _rows(MERGE_REASONS)),
        "",
        "## Why a backtest ends without a result",
        "",
        *_table(("code", "meaning"), _rows(BACKTEST_CODES)),
        "",
        "## What happened to an order of a backtest",
        "",
        *_table(("code", "meaning"), _rows(ORDER_OUTCOMES)),
    ]
    return "\n".join(lines) + "\n"


def _rows(meanings: Mapping[str, str]) -> Iterable[Sequence[str]]:
    return ((f"`{name}`", meaning) for name, meaning in meanings.items())


def _fields(names: Sequence[str]) -> str:
    words = {"": "none", "*": "the key"}
    return ", ".join(words.get(name, f"`{name}`") for name in names)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(headings)} |",
        "|---" * len(headings) + "|",
        *(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows),
    ]
