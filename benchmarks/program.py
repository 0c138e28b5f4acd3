"""Runs sets of benchmarks, measures again what missed its budget, prints the table.

A comparison that misses is measured twice more, alone, each time in a new process; the middle one of the three counts.
"""

import argparse
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from benchmarks.inputs import ROOT
from benchmarks.measure import Measured
from benchmarks.table import COLUMNS, Row, budgets, judge, middle
from thor_web.cli.output import print_json, print_table

__all__ = ["SETS", "main"]

SETS: Final = ("core", "collectors", "live", "history", "clock", "signals", "backtest", "dashboard")
"""Each is a module here with a mapping BENCHMARKS, and a table of budgets.toml."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status 0, or with `--ci` 1 when a comparison is more than 25 % under its budget."""
    parser = argparse.ArgumentParser(prog="thor bench", description="Thor beside its peers, in one run.")
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"which benchmarks: {', '.join(SETS)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--ci", action="store_true", help="fail when a ratio is more than 25 %% under its budget")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this benchmark of the sets")
    parser.add_argument("--once", action="store_true", help="measure nothing a second time")
    arguments = parser.parse_args(argv)
    unknown = sorted(set(arguments.sets) - set(SETS))
    if unknown:
        parser.error(f"there is no set {unknown[0]}: choose from {', '.join(SETS)}")
    rows: list[Row] = []
    for name in arguments.sets or SETS:
        module = importlib.import_module(f"benchmarks.{name}")
        chosen: Mapping[str, Callable[[], list[Measured]]] = module.BENCHMARKS
        if arguments.only:
            chosen = {key: work for key, work in chosen.items() if key in arguments.only}
        rows += _measured(name, chosen, again=not arguments.once)
    if not rows:
        parser.error(f"nothing is named {arguments.only[0]}" if arguments.only else "there is nothing to measure")
    if arguments.json:
        print_json([row.to_json() for row in rows])
    else:
        print_table(COLUMNS, [row.cells() for row in rows])
    if arguments.ci:
        failed = [row.name for row in rows if not row.passes_ci]
        if failed:
            sys.stderr.write(f"thor: more than 25 % under budget: {', '.join(failed)}\n")
            return 1
    return 0


def _measured(name: str, chosen: Mapping[str, Callable[[], list[Measured]]], *, again: bool) -> list[Row]:
    """The rows of one set in its order."""
    limits = budgets(name)
    rows: list[Row] = []
    for key, work in chosen.items():
        _say(f"{name}: {key}")
        found = [judge(measured, limits[measured.name]) for measured in work()]
        if again and any(not row.held and row.ratio is not None for row in found):
            found = _once_more(name, key, found)
        rows += found
    return rows


def _once_more(name: str, key: str, first: list[Row]) -> list[Row]:
    """Measured twice more, alone; rows that held at once stay as they are."""
    taken: dict[str, list[Row]] = {row.name: [row] for row in first}
    for turn in ("again", "once more"):
        _say(f"{name}: {key} {turn}")
        command = [sys.executable, "-m", "benchmarks", name, "--only", key, "--once", "--json"]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
        for document in json.loads(done.stdout):
            taken[document["name"]].append(Row(**document))
    return [row if row.held else middle(taken[row.name]) for row in first]


def _say(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"{text} ...\n")
