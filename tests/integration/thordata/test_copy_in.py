"""A batch and what belongs to its transaction as one message: whole or not at all, and the session goes on after it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection, sql

from tests.integration.live import event
from tests.servers import Database
from thor_fast import parse_batch
from thor_web.thordata.services import copy_in as copying
from thor_web.thordata.services.copy_in import copy_in
from thor_web.thordata.services.tick_store import COPY

TARGET = COPY.format(sql.Identifier("ticks_20250610"))
NOTE = sql.SQL("INSERT INTO notes SELECT generate_series(1, 3)")

Copying = Callable[[AsyncConnection, sql.Composable, bytes, Sequence[sql.Composable]], Awaitable[list[int]]]


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[AsyncConnection]:
    async with await AsyncConnection.connect(database.conninfo, autocommit=True) as connected:
        await connected.execute("CREATE TEMPORARY TABLE notes (n integer)")
        await connected.execute(
            "CREATE TABLE ticks_20250610 PARTITION OF ticks "
            "FOR VALUES FROM ('2025-06-10 00:00:00+00') TO ('2025-06-11 00:00:00+00')"
        )
        yield connected


def rows(first: int, count: int) -> bytes:
    lines = [event(seq, ts="2025-06-10T12:00:00Z", bid=seq / 4) for seq in range(first, first + count)]
    return parse_batch(lines)[0].to_copy_binary()


async def held(connection: AsyncConnection) -> tuple[Any, ...]:
    cursor = await connection.execute("SELECT (SELECT count(*) FROM ticks), (SELECT count(*) FROM notes)")
    row = await cursor.fetchone()
    assert row is not None
    return row


@pytest.mark.parametrize("way", [copy_in, copying._one_by_one], ids=["one message", "over TLS"])
async def test_a_batch_and_what_belongs_to_it_are_stored_together(connection: AsyncConnection, way: Copying) -> None:
    assert await way(connection, TARGET, rows(0, 20_000), [NOTE, NOTE]) == [20_000, 3, 3]
    assert await held(connection) == (20_000, 6)
    assert await way(connection, TARGET, rows(20_000, 1), []) == [1]
    with pytest.raises(psycopg.errors.UniqueViolation, match=r"Key \(symbol, source, ts, seq\)"):
        await way(connection, TARGET, rows(19_990, 20_000), [NOTE])
    assert await held(connection) == (20_001, 6)


@pytest.mark.parametrize(
    ("data", "refusal"),
    [
        (b"", psycopg.errors.BadCopyFileFormat),
        (b"no rows at all", psycopg.errors.BadCopyFileFormat),
        (rows(0, 3)[:-40], psycopg.errors.BadCopyFileFormat),
        (rows(0, 3).replace(b"TOS", b"\xff\xff\xff"), psycopg.errors.CharacterNotInRepertoire),
    ],
)
async def test_a_lying_batch_leaves_nothing(connection: AsyncConnection, data: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await copy_in(connection, TARGET, data, [NOTE])
    assert await held(connection) == (0, 0)
    assert await copy_in(connection, TARGET, rows(0, 1), [NOTE]) == [1, 3]


async def test_a_statement_behind_takes_the_rows_back(connection: AsyncConnection) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        await copy_in(connection, TARGET, rows(0, 10), [NOTE, sql.SQL("INSERT INTO nowhere VALUES (1)")])
    assert await held(connection) == (0, 0)


async def test_a_session_that_broke_is_closed(connection: AsyncConnection, database: Database) -> None:
    async with await AsyncConnection.connect(database.conninfo, autocommit=True) as other:
        await other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        with pytest.raises(psycopg.OperationalError):
            await copy_in(connection, TARGET, rows(0, 20_000), [NOTE])
        cursor = await other.execute("SELECT count(*) FROM ticks")
        assert await cursor.fetchone() == (0,)
