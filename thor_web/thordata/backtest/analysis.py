"""Patterns of markets read from the lake, and the pages of patterns and portfolios."""

import hashlib
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import thor_fast
from collectors.instruments import load_instruments
from thor_web.thordata.backtest.asked import PatternsSpecification
from thor_web.thordata.backtest.contracts import sessions_of
from thor_web.thordata.backtest.live_signals import live_classifier
from thor_web.thordata.backtest.market_data import load_ticks, make_bars
from thor_web.thordata.backtest.page import page, pairs, rows_of
from thor_web.thordata.backtest.patterns import PatternOptions, patterns_of
from thor_web.thordata.backtest.playing import Progress
from thor_web.thordata.backtest.specification import parse_instant
from thor_web.thordata.backtest.version import code_version

__all__ = ["patterns_report", "portfolio_report", "study_patterns"]


def study_patterns(lake: Path, wanted: PatternsSpecification, *, progress: Progress | None = None) -> dict[str, Any]:
    """The patterns of each symbol over a span. Raises BacktestError."""
    say = progress or (lambda _work, _share: None)
    instruments = load_instruments()
    wanted = wanted.checked(instruments)
    first, last = parse_instant(wanted.start, end=False), parse_instant(wanted.end, end=True)
    say("reading", 0.0)
    ticks = load_ticks(
        lake,
        symbols=wanted.symbols,
        start=first,
        end=last,
        instruments=instruments,
        classifier=live_classifier(),
        source=wanted.source,
    )
    bars = make_bars(ticks, wanted.interval_s)
    options = PatternOptions(wanted.ahead, wanted.length, wanted.opening_s)
    found = []
    for done, symbol in enumerate(wanted.symbols):
        say("counting", done / len(wanted.symbols))
        sessions = sessions_of(instruments[symbol].market, first, last)
        found.append(patterns_of(bars, ticks, sessions, symbol, options))
    text = json.dumps(found, sort_keys=True, separators=(",", ":"))
    return {
        "specification": wanted.to_json(),
        "code": {"thor_fast": thor_fast.__version__, "digest": code_version()},
        "data_hash": ticks.manifest.digest,
        "sources": list(ticks.manifest.sources),
        "digest": hashlib.sha256(text.encode()).hexdigest(),
        "symbols": found,
    }


def patterns_report(found: Mapping[str, Any]) -> str:
    """The page of patterns."""
    title = f"Patterns of {', '.join(one['symbol'] for one in found['symbols'])}"
    span = f"{escape(found['specification']['start'])} to {escape(found['specification']['end'])}"
    parts = [f"<h1>{escape(title)}</h1><p class=sub>{span}</p>"]
    for one in found["symbols"]:
        parts.append(
            f"<h2>{escape(one['symbol'])}</h2><p>{one['bars']} bars of {one['trade_dates']} trade dates. Of "
            f"{one['lines_tested']} lines {one['beyond_nothing']} are beyond nothing at 95 %; by chance alone "
            f"{one['expected_by_chance']:g} would be.</p>"
        )
        parts += [f"<h2>{escape(name)}</h2>" + rows_of(lines) for name, lines in one["tables"].items() if lines]
    parts.append("<h2>Data</h2>" + pairs({"hash": found["data_hash"], "sources": found["sources"]}))
    return page(title, parts)


def portfolio_report(found: Mapping[str, Any]) -> str:
    """The page of a portfolio."""
    names = [f"{number}: {name}" for number, name in zip(found["runs"], found["names"], strict=True)]
    columns = {"weight": found["weights"], "chosen_by_the_first_half": found["weights_of_the_first_half"],
               "share_of_the_risk": found["risk_contribution"]}  # fmt: skip
    rows = [
        {"run": name, **{column: values[at] for column, values in columns.items()}} for at, name in enumerate(names)
    ]
    related = [
        {"": name, **dict(zip(names, row, strict=True))} for name, row in zip(names, found["correlation"], strict=True)
    ]
    sections = ("figures", "second_half_by_the_first", "equal_weights")
    parts = [
        f"<h1>Portfolio by {escape(found['sizing'])}</h1>",
        "<h2>What this cannot tell</h2><ul class=warn><li>Each run traded alone: what they would have bound of one "
        "another's margin is not modelled.<li>Weights that look at returns are judged on the same returns under "
        "figures; what they would have earned later is under second half by the first.</ul>",
        "<h2>Weights and risk</h2>" + rows_of(rows),
        *(f"<h2>{section.replace('_', ' ').capitalize()}</h2>" + pairs(found[section]) for section in sections),
        "<h2>Correlation</h2>" + rows_of(related),
        "<h2>Stress</h2>" + rows_of(found["stress"]),
    ]
    return page("Portfolio", parts)
