"""The table of `thor status --watch`: a status document beside the one before it, so that rates can be told."""

import time
from typing import Any, Final

from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from collectors import keys

__all__ = ["live_table"]

GOOD: Final = frozenset({"serving", "merging", "ingesting", "running", "recording", "working", "standby", "resting"})
STALE_MS: Final = 10_000
MOST_SYMBOLS: Final = 60
"""More do not fit a screen: then the oldest are shown."""


def live_table(document: dict[str, Any], before: dict[str, Any] | None) -> RenderableType:
    """Processes, streams and symbols of now. `before` is the document of about a second ago."""
    parts: list[RenderableType] = [_heading(document), _processes(document), _streams(document, before)]
    if document["symbols"]:
        parts.append(_symbols(document["symbols"]))
    parts += [Text(f"{name}: {fault}", style="bold red") for name, fault in document["faults"].items()]
    return Group(*parts)


def _heading(document: dict[str, Any]) -> Text:
    runs = f"pid {document['pid']}, {document['web_url']}" if document["running"] else "does not run from this folder"
    rejects = document["rejects"]
    text = Text(f"Thor {runs} · {_count(document['ticks']['rows'])} ticks · ", style="bold")
    return text.append(f"{_count(rejects)} rejects", style="yellow" if rejects else "")


def _processes(document: dict[str, Any]) -> Table:
    table = _table("process", "state", ("counted", "right"), "problem")
    for name, fields in document["processes"].items():
        state = str(fields.get("state", "alive"))
        age_ms = time.time() * 1_000 - float(fields["time_ms"]) if "time_ms" in fields else 0.0
        style = "red" if age_ms > STALE_MS else "green" if state in GOOD else "yellow"
        counted = next((fields[counter] for counter in ("events", "events_out", "clients") if counter in fields), None)
        problem = Text(str(fields.get("problem", "")), style="red")
        table.add_row(name, Text(state, style=style), "" if counted is None else _count(int(counted)), problem)
    return table


def _streams(document: dict[str, Any], before: dict[str, Any] | None) -> Table:
    table = _table("stream", ("entries", "right"), ("new", "right"), "readers: behind, unfinished")
    for name, stream in document["streams"].items():
        former = (before or document)["streams"].get(name, stream)
        readers = " · ".join(
            f"{group.rpartition(':')[2]} {_count(counts['lag'])}, {_count(counts['pending'])}"
            for group, counts in stream["groups"].items()
        )
        table.add_row(
            keys.source_of(name), _count(stream["length"]), f"{stream['added'] - former['added']:+,}", readers
        )
    return table


def _symbols(symbols: dict[str, Any]) -> RenderableType:
    """Side by side, as many as the screen is wide."""
    shown = symbols
    if len(symbols) > MOST_SYMBOLS:
        oldest = sorted(symbols, key=lambda name: -(symbols[name]["age_ms"] or 0))
        shown = {name: symbols[name] for name in oldest[:MOST_SYMBOLS]}
    lines: list[RenderableType] = []
    for name, fresh in shown.items():
        age_ms = fresh["age_ms"]
        line = Text(f"{name:<6} ", style="bold").append(f"{fresh['active_source'] or '-':<7}", style="not bold dim")
        old = "yellow" if age_ms is None or age_ms > STALE_MS else ""
        lines.append(line.append(f"{'-' if age_ms is None else f'{age_ms / 1_000:.1f} s':>9}", style=f"not bold {old}"))
    if len(shown) < len(symbols):
        lines.append(Text(f"and {len(symbols) - len(shown)} fresher ones", style="dim"))
    return Columns(lines, padding=(0, 4), equal=True)


def _table(*titles: str | tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in titles:
        if isinstance(title, str):
            table.add_column(title)
        else:
            table.add_column(title[0], justify="right")
    return table


def _count(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"
