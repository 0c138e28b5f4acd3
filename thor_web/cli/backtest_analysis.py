"""`thor backtest patterns` and `portfolio`: what a market did, counted; finished runs side by side in one portfolio."""

import argparse
from pathlib import Path
from typing import Any

from thor_web.cli.backtest_options import (
    add_span,
    clear_progress,
    number_from_one,
    open_registry,
    prepare,
    queue,
    show_progress,
    span_of,
)
from thor_web.cli.options import add_state
from thor_web.cli.output import print_json, print_table

__all__ = ["register_analysis"]


def register_analysis(actions: Any) -> None:
    """Add the actions that look at markets and at finished runs."""
    patterns = actions.add_parser("patterns", help="hours, gaps, opening ranges, candlesticks, signals: counted")
    add_span(patterns)
    for flag, default, text in (
        ("--interval", 60, "length of a bar in seconds"),
        ("--ahead", 5, "bars after a pattern that are its outcome"),
        ("--length", 20, "bars before that make a breakout or a volatility"),
        ("--opening", 1_800, "seconds of the opening range"),
    ):
        patterns.add_argument(flag, type=number_from_one, default=default, help=f"{text} ({default})")
    patterns.add_argument("--source", help="only this source's ticks")
    patterns.add_argument("--queue", action="store_true", help="leave it to a worker and print its number")
    portfolio = actions.add_parser("portfolio", help="finished runs in one portfolio: risk, sizes, stress")
    portfolio.add_argument("runs", type=int, nargs="+", metavar="ID")
    portfolio.add_argument("--sizing", default="equal", help="how to size them (equal); another word lists them")
    portfolio.add_argument("--weights", default="", metavar="W,W", help="shares of the money for the sizing `fixed`")
    portfolio.add_argument("--target", type=float, default=0.1, help="volatility a year to aim at (0.1)")
    portfolio.add_argument("--kelly", type=float, default=0.5, help="share of the full Kelly bet (0.5)")
    for parser, handler in ((patterns, _patterns), (portfolio, _portfolio)):
        parser.add_argument("--html", type=Path, metavar="FILE", help="write a page there")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        add_state(parser)
        parser.set_defaults(handler=handler)


def _patterns(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from thor_web.thordata.backtest.analysis import patterns_report, study_patterns
    from thor_web.thordata.backtest.asked import PatternsSpecification

    symbols, start, end = span_of(arguments)
    wanted = PatternsSpecification.from_json(
        {
            "symbols": symbols, "start": start, "end": end, "interval_s": arguments.interval,
            "source": arguments.source, "ahead": arguments.ahead, "length": arguments.length,
            "opening_s": arguments.opening,
        }
    )  # fmt: skip
    if arguments.queue:
        return queue(settings, wanted, as_json=arguments.json)
    found = study_patterns(settings.lake_folder(), wanted, progress=show_progress())
    clear_progress()
    if arguments.html:
        arguments.html.write_text(patterns_report(found), encoding="utf-8")
    if arguments.json:
        print_json(found)
        return 0
    for one in found["symbols"]:
        chance = f"by chance alone {one['expected_by_chance']:g} would be"
        print_table(
            (one["symbol"], f"{one['beyond_nothing']} of {one['lines_tested']} lines are beyond nothing; {chance}"), []
        )
        for name, lines in one["tables"].items():
            if lines:
                print_table((name, *list(lines[0])[1:]), [tuple(line.values()) for line in lines])
    return 0


def _portfolio(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from thor_web.runtime.errors import ThorError
    from thor_web.thordata.backtest.analysis import portfolio_report
    from thor_web.thordata.backtest.portfolio import portfolio_of

    try:
        weights = [float(word) for word in arguments.weights.split(",") if word.strip()]
    except ValueError:
        raise ThorError(f"Weights are numbers separated by commas, were {arguments.weights!r}.") from None
    with open_registry(settings) as runs:
        results = [runs.result(number) for number in arguments.runs]
    found = portfolio_of(
        results, sizing=arguments.sizing, weights=weights, target=arguments.target, kelly=arguments.kelly
    )
    if arguments.html:
        arguments.html.write_text(portfolio_report(found), encoding="utf-8")
    if arguments.json:
        print_json(found)
        return 0
    rows = list(zip(found["runs"], found["names"], found["weights"], found["risk_contribution"], strict=True))
    print_table(("run", "what", "weight", "share of the risk"), rows)
    sections = ("figures", "second_half_by_the_first", "equal_weights")
    names = list(found["figures"])
    print_table(("", *sections), [(name, *(found[section][name] for section in sections)) for name in names])
    print_table(("stress", "return"), [(case["case"], case["return"]) for case in found["stress"]])
    return 0
