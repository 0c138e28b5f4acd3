"""`thor backup`: everything that cannot be had again, as a folder of files with their checksums.

What is in it: every table of Postgres, all of the same instant; the lake's files; and those events that Redis has and
Postgres does not have yet. The folder appears under its name only when it is whole. Nothing is stopped for it.
"""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import psycopg
import zstandard
from psycopg import sql

from collectors import keys
from collectors.bus import Bus, parse_id
from thor_web.runtime.errors import ThorError
from thor_web.thordata.settings import StorageSettings

__all__ = ["Manifest", "TableCopy", "back_up", "check_files", "digest_of", "tables_of"]

VERSION: Final = 1
MANIFEST: Final = "manifest.json"
PIECE: Final = 1 << 20
PENDING_AT_ONCE: Final = 5_000
TABLES: Final = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT c.relname = 'django_migrations' ORDER BY c.relname
"""
COLUMNS: Final = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
MIGRATIONS: Final = "SELECT app, name FROM django_migrations ORDER BY id"
PARENT: Final = """
SELECT p.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_class c
JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent WHERE c.oid = %s::regclass
"""


@dataclass(frozen=True, slots=True)
class TableCopy:
    """One table: how many rows, a digest of them in any order, and where a partition belongs."""

    name: str
    columns: list[str]
    rows: int
    digest: str
    parent: str | None = None
    bounds: str | None = None


@dataclass(slots=True)
class Manifest:
    """What a backup holds. `files` are paths in the folder with their SHA-256."""

    version: int
    made_at: str
    migrations: list[tuple[str, str]]
    tables: list[TableCopy]
    files: dict[str, str] = field(default_factory=dict)
    pending: int = 0

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises ThorError for a folder that is no whole backup."""
        try:
            found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if found["version"] != VERSION:
                raise ThorError(f"{folder} is a backup of version {found['version']}, this Thor reads {VERSION}.")
            found["tables"] = [TableCopy(**table) for table in found["tables"]]
            found["migrations"] = [(app, name) for app, name in found["migrations"]]
            return cls(**found)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ThorError(f"{folder} is no backup that can be read: {error}.") from error


def back_up(
    settings: StorageSettings, folder: Path, *, lake: bool = True, tell: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Write a backup to a folder that does not exist yet. Raises ThorError."""
    if folder.exists():
        raise ThorError(f"{folder} exists already: name a new folder for each backup.")
    growing = folder.with_name(f".{folder.name}.growing")
    shutil.rmtree(growing, ignore_errors=True)
    try:
        (growing / "tables").mkdir(mode=0o700, parents=True)
        manifest, stored = _copy_tables(settings, growing, tell)
        manifest.pending = asyncio.run(_copy_pending(settings, growing, stored))
        if lake:
            _copy_lake(settings.lake_folder(), growing, tell)
        manifest.files = {str(path.relative_to(growing)): _sha256(path) for path in sorted(_files(growing))}
        (growing / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
        growing.replace(folder)
    except OSError as error:
        shutil.rmtree(growing, ignore_errors=True)
        raise ThorError(f"The backup cannot be written: {error.strerror}.") from error
    except BaseException:
        shutil.rmtree(growing, ignore_errors=True)
        raise
    return manifest


def check_files(folder: Path) -> Manifest:
    """The manifest, once every file was found as it was written. Raises ThorError naming the first that is not."""
    manifest = Manifest.read(folder)
    for name, expected in manifest.files.items():
        path = folder / name
        if not path.is_file() or _sha256(path) != expected:
            raise ThorError(f"{path} is missing or damaged: this backup cannot be trusted.")
    return manifest


def tables_of(connection: psycopg.Connection) -> list[str]:
    """Every table that holds rows, partitions one by one."""
    return [name for (name,) in connection.execute(TABLES)]


def digest_of(connection: psycopg.Connection, table: str) -> tuple[int, str]:
    """Rows of a table and a digest of them that their order does not change."""
    statement = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(kept::text, 7)), 0)::text FROM {} AS kept")
    row = connection.execute(statement.format(sql.Identifier(table))).fetchone()
    return (int(row[0]), str(row[1])) if row else (0, "0")


def _copy_tables(
    settings: StorageSettings, folder: Path, tell: Callable[[str], None]
) -> tuple[Manifest, dict[str, tuple[int, int]]]:
    """Every table as of one instant, and how far each stream was stored at it."""
    with psycopg.connect(settings.conninfo()) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SET LOCAL timezone = 'UTC'")
        made_at = datetime.now(UTC).isoformat()
        migrations = [(str(app), str(name)) for app, name in connection.execute(MIGRATIONS)]
        copies = []
        for name in tables_of(connection):
            copies.append(_copy_table(connection, name, folder / "tables" / f"{name}.copy.zst"))
            tell(f"{name}: {copies[-1].rows} rows")
        positions = connection.execute("SELECT stream, id_ms, id_counter FROM ingest_positions").fetchall()
    stored = {str(stream): (int(ms), int(counter)) for stream, ms, counter in positions}
    return Manifest(VERSION, made_at, migrations, copies), stored


def _copy_table(connection: psycopg.Connection, name: str, path: Path) -> TableCopy:
    columns = [column for (column,) in connection.execute(COLUMNS, [name])]
    chosen = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY (SELECT {} FROM ONLY {}) TO STDOUT (FORMAT binary)").format(chosen, sql.Identifier(name))
    with (
        zstandard.open(path, "wb") as file,
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for piece in copy:
            file.write(bytes(piece))
    rows, digest = digest_of(connection, name)
    parent = connection.execute(PARENT, [name]).fetchone()
    return TableCopy(name, columns, rows, digest, *(parent or (None, None)))


async def _copy_pending(settings: StorageSettings, folder: Path, stored: dict[str, tuple[int, int]]) -> int:
    """Events that were in Redis alone: behind the stored position, or of streams that were never stored."""
    count = 0
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    try:
        for source in await bus.sources():
            stream = keys.source_stream(source)
            after = "{}-{}".format(*stored.get(stream, (0, 0)))
            end = parse_id(await bus.last_id(stream))
            while entries := await bus.entries_after(stream, after, count=PENDING_AT_ONCE):
                (folder / "pending").mkdir(mode=0o700, exist_ok=True)
                with (folder / "pending" / f"{source}.jsonl").open("ab") as file:
                    file.writelines(entry.data + b"\n" for entry in entries if entry.data)
                count += len(entries)
                after = entries[-1].id
                if parse_id(after) >= end:  # what comes while we copy belongs to the next backup
                    break
    finally:
        await bus.close()
    return count


def _copy_lake(lake: Path, folder: Path, tell: Callable[[str], None]) -> None:
    """The lake's files. One that is replaced meanwhile is copied as it was or as it is, never half."""
    files = [path for path in sorted(_files(lake)) if not path.name.startswith(".")] if lake.is_dir() else []
    for path in files:
        target = folder / "lake" / path.relative_to(lake)
        target.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # its date was exported anew under other names
            shutil.copyfile(path, target)
    tell(f"lake: {len(files)} files")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
