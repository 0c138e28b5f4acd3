"""Commands of the lake: write a trade date as Parquet, ask the lake with SQL."""

import argparse
import sys
from collections.abc import Callable
from datetime import date

from thor_web.cli.options import Commands, add_state, find_servers, require_core
from thor_web.cli.output import print_json, print_table

__all__ = ["register"]


def register(commands: Commands) -> None:
    export = commands.add_parser("export", help="write the ticks of a trade date to the lake as Parquet")
    export.add_argument("--date", type=_date, required=True, metavar="D", help="trade date, YYYY-MM-DD")
    export.add_argument("--symbols", type=_symbols, metavar="ES,YM", help="only these, separated by commas")
    export.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(export)
    export.set_defaults(handler=_export)

    lake = commands.add_parser("lake", help="ask the Parquet lake")
    actions = lake.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    sql = actions.add_parser("sql", help="a DuckDB query over the view `ticks`")
    sql.add_argument("query", metavar="SQL")
    sql.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(sql)
    sql.set_defaults(handler=_sql)


def _export(arguments: argparse.Namespace) -> int:
    require_core()
    find_servers(arguments)
    from thor_web.thordata.export import run_export
    from thor_web.thordata.settings import StorageSettings

    try:
        report = run_export(
            StorageSettings(), trade_date=arguments.date, symbols=arguments.symbols, progress=_progress()
        )
    except ValueError as error:
        from thor_web.runtime.errors import ThorError

        raise ThorError(f"{arguments.date} cannot be exported: {error}") from error
    if arguments.json:
        print_json(report)
        return 0
    rows = [(part["symbol"], part["rows"], part["path"]) for part in report["partitions"]]
    print_table(("symbol", "rows", "file"), rows, title=f"Trade date {report['date']}: {report['rows']} rows")
    return 0


def _progress() -> Callable[[int, int, str], None]:
    """A line that counts symbols on a terminal, nothing elsewhere."""

    def show(done: int, total: int, symbol: str) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{done}/{total} {symbol}" + ("\r\033[K" if done == total else ""))
            sys.stderr.flush()

    return show


def _sql(arguments: argparse.Namespace) -> int:
    find_servers(arguments)
    from thor_web.thordata.lake import query
    from thor_web.thordata.settings import StorageSettings

    columns, rows = query(StorageSettings(), arguments.query)
    if arguments.json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)
    return 0


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a date is YYYY-MM-DD, was {text!r}") from None


def _symbols(text: str) -> list[str]:
    return [symbol.strip().upper() for symbol in text.split(",") if symbol.strip()]
