"""The processes that `thor up` starts, each as its own command: collect, merge, ingest, web."""

import argparse
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from thor_web.cli.options import Commands, add_state, find_servers, require_core, speed

__all__ = ["register"]


def register(commands: Commands) -> None:
    _register_collect(commands)
    for name, text, handler in (
        ("merge", "choose the source of each symbol and write the unified stream", _merge),
        ("ingest", "store every event as a tick in Postgres", _ingest),
        ("web", "serve the dashboard, REST and event streams", _web),
    ):
        parser = commands.add_parser(name, help=text)
        add_state(parser)
        if name == "web":
            parser.add_argument("--port", type=int, help="port to listen on (default: THOR_PORT, 8000)")
        parser.set_defaults(handler=handler)


def _register_collect(commands: Commands) -> None:
    collect = commands.add_parser("collect", help="run one collector: mock, replay, json, excel_file or excel_live")
    sources = collect.add_subparsers(title="sources", dest="source", metavar="SOURCE", required=True)

    mock = sources.add_parser("mock", help="a made-up market over the eleven futures, marked MOCK")
    mock.add_argument("--seed", type=int, help="the same seed gives the same market")
    mock.add_argument("--rate", type=float, metavar="X", help="events a second")

    replay = sources.add_parser("replay", help="a recording of canonical events, .jsonl, .gz or .zst")
    replay.add_argument("file", type=Path, metavar="FILE")
    replay.add_argument("--speed", type=speed, default=1.0, metavar="X|max", help="factor of the recorded speed")
    replay.add_argument("--as", dest="rename", metavar="NAME", help="publish under another source name")

    json_file = sources.add_parser("json", help="a JSON file, read again when it changes")
    json_file.add_argument("file", type=Path, metavar="FILE")
    json_file.add_argument("--as", dest="rename", metavar="NAME", help="publish under another source name")

    workbook = sources.add_parser("excel_file", help="a closed workbook, published as stale")
    workbook.add_argument("file", type=Path, metavar="FILE")
    workbook.add_argument("--sheet", metavar="NAME", help="sheet to read (default: the first)")
    workbook.add_argument("--range", dest="cell_range", metavar="A1:M20", help="cells to read")

    live = sources.add_parser("excel_live", help="the sheet that Excel has open, filled by thinkorswim")
    live.add_argument("file", nargs="?", type=Path, metavar="WORKBOOK", help="path or name (default: EXCEL_DATA_FILE)")
    live.add_argument("--sheet", metavar="NAME", help="sheet to read (default: EXCEL_SHEET_NAME)")
    live.add_argument("--range", dest="cell_range", metavar="A1:M20", help="cells to read (default: EXCEL_LIVE_RANGE)")
    live.add_argument("--record", type=Path, metavar="FILE", help="write down what Excel really returns")
    live.add_argument("--replay-com", type=Path, metavar="FILE", help="such a recording, through a simulated Excel")
    live.add_argument("--speed", type=speed, default=1.0, metavar="X|max", help="factor of the recorded speed")

    for parser in (mock, replay, json_file, workbook, live):
        add_state(parser)
        parser.set_defaults(handler=_collect)


def _collect(arguments: argparse.Namespace) -> int:
    _prepare(arguments)
    from collectors.runner import CollectSpec, run_collector
    from collectors.settings import CollectorSettings

    named = {
        name: value
        for name in ("file", "speed", "rename", "seed", "rate", "sheet", "cell_range", "record", "replay_com")
        if hasattr(arguments, name)
        for value in (getattr(arguments, name),)
    }
    spec = CollectSpec(source=arguments.source, **named)
    return _run(lambda: run_collector(spec, CollectorSettings()))


def _merge(arguments: argparse.Namespace) -> int:
    _prepare(arguments)
    from collectors.settings import CollectorSettings
    from thor_web.livedata.merger import run_merger

    return _run(lambda: run_merger(CollectorSettings()))


def _ingest(arguments: argparse.Namespace) -> int:
    _prepare(arguments)
    from thor_web.thordata.ingestor import run_ingestor
    from thor_web.thordata.settings import StorageSettings

    return _run(lambda: run_ingestor(StorageSettings()))


def _web(arguments: argparse.Namespace) -> int:
    _prepare(arguments)
    import signal

    from thor_web.runtime.ports import require_free_port
    from thor_web.thor_project.configuration import ServerSettings
    from thor_web.thor_project.server import run_web

    settings = ServerSettings()
    port = arguments.port or settings.thor_port
    require_free_port(port, address=settings.thor_bind)
    # uvicorn repeats the signal that stopped it; being asked to stop is no fault.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    try:
        run_web(settings, port=port)
    except SystemExit as error:
        return 1 if error.code else 0
    return 0


def _prepare(arguments: argparse.Namespace) -> None:
    from thor_web.cli.logs import configure_logs

    configure_logs()
    require_core()
    find_servers(arguments)


def _run(make: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run to the end, or until SIGINT or SIGTERM cancels it, which is a clean end."""
    from thor_web.cli.loop import run_until_asked

    run_until_asked(make)
    return 0
