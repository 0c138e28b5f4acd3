"""The report of a run as one HTML page: no address in it, nothing to load, readable on paper."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Final

__all__ = ["html_report"]

WIDTH, HEIGHT = 860, 220
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
VERDICTS: Final[Mapping[str, str]] = {
    "clean": "nothing of the future was used",
    "look_ahead": "LOOKS AHEAD",
    "not_repeatable": "NOT REPEATABLE",
    "nothing_decided": "nothing to audit",
}
HOW: Final[Mapping[str, str]] = {
    "targets": "targets made again without the future, and from windows of the past",
    "orders": "played again on the beginning of the data",
    "by construction": "asked event by event, so never handed the future; not played again, for it is long",
}
STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --quiet: #777; --good: #1a7f37; --bad: #b3261e; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p.sub, .quiet { color: var(--quiet); } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font-size: .85em; overflow-wrap: anywhere; } svg { width: 100%; height: auto; border: 1px solid var(--line); }
ul { padding-left: 1.2rem; } .warn { border-left: 4px solid var(--bad); padding-left: .8rem; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } h2 { break-after: avoid; } }
"""


def html_report(result: Mapping[str, Any]) -> str:
    """The page of a result, as `execute` gives it."""
    specification = result["specification"]
    title = f"{specification['strategy']} on {', '.join(specification['symbols'])}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p class=sub>{escape(result['strategy']['summary'])}<br>"
        f"{escape(specification['start'])} to {escape(specification['end'])}</p>",
        _caveats(result),
        _headline(result),
        "<h2>Equity</h2>" + _chart(result["equity"]["curve"]),
        "<h2>Diagnosis</h2>" + _diagnosis(result["diagnosis"]),
        "<h2>Figures</h2>" + _figures(result["figures"], result["confidence"]),
        "<h2>Does it look ahead?</h2>" + _audit(result["audit"]),
        "<h2>Is it luck?</h2>" + _pairs(result["significance"]),
        "<h2>Where it could have ended</h2>" + _simulation(result["simulation"]),
        "<h2>Trades</h2>" + _pairs(result["trade_statistics"]),
        *(f"<h2>By {escape(name)}</h2>" + _rows(rows) for name, rows in result["breakdowns"].items()),
        "<h2>What was asked</h2>" + _pairs(specification | {"parameters": _text(specification["parameters"])}),
        "<h2>Data, code and proof</h2>" + _provenance(result),
    ]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        f"<meta name=viewport content='width=device-width'><style>{STYLE}</style><main>{''.join(parts)}</main></html>"
    )


def _caveats(result: Mapping[str, Any]) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in result["caveats"])
    return f"<h2>What this report cannot tell</h2><ul class=warn>{items}</ul>"


def _headline(result: Mapping[str, Any]) -> str:
    statistics, equity = result["trade_statistics"], result["equity"]
    return "<h2>In short</h2>" + _pairs(
        {
            "money at the start": equity["start"],
            "money at the end": equity["end"],
            "trades": statistics["trades"],
            "fees": statistics["all_fees"],
            "maximum drawdown": result["figures"]["max_drawdown"]["value"],
            "Sharpe ratio": result["figures"]["sharpe"]["value"],
            "audit": VERDICTS[result["audit"]["verdict"]],
        }
    )


def _chart(curve: Sequence[Sequence[float]]) -> str:
    """The equity as a line, and beneath it how far it is from its peak."""
    if len(curve) < 2:
        return "<p class=quiet>Too few points for a line.</p>"
    first, last = curve[0][0], curve[-1][0]
    values = [point[1] for point in curve]
    low, high = min(values), max(values)
    spread, span = (high - low) or 1.0, (last - first) or 1

    def place(at: float, share: float) -> str:
        return f"{(at - first) / span * WIDTH:.1f},{HEIGHT - share * (HEIGHT - 10) - 5:.1f}"

    line = " ".join(place(at, (value - low) / spread) for at, value in curve)
    names = f"from {_number(low)} to {_number(high)}, {_instant(int(first))} to {_instant(int(last))}"
    return (
        f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' role=img aria-label='equity {escape(names)}'>"
        f"<polyline points='{line}' fill=none stroke=currentColor stroke-width=1.2 /></svg><p class=quiet>{names}</p>"
    )


