"""The table of `thor status --watch`: a status document beside the one before it, so that rates can be told."""

import time
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["live_table"]

GOOD: Final = frozenset({"serving", "merging", "ingesting", "running", "recording", "working", "standby", "resting"})
STALE_MS: Final = 10_000


def live_table(document: dict[str, Any], before: dict[str, Any] | None) -> RenderableType:
    """Processes, streams and symbols of now. `before` is the document of about a second ago."""
    parts: list[RenderableType] = [_heading(document), _processes(document), _streams(document, before)]
    if document["symbols"]:
        parts.append(_symbols(document))
    parts += [Text(f"{name}: {fault}", style="bold red") for name, fault in document["faults"].items()]
    return Group(*parts)


def _heading(document: dict[str, Any]) -> Text:
    runs = f"pid {document['pid']}, {document['web_url']}" if document["running"] else "does not run from this folder"
    rows = document["ticks"]["rows"]
    return Text(
        f"Thor {runs} · {rows if rows is not None else '?'} ticks · {document['rejects']} rejects", style="bold"
    )


def _processes(document: dict[str, Any]) -> Table:
    table = Table("process", "state", "events", "problem", title_justify="left")
    for name, fields in document["processes"].items():
        state = str(fields.get("state", "alive"))
        age_ms = time.time() * 1_000 - float(fields["time_ms"]) if "time_ms" in fields else 0.0
        style = "red" if age_ms > STALE_MS else "green" if state in GOOD else "yellow"
        events = fields.get("events", fields.get("events_out", fields.get("clients", "")))
        table.add_row(name, Text(state, style=style), str(events), str(fields.get("problem", "")))
    return table


def _streams(document: dict[str, Any], before: dict[str, Any] | None) -> Table:
    table = Table("stream", "entries", "grows by", "readers: lag, unfinished")
    for name, stream in document["streams"].items():
        former = (before or document)["streams"].get(name, stream)
        readers = ", ".join(
            f"{group.rpartition(':')[2]} {counts['lag']}, {counts['pending']}"
            for group, counts in stream["groups"].items()
        )
        table.add_row(name, str(stream["length"]), f"{stream['length'] - former['length']:+}", readers)
    return table


def _symbols(document: dict[str, Any]) -> Table:
    table = Table("symbol", "source", "age")
    for name, fresh in document["symbols"].items():
        age_ms = fresh["age_ms"]
        style = "yellow" if age_ms is None or age_ms > STALE_MS else ""
        table.add_row(
            name, fresh["active_source"] or "-", Text("-" if age_ms is None else f"{age_ms / 1000:.1f} s", style)
        )
    return table
