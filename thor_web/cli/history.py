"""Commands of history: bring files of other programs in, tell stored ticks again."""

import argparse
from datetime import datetime
from pathlib import Path

from thor_web.cli.options import Commands, add_state, find_servers, require_core, speed, symbols
from thor_web.cli.output import print_json, print_table

__all__ = ["register"]


def register(commands: Commands) -> None:
    """Add `import` and `replay`."""
    bring = commands.add_parser("import", help="store the rows of CSV, Parquet or DBN files as ticks")
    bring.add_argument("files", nargs="+", type=Path, metavar="FILE")
    bring.add_argument("--symbol", metavar="ES", help="the symbol of every row, where no column says it")
    bring.add_argument(
        "--rename", action="append", default=[], type=_pair, metavar="ESH4=ES", help="another name of a symbol"
    )
    bring.add_argument("--source", default="IMPORT", metavar="NAME", help="source of rows that name none (IMPORT)")
    bring.add_argument("--zone", metavar="ZONE", help="zone of instants without one, such as America/Chicago")
    bring.add_argument("--json", action="store_true", help="print one JSON document")
    bring.set_defaults(handler=_import)

    replay = commands.add_parser("replay", help="publish stored ticks again, from Postgres and the lake")
    replay.add_argument(
        "--from", type=_instant, dest="start", required=True, metavar="T", help="first instant, with zone"
    )
    replay.add_argument(
        "--to", type=_instant, dest="end", required=True, metavar="T", help="the instant behind the last"
    )
    replay.add_argument("--symbols", type=symbols, metavar="ES,YM", help="only these, separated by commas")
    replay.add_argument("--source", metavar="NAME", help="only ticks of this source")
    replay.add_argument("--speed", type=speed, default=1.0, metavar="X|max", help="factor of the recorded speed")
    replay.add_argument("--as", dest="rename", metavar="NAME", help="publish under another source name")
    replay.set_defaults(handler=_replay)
    for parser in (bring, replay):
        add_state(parser)


def _import(arguments: argparse.Namespace) -> int:
    require_core()
    find_servers(arguments)
    import asyncio

    from thor_web.thordata.importing import ImportOptions, import_file
    from thor_web.thordata.settings import StorageSettings

    for file in arguments.files:
        if not file.is_file():
            from thor_web.runtime.errors import ThorError

            raise ThorError(f"There is no file {file}.")
    options = ImportOptions(arguments.source, arguments.symbol, dict(arguments.rename), arguments.zone)
    reports = [asyncio.run(import_file(StorageSettings(), file, options)) for file in arguments.files]
    if arguments.json:
        print_json([report.to_json() for report in reports])
        return 0
    rows = [
        (
            report.file,
            report.rows,
            report.stored,
            ", ".join(f"{n} {code}" for code, n in report.rejected.items()) or "-",
        )
        for report in reports
    ]
    print_table(("file", "rows", "stored", "rejected"), rows)
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    from thor_web.cli.logs import configure_logs
    from thor_web.cli.loop import run_until_asked

    configure_logs()
    require_core()
    find_servers(arguments)
    from collectors.instruments import load_instruments
    from collectors.instruments import register as register_instruments
    from collectors.runner import collect
    from thor_web.thordata.replay import HistorySource
    from thor_web.thordata.settings import StorageSettings

    settings = StorageSettings()
    register_instruments(load_instruments())
    source = HistorySource(
        settings,
        arguments.start,
        arguments.end,
        symbols=arguments.symbols,
        source=arguments.source,
        speed=arguments.speed,
        rename=arguments.rename,
    )
    run_until_asked(lambda: collect(source, settings, kind="replay"))
    return 0


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"an instant is ISO 8601, was {text!r}") from None
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"an instant needs a zone, such as {text}Z")
    return instant


def _pair(text: str) -> tuple[str, str]:
    raw, equals, symbol = text.partition("=")
    if not (raw and equals and symbol):
        raise argparse.ArgumentTypeError(f"RAW=SYMBOL, was {text!r}")
    return raw, symbol
