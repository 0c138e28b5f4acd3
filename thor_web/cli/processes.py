"""The processes that `thor up` starts, each as its own command: collect, merge, ingest, clock, signals, web."""

import argparse
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thor_web.cli.options import Commands, add_metrics_port, add_state, find_servers, require_core, speed, worker_count

if TYPE_CHECKING:
    from thor_web.thor_project.configuration import ServerSettings

__all__ = ["register"]


def register(commands: Commands) -> None:
    _register_collect(commands)
    for name, text, handler in (
        ("merge", "choose the source of each symbol and write the unified stream", _merge),
        ("ingest", "store every event as a tick in Postgres", _ingest),
        ("signals", "record signals, bars and trade dates in Postgres", _signals),
        ("clock", "publish what markets do, and run what is due because of it", _clock),
        ("web", "serve the dashboard, REST and event streams", _web),
    ):
        parser = commands.add_parser(name, help=text)
        add_state(parser)
        if name == "merge":
            add_metrics_port(parser)
        if name == "web":
            parser.add_argument("--port", type=int, help="port to listen on (default: THOR_PORT, 8000)")
            parser.add_argument(
                "--workers",
                type=worker_count,
                metavar="N",
                help="web processes that share the port (default: WEB_WORKERS)",
            )
            # How a worker is told its name, its socket, and where it says that it serves.
            parser.add_argument("--worker", help=argparse.SUPPRESS)
            parser.add_argument("--listening", type=int, help=argparse.SUPPRESS)
            parser.add_argument("--ready", type=int, help=argparse.SUPPRESS)
        parser.set_defaults(handler=handler)


def _register_collect(commands: Commands) -> None:
    collect = commands.add_parser(
        "collect", help="run one collector: mock, replay, json, excel_file, excel_live or schwab"
    )
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
    workbook.add_argument(
        "--sheet", metavar="NAME", help="sheet to read (default: LiveData, else Futures, else the first)"
    )
    workbook.add_argument("--range", dest="cell_range", metavar="A1:M20", help="cells to read")

    live = sources.add_parser("excel_live", help="the sheet that Excel has open, filled by thinkorswim")
    live.add_argument("file", nargs="?", type=Path, metavar="WORKBOOK", help="path or name (default: EXCEL_DATA_FILE)")
    live.add_argument("--sheet", metavar="NAME", help="sheet to read (default: EXCEL_SHEET_NAME)")
    live.add_argument("--range", dest="cell_range", metavar="A1:M20", help="cells to read (default: EXCEL_LIVE_RANGE)")
    live.add_argument("--record", type=Path, metavar="FILE", help="write down what Excel really returns")
    live.add_argument("--replay-com", type=Path, metavar="FILE", help="such a recording, through a simulated Excel")
    live.add_argument("--speed", type=speed, default=1.0, metavar="X|max", help="factor of the recorded speed")

    sources.add_parser("schwab", help="Schwab's streamer, after thor schwab login")

    for parser in sources.choices.values():
        add_state(parser)
        add_metrics_port(parser)
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
    return _run(lambda: run_collector(spec, CollectorSettings(), metrics_port=arguments.metrics_port))


def _merge(arguments: argparse.Namespace) -> int:
    _prepare(arguments)
    from collectors.settings import CollectorSettings
    from thor_web.livedata.merger import run_merger

    return _run(lambda: run_merger(CollectorSettings(), metrics_port=arguments.metrics_port))


def _ingest(arguments: argparse.Namespace) -> int:
    _prepare(arguments)
    from thor_web.thordata.ingestor import run_ingestor
    from thor_web.thordata.settings import StorageSettings

    return _run(lambda: run_ingestor(StorageSettings()))


def _signals(arguments: argparse.Namespace) -> int:
    _prepare(arguments)
    from thor_web.futuretrading.recorder import run_recorder
    from thor_web.thor_project.configuration import ServerSettings

    settings = ServerSettings()
    return _run(
        lambda: run_recorder(
            settings.redis_url.get_secret_value(),
            settings.conninfo(),
            stale_after_ms=settings.stale_after_ms,
            second_bars_days=settings.second_bars_days,
        ),
    )


def _clock(arguments: argparse.Namespace) -> int:
    _prepare(arguments)
    from thor_web.runtime.clock_process import run_clock
    from thor_web.thor_project.configuration import ServerSettings

    return _run(lambda: run_clock(ServerSettings()))


def _web(arguments: argparse.Namespace) -> int:
    _prepare(arguments)
    if arguments.worker is not None:
        os.environ["THOR_WORKER"] = arguments.worker
    from thor_web.thor_project.configuration import ServerSettings

    settings = ServerSettings()
    port = arguments.port or settings.thor_port
    if arguments.listening is not None:
        return _serve(settings, port, socket.socket(fileno=arguments.listening), arguments.ready)
    if arguments.workers is not None or settings.web_workers > 1:
        return _serve_by_workers(settings, port, arguments)
    from thor_web.runtime.ports import require_free_port

    require_free_port(port, address=settings.thor_bind)
    return _serve(settings, port, None, None)


def _serve(settings: "ServerSettings", port: int, listening: socket.socket | None, ready: int | None) -> int:
    """Be the web process."""
    from thor_web.thor_project.server import run_web

    def say_ready() -> None:
        if ready is not None:
            os.write(ready, b"1")
            os.close(ready)

    # uvicorn repeats the signal that stopped it; being asked to stop is no fault.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
    try:
        run_web(settings, port=port, listening=listening, serves=say_ready)
    except SystemExit as error:
        return 1 if error.code else 0
    return 0


def _serve_by_workers(settings: "ServerSettings", port: int, arguments: argparse.Namespace) -> int:
    """Keep several web processes."""
    from thor_web.runtime.composition import thor_command
    from thor_web.runtime.workers import run_workers

    def command(number: int, listening: int, ready: int) -> Sequence[str]:
        named = ["--state", arguments.state] if arguments.state else []
        worker = ["--worker", str(number), "--listening", str(listening), "--ready", str(ready)]
        return thor_command("web", "--port", str(port), *named, *worker)

    run_workers(command, address=settings.thor_bind, port=port, count=arguments.workers or settings.web_workers)
    return 0


def _prepare(arguments: argparse.Namespace) -> None:
    from thor_web.cli.logs import configure_logs

    configure_logs(arguments.command)
    require_core()
    find_servers(arguments)


def _run(make: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run to the end, or until SIGINT or SIGTERM cancels it, which is a clean end."""
    from thor_web.cli.loop import run_until_asked

    run_until_asked(make)
    return 0
