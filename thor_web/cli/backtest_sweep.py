"""`thor backtest sweep`, `sweeps`, `sweep-report`: every combination of a grid, and what all say of the best."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thor_web.cli.backtest_options import (
    add_specification,
    clear_progress,
    held,
    number_from_one,
    open_registry,
    prepare,
    queue,
    show_progress,
    specification_of,
)
from thor_web.cli.options import add_state
from thor_web.cli.output import print_json, print_table

if TYPE_CHECKING:
    from thor_web.thordata.backtest.asked import SweepSpecification
    from thor_web.thordata.backtest.sweep import Swept
    from thor_web.thordata.settings import StorageSettings

__all__ = ["register_sweeps"]


def register_sweeps(actions: Any) -> None:
    """Add the actions about sweeps."""
    sweep = actions.add_parser("sweep", help="run every combination of a grid of parameters")
    add_specification(sweep)
    sweep.add_argument(
        "--grid", action="append", default=[], metavar="NAME=VALUES", help="values of a parameter: 5,10,20 or 5:55:10"
    )
    sweep.add_argument("--threads", type=number_from_one, help="processors of this machine to use (all)")
    sweep.add_argument("--dask", metavar="ADDRESS", help="play on the workers of this Dask scheduler")
    for flag, default, text in (
        ("--folds", 6, "folds of the cross-validation"),
        ("--tests", 2, "folds of them that are tested on at once"),
        ("--purge", 1, "periods before a tested fold that train nobody"),
        ("--embargo", 1, "periods behind a tested fold that train nobody"),
        ("--splits", 5, "steps of the walk forward"),
    ):
        sweep.add_argument(flag, type=number_from_one, default=default, help=f"{text} ({default})")
    sweep.add_argument("--html", type=Path, metavar="FILE", help="write the report there")
    sweep.add_argument("--queue", action="store_true", help="leave it to a worker and print its number")
    sweep.add_argument("--no-store", action="store_true", help="do not keep the sweep nor count its trials")
    sweep.add_argument("--json", action="store_true", help="print the whole result as one JSON document")
    add_state(sweep)
    sweep.set_defaults(handler=_sweep)
    listed = actions.add_parser("sweeps", help="the newest sweeps")
    report = actions.add_parser("sweep-report", help="a sweep's report")
    report.add_argument("sweep", type=int, metavar="ID")
    report.add_argument("--output", type=Path, metavar="FILE", help="write the page there (default: standard output)")
    for parser, handler in ((listed, _sweeps), (report, _report)):
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        add_state(parser)
        parser.set_defaults(handler=handler)


def _sweep(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from thor_web.runtime.errors import ThorError
    from thor_web.thordata.backtest.asked import SweepOptions, SweepSpecification
    from thor_web.thordata.backtest.grid import parse_values

    grid: dict[str, list[str]] = {}
    for pair in arguments.grid:
        name, equals, values = pair.partition("=")
        if not equals:
            raise ThorError(f"A grid is NAME=VALUES, was {pair!r}.")
        grid[name] = parse_values(values)
    options = SweepOptions(
        threads=arguments.threads or 0, dask=arguments.dask, folds=arguments.folds, tests=arguments.tests,
        purge=arguments.purge, embargo=arguments.embargo, splits=arguments.splits, modules=True,
    )  # fmt: skip
    asked = SweepSpecification(specification_of(arguments), grid, options)
    if arguments.queue:
        if arguments.dask:
            raise ThorError("A worker plays sweeps on its own machine: --dask goes without --queue.")
        return queue(settings, asked, as_json=arguments.json)
    number, swept = _played(settings, asked, store=not arguments.no_store)
    document = {"id": number, **swept.document}
    if arguments.html:
        from thor_web.thordata.backtest.sweep_report import sweep_report

        arguments.html.write_text(sweep_report(document), encoding="utf-8")
    print_json(document) if arguments.json else _summary(document)
    return 0


def _played(settings: "StorageSettings", asked: "SweepSpecification", *, store: bool) -> tuple[int | None, "Swept"]:
    """Sweep here; keep it where the registry can be reached, and say so where it cannot."""
    from psycopg import OperationalError

    from thor_web.thordata.backtest.outcomes import Outcome
    from thor_web.thordata.backtest.sweep import sweep

    def play(**more: Any) -> "Swept":
        return sweep(
            asked.specification, asked.grid, settings.lake_folder(), asked.options, progress=show_progress(), **more
        )

    if not store:
        return None, play()
    try:
        runs = open_registry(settings)
    except OperationalError:
        sys.stderr.write("thor: Postgres is away, so this sweep is not kept and its trials are not counted.\n")
        return None, play()
    with runs, held(settings, runs, asked) as claim:
        swept = play(trials=runs.trials)
        runs.finish(claim.number, claim.worker, Outcome.of_sweep(swept))
    return claim.number, swept


def _summary(document: dict[str, Any]) -> None:
    clear_progress()
    significance, over = document["significance"], document["overfitting"]
    walk, validated = document["walk_forward"], document["cross_validation"]
    rows: list[tuple[str, object]] = [
        ("sweep", document["id"] if document["id"] is not None else "not kept"),
        ("combinations", f"{document['combinations']} ({document['refused']} refused)"),
        ("best", ", ".join(f"{name} {value}" for name, value in document["best"]["parameters"].items())),
        ("money at the end", f"{document['best']['equity']:,.2f}"),
        ("maximum drawdown", f"{document['best']['max_drawdown']:.2%}"),
        ("trials in all", significance["trials"]),
        ("deflated Sharpe", significance.get("deflated_sharpe")),
        ("probability of overfitting", over["probability"]),
        ("walk forward, Sharpe a period", walk["sharpe"] if walk else "too short"),
        ("cross-validation, mean Sharpe", validated["mean_test_sharpe"] if validated else "too short"),
        ("where", ", ".join(f"{name} {value}" for name, value in document["where"].items())),
        ("digest", document["digest"]),
    ]
    print_table(("", document["specification"]["strategy"]), rows)


def _sweeps(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from thor_web.thordata.backtest.runs import SWEEPS

    with open_registry(settings) as runs:
        found = runs.listed(kinds=SWEEPS)
    if arguments.json:
        print_json(found)
    else:
        rows = [(it["id"], it["state"], it["strategy"], it["created_at"], it["combinations"] or "") for it in found]
        print_table(("sweep", "state", "strategy", "asked", "combinations"), rows)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from thor_web.thordata.backtest.runs import SWEEPS
    from thor_web.thordata.backtest.sweep_report import sweep_report

    with open_registry(settings) as runs:
        document = runs.result(arguments.sweep, kinds=SWEEPS)
    if arguments.json:
        print_json(document)
    elif arguments.output:
        arguments.output.write_text(sweep_report(document), encoding="utf-8")
    else:
        sys.stdout.write(sweep_report(document))
    return 0
