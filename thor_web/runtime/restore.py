"""`thor restore`: a backup into an empty place, compared with what it was made from.

The tables are brought to the shape that the backup has, filled in one transaction, compared row by row in digest, and
only then brought to the shape of this Thor. Nothing is restored over anything.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import psycopg
import zstandard
from psycopg import sql

from collectors.bus import Bus
from thor_fast import register_source
from thor_web.runtime.backup import PIECE, Manifest, TableCopy, check_files, digest_of, tables_of
from thor_web.runtime.composition import thor_command
from thor_web.runtime.errors import ThorError
from thor_web.thordata.settings import StorageSettings

__all__ = ["restore"]

AT_ONCE: Final = 1_000
REFERENCES: Final = """
SELECT DISTINCT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
WHERE contype = 'f' AND conrelid <> confrelid
"""
SEQUENCES: Final = """
SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL
"""


def restore(settings: StorageSettings, folder: Path, *, tell: Callable[[str], None] = lambda _: None) -> Manifest:
    """Bring a backup into an empty Postgres, an empty lake and Redis. Raises ThorError, and then has changed nothing
    that cannot be emptied and tried again.
    """
    manifest = check_files(folder)
    tell(f"{len(manifest.files)} files are as they were written")
    lake = settings.lake_folder()
    if (folder / "lake").is_dir() and lake.is_dir() and any(lake.iterdir()):
        raise ThorError(f"The lake {lake} is not empty: name an empty one in LAKE_DIR.")
    _require_empty(settings)
    for app, name in _targets(manifest.migrations):
        _migrate(app, name)
    with psycopg.connect(settings.conninfo()) as connection:
        connection.execute("SET LOCAL timezone = 'UTC'")
        _fill(connection, manifest.tables, folder)
        tell(f"{sum(table.rows for table in manifest.tables)} rows are back")
        _compare(connection, manifest.tables)
    tell("every table holds the rows that the backup was made of")
    _migrate()
    if (folder / "lake").is_dir():
        shutil.copytree(folder / "lake", lake, dirs_exist_ok=True)
    asyncio.run(_publish_pending(settings, folder))
    return manifest


def _require_empty(settings: StorageSettings) -> None:
    with psycopg.connect(settings.conninfo()) as connection:
        names = tables_of(connection)
        if names:
            raise ThorError(f"The database {settings.db_name} has {len(names)} tables: restore into an empty one.")


def _targets(migrations: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """The last migration of each app."""
    return dict(migrations).items()


def _migrate(*target: str) -> None:
    words = thor_command("manage", "migrate", *target, "--no-input", "--verbosity", "0")
    done = subprocess.run(words, env=os.environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ThorError(
            f"The database cannot be brought to the shape of the backup ({' '.join(target)}): this Thor may be older.",
            details=tuple(done.stderr.splitlines()[-5:]),
        )


def _fill(connection: psycopg.Connection, tables: list[TableCopy], folder: Path) -> None:
    existing = set(tables_of(connection))
    for table in tables:
        if table.name not in existing and table.parent is not None:
            statement = sql.SQL("CREATE TABLE {} PARTITION OF {} {}")
            bounds = sql.SQL(table.bounds or "")  # as Postgres itself has written them
            connection.execute(statement.format(sql.Identifier(table.name), sql.Identifier(table.parent), bounds))
    missing = [table.name for table in tables if table.parent is None and table.name not in existing]
    if missing:
        raise ThorError(f"This Thor makes no table {missing[0]}: the backup is of another version.")
    # What migrations have put there is in the backup too.
    everything = sql.SQL(", ").join(sql.Identifier(table.name) for table in tables)
    connection.execute(sql.SQL("TRUNCATE {}").format(everything))
    for table in _in_order(connection, tables):
        _fill_table(connection, table, folder / "tables" / f"{table.name}.copy.zst")
    for name, column in connection.execute(SEQUENCES).fetchall():
        statement = sql.SQL(
            "SELECT setval(pg_get_serial_sequence({}, {}), coalesce(max({}), 1), max({}) IS NOT NULL) FROM {}"
        )
        key = sql.Identifier(column)
        connection.execute(
            statement.format(sql.Literal(f'"{name}"'), sql.Literal(column), key, key, sql.Identifier(name))
        )


def _fill_table(connection: psycopg.Connection, table: TableCopy, path: Path) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(sql.Identifier(table.name), columns)
    with zstandard.open(path, "rb") as file, connection.cursor() as cursor, cursor.copy(statement) as copy:
        while piece := file.read(PIECE):
            copy.write(piece)


def _in_order(connection: psycopg.Connection, tables: list[TableCopy]) -> list[TableCopy]:
    """Tables that are referred to before those that refer to them."""
    needs: dict[str, set[str]] = {table.name: set() for table in tables}
    for pair in connection.execute(REFERENCES):
        name, other = (str(word).strip('"') for word in pair)
        if name in needs and other in needs:
            needs[name].add(other)
    ordered: list[TableCopy] = []
    left = {table.name: table for table in tables}
    while left:
        ready = [name for name in left if not needs[name] & left.keys()]
        if not ready:
            raise ThorError(f"The tables {', '.join(sorted(left))} refer to each other in a circle.")
        ordered += [left.pop(name) for name in ready]
    return ordered


def _compare(connection: psycopg.Connection, tables: list[TableCopy]) -> None:
    for table in tables:
        rows, digest = digest_of(connection, table.name)
        if (rows, digest) != (table.rows, table.digest):
            raise ThorError(
                f"The table {table.name} has {rows} rows and is not what the backup had ({table.rows} rows)."
            )


async def _publish_pending(settings: StorageSettings, folder: Path) -> None:
    """Events that were not stored yet go to their streams again; an ingestor stores them."""
    files = sorted((folder / "pending").glob("*.jsonl"))
    if not files:
        return
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    try:
        for file in files:
            register_source(file.stem)
            await bus.register_source(file.stem)
            lines = file.read_bytes().splitlines()
            for at in range(0, len(lines), AT_ONCE):
                await bus.publish(file.stem, lines[at : at + AT_ONCE], retention_s=settings.stream_retention_s)
    finally:
        await bus.close()
