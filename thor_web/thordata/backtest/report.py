"""The report of a run as one HTML page."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from thor_web.thordata.backtest.page import findings, instant, line_chart, page, pairs, rows_of, table, text_of

__all__ = ["html_report"]

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

NO_PARITY: Final[Mapping[str, Any]] = {"engine": "", "live": "", "match": None}


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
        "<h2>Equity</h2>" + line_chart(result["equity"]["curve"]),
        "<h2>Diagnosis</h2>" + findings(result["diagnosis"]),
        "<h2>Figures</h2>" + _figures(result["figures"], result["confidence"]),
        "<h2>Does it look ahead?</h2>" + _audit(result.get("audit")),
        "<h2>Is it luck?</h2>" + pairs(result["significance"]),
        "<h2>Where it could have ended</h2>" + _simulation(result["simulation"]),
        "<h2>Costs and speed</h2>" + _stress(result.get("stress", ())),
        "<h2>Trades</h2>" + pairs(result["trade_statistics"]),
        *(f"<h2>By {escape(name)}</h2>" + rows_of(rows) for name, rows in result["breakdowns"].items()),
        "<h2>What was asked</h2>" + pairs(specification | {"parameters": text_of(specification["parameters"])}),
        "<h2>Data, code and proof</h2>" + _provenance(result),
    ]
    return page(title, parts)


def _caveats(result: Mapping[str, Any]) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in result["caveats"])
    return f"<h2>What this report cannot tell</h2><ul class=warn>{items}</ul>"


def _headline(result: Mapping[str, Any]) -> str:
    statistics, equity = result["trade_statistics"], result["equity"]
    return "<h2>In short</h2>" + pairs(
        {
            "money at the start": equity["start"],
            "money at the end": equity["end"],
            "trades": statistics["trades"],
            "fees": statistics["all_fees"],
            "maximum drawdown": result["figures"]["max_drawdown"]["value"],
            "Sharpe ratio": result["figures"]["sharpe"]["value"],
            "audit": VERDICTS[result["audit"]["verdict"]] if "audit" in result else None,
        }
    )


def _audit(audit: Mapping[str, Any] | None) -> str:
    if audit is None:
        return "<p class=quiet>This run is older than the audit: do it again to have one.</p>"
    facts = {
        "verdict": VERDICTS[audit["verdict"]],
        "how": HOW[audit["method"]],
        "instants without their future": f"{audit['cuts']}, {audit['differing_cuts']} of them differ",
        "decisions": audit["decisions"],
        "decisions from a window of the past alone": audit["windows"],
        "rows of the past that suffice": audit["warm_up"],
    }
    return pairs(facts) + (findings(audit["findings"]) if audit["findings"] else "")


def _figures(figures: Mapping[str, Mapping[str, Any]], confidence: Mapping[str, Any]) -> str:
    def row(name: str, it: Mapping[str, Any]) -> str:
        shown = "withheld: too few trade dates" if it["withheld"] else text_of(it["value"])
        span = confidence.get(name)
        interval = f"{text_of(span[0])} … {text_of(span[1])}" if span else ""
        return (
            f"<tr><td>{escape(it['title'])}<td class=n>{shown}<td class=n>{interval}"
            f"<td>{escape(it['formula'])} <span class=quiet>({escape(it['source'])})</span>"
        )

    return table(("figure", "value", "90 % interval", "formula"), (row(name, it) for name, it in figures.items()))


def _stress(cases: Sequence[Mapping[str, Any]]) -> str:
    return rows_of(cases) if cases else "<p class=quiet>The run is too long to be played again under other terms.</p>"


def _simulation(simulation: Mapping[str, Any] | None) -> str:
    if simulation is None:
        return "<p class=quiet>Not simulated: there are too few returns that are not zero.</p>"
    rows = (
        f"<tr><td class=n>{share:.0%}<td class=n>{text_of(end)}<td class=n>{text_of(fall)}"
        for share, end, fall in zip(
            simulation["shares"], simulation["terminal"], simulation["max_drawdown"], strict=True
        )
    )
    words = (
        f"<p>{simulation['paths']} paths of as many returns, drawn in blocks of {simulation['block']}; "
        f"{simulation['loss_probability']:.0%} of them lose.</p>"
    )
    return words + table(("share of paths", "ends at or below (begins at 1)", "drawdown at or below"), rows)


def _provenance(result: Mapping[str, Any]) -> str:
    data, parity = result["data"], result.get("parity") or NO_PARITY
    match = {True: "equal", False: "DIFFERENT", None: "not checked: too many events, or played live"}[parity["match"]]
    facts = {
        "data hash": data["hash"],
        "sources": ", ".join(data["sources"]),
        "events": data["events"],
        "first event": instant(data["first_us"]),
        "last event": instant(data["last_us"]),
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
    return pairs(facts) + table(("trade date", "symbol", "rows", "SHA-256"), files) + _proofs(result.get("sealed", ()))


def _proofs(seals: Sequence[Mapping[str, Any]]) -> str:
    """What the nightly proofs said of the signals that were shown live on these trade dates."""
    if not seals:
        return "<p class=quiet>No nightly proof of these trade dates: nobody compared with what was shown live.</p>"
    rows = (
        f"<tr><td>{escape(it['trade_date'])}<td>{escape(it['symbol'])}<td class=n>{it['live_count']}"
        f"<td>{'equal' if it['match'] else 'DIFFERENT'}<td><code>{escape(it['live'])}</code>"
        for it in seals
    )
    return table(("trade date", "symbol", "sealed live", "replayed", "last link"), rows)