def _diagnosis(findings: Sequence[Mapping[str, Any]]) -> str:
    if not findings:
        return "<p>Nothing was found. That is no proof that nothing is wrong.</p>"
    rows = (
        f"<tr><td><code>{escape(it['code'])}</code><td>{escape(it['text'])}<td class=n>{_text(it['number'])}"
        for it in findings
    )
    return _table(("finding", "what", "number"), rows)


def _audit(audit: Mapping[str, Any]) -> str:
    facts = {
        "verdict": VERDICTS[audit["verdict"]],
        "how": HOW[audit["method"]],
        "instants without their future": f"{audit['cuts']}, {audit['differing_cuts']} of them differ",
        "decisions": audit["decisions"],
        "decisions from a window of the past alone": audit["windows"],
        "rows of the past that suffice": audit["warm_up"],
    }
    return _pairs(facts) + (_diagnosis(audit["findings"]) if audit["findings"] else "")


def _figures(figures: Mapping[str, Mapping[str, Any]], confidence: Mapping[str, Any]) -> str:
    def row(name: str, it: Mapping[str, Any]) -> str:
        shown = "withheld: too few trade dates" if it["withheld"] else _text(it["value"])
        span = confidence.get(name)
        interval = f"{_text(span[0])} … {_text(span[1])}" if span else ""
        return (
            f"<tr><td>{escape(it['title'])}<td class=n>{shown}<td class=n>{interval}"
            f"<td>{escape(it['formula'])} <span class=quiet>({escape(it['source'])})</span>"
        )

    return _table(("figure", "value", "90 % interval", "formula"), (row(name, it) for name, it in figures.items()))


def _simulation(simulation: Mapping[str, Any] | None) -> str:
    if simulation is None:
        return "<p class=quiet>Not simulated: there are too few returns that are not zero.</p>"
    rows = (
        f"<tr><td class=n>{share:.0%}<td class=n>{_text(end)}<td class=n>{_text(fall)}"
        for share, end, fall in zip(
            simulation["shares"], simulation["terminal"], simulation["max_drawdown"], strict=True
        )
    )
    words = (
        f"<p>{simulation['paths']} paths of as many returns, drawn in blocks of {simulation['block']}; "
        f"{simulation['loss_probability']:.0%} of them lose.</p>"
    )
    return words + _table(("share of paths", "ends at or below (begins at 1)", "drawdown at or below"), rows)


def _provenance(result: Mapping[str, Any]) -> str:
    data, parity = result["data"], result["parity"]
    match = {True: "equal", False: "DIFFERENT", None: "not checked: too many events"}[parity["match"]]
    facts = {
        "data hash": data["hash"],
        "sources": ", ".join(data["sources"]),
        "events": data["events"],
        "first event": _instant(data["first_us"]),
        "last event": _instant(data["last_us"]),
        "result digest": result["digest"],
        "code": f"{result['code']['digest']} (thor_fast {result['code']['thor_fast']})",
        "signals of the engine": parity["engine"],
        "signals of the live path": parity["live"] or "",
        "live and backtest": match,
    }
    files = (
        f"<tr><td>{escape(it['date'])}<td>{escape(it['symbol'])}<td class=n>{it['rows']}<td><code>{it['sha256']}</code>"
        for it in data["partitions"]
    )
    return _pairs(facts) + _table(("trade date", "symbol", "rows", "SHA-256"), files)


def _pairs(values: Mapping[str, Any]) -> str:
    rows = (f"<tr><td>{escape(str(name).replace('_', ' '))}<td class=n>{_text(it)}" for name, it in values.items())
    return _table((), rows)


def _rows(rows: Sequence[Mapping[str, Any]]) -> str:
    cells = ("<tr>" + "".join(f"<td>{_text(value)}" for value in row.values()) for row in rows)
    return _table(tuple(rows[0]) if rows else (), cells)


def _table(headings: Iterable[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{escape(heading)}" for heading in headings)
    return f"<table>{f'<tr>{head}' if head else ''}{''.join(rows)}</table>"


def _text(value: Any) -> str:
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, bool | str):
        return escape(str(value))
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        return escape(", ".join(f"{name} = {it}" for name, it in value.items()))
    return escape(", ".join(str(it) for it in value))


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}" if abs(value) >= 1_000 else f"{value:.6g}"


def _instant(ts_us: int) -> str:
    return f"{EPOCH + timedelta(microseconds=ts_us):%Y-%m-%d %H:%M:%S} UTC"
