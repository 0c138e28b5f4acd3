"""Pieces of the reports' pages: tables, lines, heat maps. No address in them, nothing to load, readable on paper."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Final

__all__ = ["findings", "heat_map", "instant", "line_chart", "number", "page", "pairs", "rows_of", "table", "text_of"]

WIDTH, HEIGHT = 860, 220
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --quiet: #777; --good: #1a7f37; --bad: #b3261e; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p.sub, .quiet { color: var(--quiet); } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font-size: .85em; overflow-wrap: anywhere; } svg { width: 100%; height: auto; border: 1px solid var(--line); }
svg text { font-size: 11px; fill: currentColor; }
ul { padding-left: 1.2rem; } .warn { border-left: 4px solid var(--bad); padding-left: .8rem; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } h2 { break-after: avoid; } }
"""


def page(title: str, parts: Iterable[str]) -> str:
    """A whole page."""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}</style><main>{''.join(parts)}</main></html>"
    )


def line_chart(curve: Sequence[Sequence[float]]) -> str:
    """Values over time as a line, with its bounds beneath it."""
    if len(curve) < 2:
        return "<p class=quiet>Too few points for a line.</p>"
    first, last = curve[0][0], curve[-1][0]
    values = [point[1] for point in curve]
    low, high = min(values), max(values)
    spread, span = (high - low) or 1.0, (last - first) or 1

    def place(at: float, share: float) -> str:
        return f"{(at - first) / span * WIDTH:.1f},{HEIGHT - share * (HEIGHT - 10) - 5:.1f}"

    line = " ".join(place(at, (value - low) / spread) for at, value in curve)
    names = f"from {number(low)} to {number(high)}, {instant(int(first))} to {instant(int(last))}"
    return (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role=img aria-label='equity {escape(names)}'>"
        f"<polyline points='{line}' fill=none stroke=currentColor stroke-width=1.2 /></svg><p class=quiet>{names}</p>"
    )


def heat_map(surface: Mapping[str, Any]) -> str:
    """A surface over one or two parameters as coloured cells: green above 0, red below, none where nothing ran."""
    lines = surface["sharpe"]
    known = [value for line in lines for value in line if value is not None]
    if not known:
        return "<p class=quiet>No combination has a ratio.</p>"
    most = max(abs(value) for value in known) or 1.0
    across = surface["across"]["values"]
    wide, high = (WIDTH - 60) / len(across), min(28.0, 420 / len(lines))
    cells = []
    for down, line in enumerate(lines):
        for place, value in enumerate(line):
            if value is not None:
                colour = "#1a7f37" if value > 0 else "#b3261e"
                cells.append(
                    f"<rect x='{60 + place * wide:.1f}' y='{down * high:.1f}' width='{wide:.1f}' height='{high:.1f}' "
                    f"fill='{colour}' fill-opacity='{abs(value) / most:.3f}'><title>{value:.4g}</title></rect>"
                )
        if surface["down"]:
            cells.append(
                f"<text x=2 y='{down * high + high / 2 + 4:.1f}'>{text_of(surface['down']['values'][down])}</text>"
            )
    bottom = len(lines) * high
    cells.append(f"<text x=60 y='{bottom + 14:.1f}'>{text_of(across[0])}</text>")
    cells.append(f"<text x={WIDTH - 4} y='{bottom + 14:.1f}' text-anchor=end>{text_of(across[-1])}</text>")
    names = escape(surface["across"]["name"]) + (
        f" (across) and {escape(surface['down']['name'])} (down)" if surface["down"] else ""
    )
    return (
        f"<svg viewBox='0 0 {WIDTH} {bottom + 20:.0f}' role=img aria-label='Sharpe ratio by {names}'>"
        f"{''.join(cells)}</svg>"
        f"<p class=quiet>Sharpe ratio a period by {names}, from {min(known):.4g} to {max(known):.4g}.</p>"
    )


def findings(found: Sequence[Mapping[str, Any]]) -> str:
    """Findings, each with the number behind it."""
    if not found:
        return "<p>Nothing was found. That is no proof that nothing is wrong.</p>"
    rows = (
        f"<tr><td><code>{escape(it['code'])}</code><td>{escape(it['text'])}<td class=n>{text_of(it['number'])}"
        for it in found
    )
    return table(("finding", "what", "number"), rows)


def pairs(values: Mapping[str, Any]) -> str:
    """Names and values."""
    rows = (f"<tr><td>{escape(str(name).replace('_', ' '))}<td class=n>{text_of(it)}" for name, it in values.items())
    return table((), rows)


def rows_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with the same keys."""
    cells = ("<tr>" + "".join(f"<td>{text_of(value)}" for value in row.values()) for row in rows)
    return table(tuple(name.replace("_", " ") for name in rows[0]) if rows else (), cells)


def table(headings: Iterable[str], rows: Iterable[str]) -> str:
    """A table of rows that are HTML."""
    head = "".join(f"<th>{escape(heading)}" for heading in headings)
    return f"<table>{f'<tr>{head}' if head else ''}{''.join(rows)}</table>"


def text_of(value: Any) -> str:
    """A value as HTML."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool | str):
        return escape(str(value))
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Mapping):
        return escape(", ".join(f"{name} = {it}" for name, it in value.items()))
    return escape(", ".join(str(it) for it in value))


def number(value: float) -> str:
    """A number of six digits, or with two places from a thousand on."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}" if abs(value) >= 1_000 else f"{value:.6g}"


def instant(ts_us: int) -> str:
    """An instant in UTC."""
    return f"{EPOCH + timedelta(microseconds=ts_us):%Y-%m-%d %H:%M:%S} UTC"
