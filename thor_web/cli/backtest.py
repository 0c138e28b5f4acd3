"""`thor backtest`: run or audit a strategy over the lake, do a run again, compare, write reports, work on the queue."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thor_web.cli.backtest_analysis import register_analysis
from thor_web.cli.backtest_ask import register_ask
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
from thor_web.cli.backtest_parity import register_parity
from thor_web.cli.backtest_sweep import register_sweeps
from thor_web.cli.options import Commands, add_state, require_core
from thor_web.cli.output import print_json, print_table

if TYPE_CHECKING:
    from thor_web.thordata.backtest.specification import RunSpecification
    from thor_web.thordata.settings import StorageSettings

__all__ = ["register"]


def register(commands: Commands) -> None:
    backtest = commands.add_parser("backtest", help="what a signal would have paid")
    actions = backtest.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    _register_run(actions)
    _register_audit(actions)
    register_sweeps(actions)
    register_analysis(actions)
    register_parity(actions)
    register_ask(actions)
    for name, text, handler in (
        ("strategies", "the strategies and their parameters", _strategies),
        ("list", "the newest runs", _list),
        ("work", "play what waits in the queue until stopped", _work),
        ("seal", "seal the signals that are shown live into a hash chain", _seal),
    ):
        parser = actions.add_parser(name, help=text)
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.set_defaults(handler=handler)
        add_state(parser)
        if name == "work":
            parser.add_argument("--once", action="store_true", help="end when none waits")
    for name, text, handler in (
        ("rerun", "do a run again and compare", _rerun),
        ("report", "a run's report", _report),
        ("cancel", "cancel a run", _cancel),
    ):
        parser = actions.add_parser(name, help=text)
        parser.add_argument("run", type=int, metavar="ID")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        if name == "report":
            parser.add_argument(
                "--output", type=Path, metavar="FILE", help="write the page there (default: standard output)"
            )
        add_state(parser)
        parser.set_defaults(handler=handler)
    compare = actions.add_parser("compare", help="runs side by side")
    compare.add_argument("runs", type=int, nargs="+", metavar="ID")
    compare.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(compare)
    compare.set_defaults(handler=_compare)
    perform = actions.add_parser("perform")  # a worker's child; nobody types it
    perform.add_argument("run", type=int)
    perform.add_argument("--worker", required=True)
    perform.set_defaults(handler=_perform)


def _register_audit(actions: Any) -> None:
    audit = actions.add_parser("audit", help="does a strategy look ahead, and how much of the past does it need?")
    add_specification(audit)
    audit.add_argument(
        "--cuts", type=number_from_one, default=64, help="instants at which the future is taken away (64)"
    )
    audit.add_argument(
        "--changes", type=number_from_one, default=2_000, help="most decisions made again from a window (2000)"
    )
    audit.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(audit)
    audit.set_defaults(handler=_audit)


def _register_run(actions: Any) -> None:
    run = actions.add_parser("run", help="run a strategy over ticks of the lake")
    add_specification(run)
    run.add_argument("--html", type=Path, metavar="FILE", help="write the report there")
    run.add_argument("--queue", action="store_true", help="leave it to a worker and print its number")
    run.add_argument("--no-store", action="store_true", help="do not keep the run")
    run.add_argument("--json", action="store_true", help="print the whole result as one JSON document")
    add_state(run)
    run.set_defaults(handler=_run)


def _run(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from collectors.instruments import load_instruments

    specification = specification_of(arguments).checked(load_instruments(), modules=True)
    if arguments.queue:
        return queue(settings, specification, as_json=arguments.json)
    result = _played(settings, specification, store=not arguments.no_store)
    if arguments.html:
        from thor_web.thordata.backtest.report import html_report

        arguments.html.write_text(html_report(result), encoding="utf-8")
    print_json(result) if arguments.json else _summary(result)
    return 0


def _audit(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from thor_web.thordata.backtest.audit import AuditOptions
    from thor_web.thordata.backtest.execution import audit_strategy

    specification = specification_of(arguments)
    options = AuditOptions(cuts=arguments.cuts, changes=arguments.changes, seed=specification.seed)
    found = audit_strategy(
        specification, settings.lake_folder(), options, modules=True, progress=show_progress()
    ).to_json()
    if arguments.json:
        print_json(found)
    else:
        clear_progress()
        findings, examples = found.pop("findings"), found.pop("examples")
        rows = [*found.items(), *((f"finding {it['code']}", it["text"]) for it in findings)]
        rows += [("example", ", ".join(f"{name} {value}" for name, value in it.items())) for it in examples]
        print_table(("", specification.strategy), rows)
    return 0 if found["verdict"] in {"clean", "nothing_decided"} else 1


def _played(
    settings: "StorageSettings", specification: "RunSpecification", *, store: bool, rerun_of: int | None = None
) -> dict[str, Any]:
    """Play a run here; keep it where the registry can be reached, and say so where it cannot."""
    from psycopg import OperationalError

    from thor_web.thordata.backtest.execution import execute
    from thor_web.thordata.backtest.outcomes import Outcome

    def play(**more: Any) -> dict[str, Any]:
        return execute(specification, settings.lake_folder(), modules=True, progress=show_progress(), **more)

    if not store:
        return {"id": None, **play()}
    try:
        runs = open_registry(settings)
    except OperationalError:
        sys.stderr.write("thor: Postgres is away, so this run is not kept and its trials are not counted.\n")
        return {"id": None, **play()}
    with runs, held(settings, runs, specification, rerun_of=rerun_of) as claim:
        result = play(trials=lambda data_hash: runs.trials(specification.strategy, data_hash))
        runs.finish(claim.number, claim.worker, Outcome.of_run(result))
    return {"id": claim.number, **result}


def _summary(result: dict[str, Any]) -> None:
    clear_progress()
    statistics, equity = result["trade_statistics"], result["equity"]
    match = {True: "equal to the live path", False: "DIFFERENT from the live path", None: "not checked"}
    rows: list[tuple[str, object]] = [
        ("run", result["id"] if result["id"] is not None else "not kept"),
        ("money", f"{equity['start']:,.2f} to {equity['end']:,.2f}"),
        ("trades", statistics["trades"]),
        ("fees", f"{statistics['all_fees']:,.2f}"),
        ("maximum drawdown", f"{result['figures']['max_drawdown']['value'] or 0:.2%}"),
        ("data", f"{result['data']['ticks']} ticks, {result['data']['hash']}"),
        ("audit", result["audit"]["verdict"].replace("_", " ")),
        *((f"finding {it['code']}", it["text"]) for it in result["audit"]["findings"]),
        ("signals", match[result["parity"]["match"]]),
        *((f"finding {it['code']}", it["text"]) for it in result["diagnosis"]),
        *(("caveat", text) for text in result["caveats"]),
    ]
    print_table(("", f"{result['specification']['strategy']}"), rows)


def _rerun(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from thor_web.thordata.backtest.specification import RunSpecification

    with open_registry(settings) as runs:
        before = runs.result(arguments.run)
    specification = RunSpecification.from_json(before["specification"])
    result = _played(settings, specification, store=True, rerun_of=arguments.run)
    answer = {
        "id": result["id"],
        "rerun_of": arguments.run,
        "same_code": result["code"] == before["code"],
        "same_data": result["data"]["hash"] == before["data"]["hash"],
        "same_result": result["digest"] == before["digest"],
    }
    print_json(answer) if arguments.json else print_table(("", "rerun"), list(answer.items()))
    return 0 if answer["same_result"] or not (answer["same_code"] and answer["same_data"]) else 1


def _compare(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from thor_web.thordata.backtest.comparison import compare_results

    with open_registry(settings) as runs:
        compared = compare_results([runs.result(number) for number in arguments.runs])
    if arguments.json:
        print_json(compared)
        return 0
    sections = ("differing_inputs", "figures", "trade_statistics")
    rows = [(name, *values) for section in sections for name, values in compared[section].items()]
    print_table(("", *(f"run {number}" for number in compared["runs"])), rows)
    return 0


def _report(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from thor_web.thordata.backtest.report import html_report

    with open_registry(settings) as runs:
        result = runs.result(arguments.run)
    if arguments.json:
        print_json(result)
    elif arguments.output:
        arguments.output.write_text(html_report(result), encoding="utf-8")
    else:
        sys.stdout.write(html_report(result))
    return 0


def _strategies(arguments: argparse.Namespace) -> int:
    prepare(arguments)
    from thor_web.thordata.backtest.errors import BacktestError
    from thor_web.thordata.backtest.registry import strategies

    known = strategies()
    if arguments.json:
        print_json(
            {
                name: kind.to_json()
                if isinstance(kind, BacktestError)
                else {
                    "summary": kind.summary,
                    "feed": kind.feed,
                    "parameters": [it.to_json() for it in kind.parameters],
                }
                for name, kind in known.items()
            }
        )
        return 0
    rows: list[Sequence[object]] = []
    for name, kind in known.items():
        if isinstance(kind, BacktestError):
            rows.append((name, "", f"cannot be loaded: {kind}", ""))
        else:
            rows.append((name, kind.feed, kind.summary, ", ".join(f"{it.name}={it.default}" for it in kind.parameters)))
    print_table(("strategy", "feed", "what it does", "parameters"), rows)
    return 0


def _list(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    with open_registry(settings) as runs:
        found = runs.listed()
    if arguments.json:
        print_json(found)
    else:
        rows = [
            (it["id"], it["state"], it["strategy"], it["created_at"], it["sharpe"], it["error"] or "") for it in found
        ]
        print_table(("run", "state", "strategy", "asked", "Sharpe a period", "error"), rows)
    return 0


def _cancel(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    with open_registry(settings) as runs:
        status = runs.cancel(arguments.run)
    print_json(status) if arguments.json else sys.stdout.write(f"run {arguments.run} is {status['state']}\n")
    return 0


def _work(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    import signal
    import threading

    from thor_web.thordata.backtest.worker import work

    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    taken = work(settings, stopped=stopped, once=arguments.once)
    if arguments.json:
        print_json({"runs": taken})
    return 0


def _seal(arguments: argparse.Namespace) -> int:
    from thor_web.cli.logs import configure_logs

    configure_logs("sealer")
    prepare(arguments)
    from thor_web.cli.loop import run_until_asked
    from thor_web.thor_project.configuration import ServerSettings
    from thor_web.thordata.backtest.sealing import run_sealer

    settings = ServerSettings()
    run_until_asked(
        lambda: run_sealer(
            settings.redis_url.get_secret_value(), settings.conninfo(), stale_after_ms=settings.stale_after_ms
        )
    )
    return 0


def _perform(arguments: argparse.Namespace) -> int:
    require_core()
    from thor_web.thordata.backtest.worker import perform
    from thor_web.thordata.settings import StorageSettings

    perform(StorageSettings(), arguments.run, arguments.worker)
    return 0
