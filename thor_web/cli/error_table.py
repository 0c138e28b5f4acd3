"""The table of error codes as the page docs/errors.md. The codes and their meanings are the core's own."""

__all__ = ["errors_markdown"]


def errors_markdown() -> str:
    """The page. It depends on the installed core alone."""
    from thor_fast import ERROR_CODES, EVENT_FIELDS, MERGE_REASONS

    lines = [
        "# Errors",
        "",
        "An input that is no canonical event is refused with data: a `code` that never changes its spelling, the",
        "`field` by its name in the contract (null where the input as a whole is wrong) and a `message` for",
        "people. In a batch each reject also has its `position` and its first 4,096 bytes as `data`; the good",
        "events of the batch are not touched by it. The same codes stand in `EventError`, in the rejects of",
        "`parse_batch`, in the stream `quotes:rejects` and in the counters.",
        "",
        "When an input is wrong in several ways, the code is the first of these that holds: the whole text is too",
        "large or no JSON, a key stands twice, the version is unknown, then the first wrong value in the order of",
        "the text, last the first missing field in the order of the table of fields.",
        "",
        "| code | meaning |",
        "|---|---|",
        *(f"| `{code}` | {_cell(meaning)} |" for code, meaning in ERROR_CODES.items()),
        "",
        "## Fields",
        "",
        "What each field accepts. A required key may not be absent, a nullable one may be null but not absent.",
        "",
        "| field | need | accepted | stored as |",
        "|---|---|---|---|",
        *(f"| `{name}` | {need} | {_cell(accepted)} | {stored} |" for name, _, need, stored, accepted in EVENT_FIELDS),
        "",
        "## Reasons of the merge policy",
        "",
        "An event that is right may still not stand for its symbol. `Decision.reason` says why, or why it does.",
        "",
        "| reason | meaning |",
        "|---|---|",
        *(f"| `{reason}` | {_cell(meaning)} |" for reason, meaning in MERGE_REASONS.items()),
        "",
        "This page is made by `thor_web.cli.error_table`; `thor check` compares it.",
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
