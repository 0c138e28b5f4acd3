"""Rows of the ticks table out of Postgres as exact columns, by COPY in binary format.

psycopg hands over COPY data a row at a time, which alone costs more than the server's work. So the query goes over the
session's own socket and the answer is read in large pieces, straight into the Rust reader; libpq, which opened and
authenticated the session, is idle meanwhile and finds it idle again. Over TLS the bytes are libpq's alone, and the rows
come one by one.
"""

import os
import socket
import struct
from datetime import datetime
from typing import Final

import psycopg
from psycopg import sql

from thor_fast import CopyReader, Ticks
from thor_web.thordata.errors import StorageError

__all__ = ["TICK_COLUMNS", "copy_ticks", "within"]

TICK_COLUMNS: Final = sql.SQL("symbol, ts, last, bid, ask, last_size, bid_size, ask_size, source, cond, seq, extra")
NO_TAIL: Final = sql.SQL("")
PIECE_BYTES: Final = 1 << 18


def within(start: datetime, end: datetime) -> sql.Composable:
    """A condition: `ts` in the half-open span."""
    return sql.SQL("ts >= {} AND ts < {}").format(sql.Literal(start), sql.Literal(end))


def copy_ticks(connection: psycopg.Connection, where: sql.Composable, *, tail: sql.Composable = NO_TAIL) -> Ticks:
    """The rows that hold a condition, in no order unless `tail` gives one.

    No casts and no ORDER BY unless asked for: a cast costs the server a third, sorting doubles its work, and both are
    done better behind it. Raises StorageError `bad_copy_data`, psycopg.OperationalError when the session breaks.
    """
    statement = sql.SQL("COPY (SELECT {} FROM ticks WHERE {} {}) TO STDOUT (FORMAT binary)")
    text = statement.format(TICK_COLUMNS, where, tail).as_bytes(connection)
    reader = CopyReader()
    try:
        if connection.pgconn.ssl_in_use:
            _by_rows(connection, text, reader)
        else:
            _by_pieces(connection, text, reader)
        return reader.finish()
    except ValueError as error:
        connection.close()
        raise StorageError("bad_copy_data", f"the rows could not be read: {error}") from error
    except BaseException:
        # Half an answer may still be under way; nobody else may find it.
        connection.close()
        raise


def _by_rows(connection: psycopg.Connection, statement: bytes, reader: CopyReader) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        while data := copy.read():
            reader.feed_rows(bytes(data))


def _by_pieces(connection: psycopg.Connection, statement: bytes, reader: CopyReader) -> None:
    with socket.socket(fileno=os.dup(connection.fileno())) as wire:
        wire.setblocking(True)
        try:
            # The simple Query message: its type, its length with itself, the text with a zero behind it.
            wire.sendall(b"Q" + struct.pack("!i", len(statement) + 5) + statement + b"\0")
            piece = memoryview(bytearray(PIECE_BYTES))
            ready = False
            while not ready:
                received = wire.recv_into(piece)
                if received == 0:
                    raise psycopg.OperationalError("the server closed the connection in the middle of a COPY")
                ready = reader.feed_wire(piece[:received])
        except OSError as error:
            raise psycopg.OperationalError(f"the connection broke in the middle of a COPY: {error}") from error
        finally:
            wire.setblocking(False)  # as libpq keeps it; both names share the one setting
