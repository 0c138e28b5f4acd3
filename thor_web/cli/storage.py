"""Commands of the lake: write trade dates as Parquet, ask, verify and compact it, drop what is old from Postgres."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from thor_web.cli.options import Commands, add_state, day, find_servers, require_core, symbols
from thor_web.cli.output import print_json, print_table

if TYPE_CHECKING:
    from thor_web.thordata.export import Progress
    from thor_web.thordata.settings import StorageSettings

__all__ = ["register"]


def register(commands: Commands) -> None:
    _register_export(commands)
    lake = commands.add_parser("lake", help="ask, verify or compact the Parquet lake")
    actions = lake.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    sql = actions.add_parser("sql", help="a DuckDB query over the view `ticks`")
    sql.add_argument("query", metavar="SQL")
    verify = actions.add_parser("verify", help="compare Postgres and lake row for row, by count and digest")
    verify.add_argument("--date", type=day, action="append", metavar="D", help="only this trade date; may be repeated")
    compact = actions.add_parser("compact", help="make one file of every partition, with today's encodings")
    compact.add_argument("--date", type=day, action="append", metavar="D", help="only this trade date; may be repeated")
    compact.add_argument("--all", action="store_true", help="also partitions that are one file already")
    check = actions.add_parser("check", help="look for doubtful rows: gaps, crossed books, outliers and more")
    check.add_argument("--date", type=day, action="append", metavar="D", help="only this trade date; may be repeated")
    check.add_argument("--symbols", type=symbols, metavar="ES,YM", help="only these, separated by commas")
    retention = commands.add_parser(
        "retention", help="drop partitions of ticks older than TICKS_KEPT_DAYS, once exported"
    )
    for parser, handler in (
        (sql, _sql),
        (verify, _verify),
        (compact, _compact),
        (check, _check),
        (retention, _retention),
    ):
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        add_state(parser)
        parser.set_defaults(handler=handler)


def _register_export(commands: Commands) -> None:
    export = commands.add_parser("export", help="write the ticks of trade dates to the lake as Parquet")
    which = export.add_mutually_exclusive_group(required=True)
    which.add_argument("--date", type=day, metavar="D", help="one trade date, YYYY-MM-DD")
    which.add_argument("--from", type=day, dest="first", metavar="D", help="every trade date from this one to --to")
    which.add_argument(
        "--due", action="store_true", help="every trade date that has ended and is not in the lake as it is"
    )
    export.add_argument(
        "--to", type=day, dest="last", metavar="D", help="last trade date of a range (default: yesterday)"
    )
    export.add_argument("--symbols", type=symbols, metavar="ES,YM", help="only these, separated by commas")
    export.add_argument(
        "--jobs", type=int, metavar="N", help="sessions and threads at once (default: one a core, at most 4)"
    )
    export.add_argument("--rewrite", action="store_true", help="also partitions that have not changed")
    export.add_argument("--check", action="store_true", help="look for doubtful rows in what was exported")
    export.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(export)
    export.set_defaults(handler=_export)


def _settings(arguments: argparse.Namespace) -> "StorageSettings":
    require_core()
    find_servers(arguments)
    from thor_web.thordata.settings import StorageSettings

    return StorageSettings()


def _export(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from thor_web.thordata.errors import StorageError

    dates = _dates(settings, arguments)
    reports: list[dict[str, Any]] = []
    failures: list[StorageError] = []
    with _progress(len(dates)) as progress:
        for trade_date in dates:
            progress.start(trade_date)
            try:
                reports.append(_export_date(settings, arguments, trade_date, progress.partition))
            except ValueError as error:
                if not arguments.date:
                    continue  # a range has weekends in it
                from thor_web.runtime.errors import ThorError

                raise ThorError(f"{trade_date} cannot be exported: {error}") from error
            except StorageError as error:  # one date keeps no other from the lake
                failures.append(StorageError(error.code, f"{trade_date}: {error}"))
    if arguments.json:
        print_json(reports[0] if arguments.date and reports else {"dates": reports})
    else:
        rows = [
            (report["date"], part["symbol"], part["rows"], part["bytes"], part["path"])
            for report in reports
            for part in report["partitions"]
        ]
        total = sum(report["rows"] for report in reports)
        title = f"{len(reports)} trade dates, {total} rows"
        print_table(("date", "symbol", "rows", "bytes", "file"), rows, title=title)
    if failures:
        first, *others = failures
        raise StorageError(first.code, f"{first}{f' (and {len(others)} other dates)' if others else ''}")
    return 0


def _dates(settings: "StorageSettings", arguments: argparse.Namespace) -> Sequence[date]:
    from thor_web.thordata.export import due_dates

    if arguments.date:
        return [arguments.date]
    if arguments.due:
        return due_dates(settings, datetime.now(UTC))
    return list(_range(arguments.first, arguments.last or datetime.now(UTC).date() - timedelta(days=1)))


def _export_date(
    settings: "StorageSettings", arguments: argparse.Namespace, trade_date: date, progress: "Progress"
) -> dict[str, Any]:
    from thor_web.thordata.export import run_export

    report = run_export(
        settings,
        trade_date=trade_date,
        symbols=arguments.symbols,
        progress=progress,
        jobs=arguments.jobs,
        rewrite=arguments.rewrite,
    )
    if arguments.check and report["written"]:
        from thor_web.thordata.quality import check_lake

        found = check_lake(settings, [trade_date], arguments.symbols)
        report["doubtful"] = {one.symbol: {name: n for name, n in one.counts.items() if n} for one in found}
    return report


def _range(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)


class _Bar:
    """A bar of dates and partitions on a terminal, nothing elsewhere."""

    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bars

        self._bars = Bars(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
        self._dates = self._bars.add_task("dates", total=total)
        self._parts = self._bars.add_task("", total=None)

    def start(self, trade_date: date) -> None:
        self._bars.update(self._parts, description=str(trade_date), total=None, completed=0)

    @property
    def partition(self) -> "Progress":
        def show(done: int, total: int, symbol: str) -> None:
            self._bars.update(self._parts, total=total, completed=done, description=symbol)
            if done == total:
                self._bars.advance(self._dates)

        return show

    def __enter__(self) -> "_Bar":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()


@contextmanager
def _progress(total: int) -> Iterator[_Bar]:
    with _Bar(total) as bar:
        yield bar


def _sql(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from thor_web.thordata.lake import query

    columns, rows = query(settings, arguments.query)
    if arguments.json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from dataclasses import asdict

    from thor_web.thordata.verification import verify_lake

    found = list(verify_lake(settings, arguments.date))
    differences = [difference for _, _, differing in found for difference in differing]
    if arguments.json:
        dates = [
            {"date": day, "rows": rows, "differences": [asdict(one) for one in differing]}
            for day, rows, differing in found
        ]
        print_json({"clean": not differences, "rows": sum(rows for _, rows, _ in found), "dates": dates})
    else:
        table = [
            (day, rows, "the same" if not differing else f"{len(differing)} differ") for day, rows, differing in found
        ]
        print_table(("date", "rows", "Postgres and lake"), table)
        for one in differences:
            sys.stderr.write(
                f"  {one.trade_date} {one.symbol}: {one.problem} (Postgres {one.in_postgres}, lake {one.in_lake})\n"
            )
    if differences:
        from thor_web.thordata.errors import StorageError

        raise StorageError("lake_differs", f"{len(differences)} partitions are not the same in Postgres and lake")
    return 0


def _compact(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from dataclasses import asdict

    from thor_web.thordata.compaction import compact

    done = list(compact(settings, arguments.date, all_files=arguments.all))
    if arguments.json:
        print_json([asdict(one) for one in done])
        return 0
    rows = [(one.trade_date, one.symbol, one.files, one.bytes_before, one.bytes_after) for one in done]
    print_table(
        ("date", "symbol", "files", "bytes before", "bytes after"), rows, title=f"{len(done)} partitions rewritten"
    )
    return 0


def _check(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from dataclasses import asdict

    from thor_web.thordata.quality import check_lake

    reports = list(check_lake(settings, arguments.date, arguments.symbols))
    if arguments.json:
        print_json([asdict(report) for report in reports])
        return 0
    rows = [
        (
            report.trade_date,
            report.symbol,
            report.rows,
            ", ".join(f"{n} {name}" for name, n in report.counts.items() if n),
        )
        for report in reports
    ]
    print_table(("date", "symbol", "rows", "found"), rows)
    return 0


def _retention(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from thor_web.thordata.errors import StorageError
    from thor_web.thordata.retention import retire_old

    done = list(retire_old(settings, datetime.now(UTC).date()))
    dropped = [(day, rows) for day, rows in done if isinstance(rows, int)]
    kept = [(day, error) for day, error in done if isinstance(error, StorageError)]
    if arguments.json:
        print_json(
            {
                "kept_days": settings.ticks_kept_days,
                "dropped": [{"day": day, "rows": rows} for day, rows in dropped],
                "kept": [{"day": day, "code": error.code, "message": str(error)} for day, error in kept],
            }
        )
    else:
        rows = [(day, f"dropped, {rows} rows") for day, rows in dropped] + [
            (day, f"kept: {error}") for day, error in kept
        ]
        print_table(("day", "partition"), rows)
        if settings.ticks_kept_days == 0:
            sys.stderr.write("TICKS_KEPT_DAYS is 0: every partition is kept\n")
    return 1 if kept else 0
