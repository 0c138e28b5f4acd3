"""A trade date out of Postgres: the whole export, what others do of it, and the server's own COPY to nowhere."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, Final

import psycopg

from benchmarks.measure import Measured
from benchmarks.stores import Stores, in_turns, stores
from thor_web.thordata.export import run_export

__all__ = ["day"]

ROWS: Final = 2_000_000
DAY: Final = date(2025, 6, 10)
SPAN: Final = (datetime(2025, 6, 9, 21, tzinfo=UTC), datetime(2025, 6, 10, 21, tzinfo=UTC))
FILL: Final = f"""
INSERT INTO ticks (symbol, ts, last, bid, ask, last_size, bid_size, ask_size, source, seq)
SELECT (ARRAY['CL','CFE1','ES','GC','HG','NQ','RTY','SI','VX','YM','ZB'])[1 + n % 11],
       timestamptz '2025-06-09 21:00Z' + n * interval '43 milliseconds',
       (19200 + n % 400)::numeric / 4, (19199 + n % 400)::numeric / 4,
       (19201 + n % 400)::numeric / 4, 1 + n % 9, 1 + n % 60, 1 + n % 50, 'TOS', n
FROM generate_series(0, {ROWS - 1}) AS n
"""
WHERE: Final = "WHERE ts >= '2025-06-09 21:00Z' AND ts < '2025-06-10 21:00Z'"


def day() -> list[Measured]:
    """Two million ticks, exact, partitioned by symbol."""
    with stores() as running:
        with psycopg.connect(running.conninfo, autocommit=True) as connection:
            for first, last in (("2025-06-09", "2025-06-10"), ("2025-06-10", "2025-06-11")):
                name = f"ticks_{first.replace('-', '')}"
                connection.execute(
                    f"CREATE TABLE {name} PARTITION OF ticks FOR VALUES FROM ('{first}Z') TO ('{last}Z')".encode()
                )
            connection.execute(FILL.encode())
            connection.execute("VACUUM ANALYZE ticks")
        thor = _thor(running)
        peer, note = _adbc(running)
        limit = _server(running)
        works: list[Callable[[], object]] = [thor, limit, *([peer] if peer else [])]
        medians = in_turns(works)
    millis = [seconds * 1_000 for seconds in medians]
    adbc = millis[2] if peer else None
    scanner = "its Postgres extension for DuckDB 2 is not to be had here; the one for 1.5 reads prices as floats"
    return [
        Measured("export-adbc", millis[0], adbc, "ADBC to Arrow, floats, no file", "ms", millis[1], note),
        Measured("export-duckdb", millis[0], None, "DuckDB's Postgres reader", "ms", millis[1], scanner),
        Measured("export-server", millis[0], millis[1], "the server's COPY to nowhere", "ms", millis[1]),
    ]


def _thor(running: Stores) -> Callable[[], object]:
    def export() -> None:
        report = run_export(running.settings, trade_date=DAY, rewrite=True)
        assert report["rows"] == ROWS
        assert report["written"] == 11

    export()
    return export


def _adbc(running: Stores) -> tuple[Callable[[], object] | None, str]:
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        return None, f"{error.name} is not installed"
    settings = running.settings
    uri = f"postgresql:///{settings.db_name}?host={settings.db_host}&user={settings.db_user}"
    statement = (
        "SELECT symbol, ts, last::float8, bid::float8, ask::float8, last_size, bid_size, ask_size, source, cond, seq, "
        f"extra::text FROM ticks {WHERE}"
    )

    def read() -> None:
        with dbapi.connect(uri) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            table: Any = cursor.fetch_arrow_table()
            assert table.num_rows == ROWS

    read()
    return read, ""


def _server(running: Stores) -> Callable[[], object]:
    statement = f"COPY (SELECT * FROM ticks {WHERE}) TO '/dev/null' (FORMAT binary)"

    def copy() -> None:
        with psycopg.connect(running.conninfo) as connection:
            assert connection.execute(statement.encode()).rowcount == ROWS

    copy()
    return copy
