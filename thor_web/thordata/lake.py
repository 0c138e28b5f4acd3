"""Questions to the Parquet lake, in SQL, read-only and locked to the lake's own folder."""

from pathlib import Path
from typing import Any, Final

import duckdb

from thor_web.thordata.settings import StorageSettings

__all__ = ["LakeError", "query"]

MEMORY_LIMIT: Final = "2GB"


class LakeError(Exception):
    """The lake is empty, or DuckDB refused the question; the message says which."""


def query(settings: StorageSettings, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Column names and rows of a query over the view `ticks`. Raises LakeError."""
    lake = settings.lake_folder().resolve()
    if not any(lake.glob("date=*/symbol=*/*.parquet")):
        raise LakeError(f"the lake {lake} holds no Parquet files yet; `thor export` writes them")
    with duckdb.connect(":memory:") as connection:
        try:
            _lock(connection, lake)
            # Through Arrow: DuckDB's own rows want pytz for instants.
            table = connection.sql(_one_question(connection, sql)).to_arrow_table()
        except duckdb.Error as error:
            raise LakeError(str(error)) from error
    columns = [column.to_pylist() for column in table.columns]
    return table.column_names, list(zip(*columns, strict=True))


def _one_question(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The text, if it is one statement that only reads. Raises LakeError: the folder allows reading and writing."""
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type is not duckdb.StatementType.SELECT:
        raise LakeError("only one SELECT can be asked of the lake")
    return sql


def _lock(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """Give the session the view and then nothing else: no other file, no network, no change of settings."""
    folder = str(lake).replace("'", "''")
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
    connection.execute(
        f"CREATE VIEW ticks AS SELECT * FROM read_parquet('{folder}/date=*/symbol=*/*.parquet', "  # noqa: S608
        "hive_partitioning = true, hive_types = {'date': DATE, 'symbol': VARCHAR})"
    )
    connection.execute(f"SET allowed_directories = ['{folder}']")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
