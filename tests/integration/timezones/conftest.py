"""A connection to the test's own database, without the triggers that ship, and rows to write into it."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.servers import Database


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await psycopg.AsyncConnection.connect(database.conninfo, autocommit=True) as connected:
        await connected.execute("DELETE FROM timezones_trigger")
        yield connected


async def insert(connection: psycopg.AsyncConnection, table: str, **fields: Any) -> int:
    """Write one row of the clock's tables; its id."""
    values = [Jsonb(value) if isinstance(value, dict) else value for value in fields.values()]
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        sql.Identifier(f"timezones_{table}"),
        sql.SQL(", ").join(sql.Identifier(name) for name in fields),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
    )
    row = await (await connection.execute(statement, values)).fetchone()
    assert row is not None
    return int(row[0])


async def rows(connection: psycopg.AsyncConnection, statement: str) -> list[tuple[Any, ...]]:
    return await (await connection.execute(statement.encode())).fetchall()
