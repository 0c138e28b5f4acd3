"""COPY into Postgres, and what belongs to the same transaction behind it, as one message out and one answer back.

psycopg sends a batch in pieces with a turn of the event loop between them, and waits for the answer to every statement.
Here a simple Query of several statements, which is a transaction of its own, goes out together with the rows; where it
fails, the server passes over rows that are still under way. libpq, which opened and authenticated the session, is idle
meanwhile and finds it idle again. Over TLS the bytes are libpq's alone, and the statements go one by one.
"""

import asyncio
import os
import socket
import struct
from collections.abc import Sequence
from typing import Final

import psycopg
from psycopg import AsyncConnection, sql

__all__ = ["copy_in"]

PIECE_BYTES: Final = 1 << 16
HEAD: Final = struct.Struct("!ci")
"""Type and length of a message; the length counts itself."""
PASSED_OVER: Final = b"GNSA"
"""CopyInResponse, notices, settings, notifications: they say nothing of how it went."""


async def copy_in(
    connection: AsyncConnection, copy: sql.Composable, rows: bytes, behind: Sequence[sql.Composable]
) -> list[int]:
    """Run `copy`, a COPY FROM STDIN, with these rows, then the statements `behind` it; how many rows each changed.

    One transaction; the session must not be in another. Raises the psycopg.Error that the server says, and nothing of
    it was stored then; psycopg.OperationalError when the session breaks, and then nobody knows.
    """
    if connection.pgconn.ssl_in_use:
        return await _one_by_one(connection, copy, rows, behind)
    query = b"; ".join(statement.as_bytes(connection) for statement in (copy, *behind)) + b"\0"
    message = b"".join((_message(b"Q", query), HEAD.pack(b"d", len(rows) + 4), rows, _message(b"c", b"")))
    loop = asyncio.get_running_loop()
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wire.setblocking(False)
            await loop.sock_sendall(wire, message)
            return await _answer(loop, wire)
    except OSError as error:
        await connection.close()
        raise psycopg.OperationalError(f"the connection broke in the middle of a COPY: {error}") from error
    except psycopg.OperationalError as error:
        if error.sqlstate is None:  # not the server's word: the session is of no use any more
            await connection.close()
        raise
    except asyncio.CancelledError:
        # Half an exchange may still be under way; nobody else may find it.
        await connection.close()
        raise


async def _one_by_one(
    connection: AsyncConnection, copy: sql.Composable, rows: bytes, behind: Sequence[sql.Composable]
) -> list[int]:
    async with connection.transaction(), connection.cursor() as cursor:
        async with cursor.copy(copy.as_bytes(connection)) as writer:
            await writer.write(rows)
        counts = [cursor.rowcount]
        for statement in behind:
            await cursor.execute(statement.as_bytes(connection))
            counts.append(cursor.rowcount)
    return counts


async def _answer(loop: asyncio.AbstractEventLoop, wire: socket.socket) -> list[int]:
    """The counts of all statements, once the server is ready for another query."""
    received, counts = bytearray(), list[int]()
    fault: psycopg.Error | None = None
    while True:
        piece = await loop.sock_recv(wire, PIECE_BYTES)
        if not piece:
            raise fault or psycopg.OperationalError("the server closed the connection in the middle of a COPY")
        received += piece
        while len(received) >= HEAD.size and len(received) > (end := HEAD.unpack_from(received)[1]):
            kind, payload = received[:1], bytes(received[HEAD.size : end + 1])
            del received[: end + 1]
            if kind == b"C":
                counts.append(int(payload.rstrip(b"\0").rpartition(b" ")[2]))
            elif kind == b"E":
                fault = _fault(payload)
            elif kind == b"Z":
                if fault is not None:
                    raise fault
                return counts
            elif kind not in PASSED_OVER:
                raise psycopg.OperationalError(f"the server sent a message without a place in a COPY, {bytes(kind)!r}")


def _message(kind: bytes, payload: bytes) -> bytes:
    return HEAD.pack(kind, len(payload) + 4) + payload


def _fault(payload: bytes) -> psycopg.Error:
    """An ErrorResponse as the exception that psycopg has for its SQLSTATE."""
    fields = {field[:1]: field[1:].decode("utf-8", "replace") for field in payload.split(b"\0") if field}
    text = "\n".join(fields[name] for name in (b"M", b"D") if name in fields)
    try:
        kind: type[psycopg.Error] = psycopg.errors.lookup(fields.get(b"C", ""))
    except KeyError:
        kind = psycopg.DatabaseError
    return kind(text)
