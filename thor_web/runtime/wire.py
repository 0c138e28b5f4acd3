"""The few words of the servers' own protocols that tell whether they are ready, spoken by hand over a socket.

Blocking, with a short time limit: callers in an event loop run them in a thread. Not a client: Redis is reached
through `collectors.bus`, Postgres through Django or psycopg.
"""

import socket
import struct
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

__all__ = ["ensure_database", "http_ok", "postgres_ready", "redis_call", "redis_ready"]

TIME_LIMIT_S: Final = 2.0
PROTOCOL_3: Final = 196_608
Message = tuple[bytes, bytes]


def _connect_unix(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(TIME_LIMIT_S)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


def redis_call(path: Path, *words: str) -> str:
    """Send one command to the Unix socket `path` and return the first line of the answer, its type mark included."""
    request = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in (word.encode() for word in words))
    with _connect_unix(path) as connection:
        connection.sendall(b"*%d\r\n%s" % (len(words), request))
        with connection.makefile("rb") as answer:
            return answer.readline().decode("utf-8", "replace").strip()


def redis_ready(path: Path) -> bool:
    """Whether the server answers PING. One that still loads its data says -LOADING and is not ready."""
    try:
        return redis_call(path, "PING") == "+PONG"
    except OSError:
        return False


class _PostgresSession:
    """A start-up packet and simple queries, for a server that asks no password."""

    def __init__(self, path: Path, *, user: str, database: str) -> None:
        self._connection = _connect_unix(path)
        self._input = self._connection.makefile("rb")
        words = b"".join(
            word.encode() + b"\0" for word in ("user", user, "database", database, "application_name", "thor up")
        )
        body = struct.pack("!i", PROTOCOL_3) + words + b"\0"
        self._connection.sendall(struct.pack("!i", len(body) + 4) + body)
        self.answer = self._until_ready()

    def query(self, sql: str) -> list[Message]:
        body = sql.encode() + b"\0"
        self._connection.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
        return self._until_ready()

    def close(self) -> None:
        self._input.close()
        self._connection.close()

    def _until_ready(self) -> list[Message]:
        messages: list[Message] = []
        while not messages or messages[-1][0] != b"Z":
            head = self._input.read(5)
            if len(head) < 5:
                raise ConnectionError("Postgres closed the connection")
            messages.append((head[:1], self._input.read(struct.unpack("!i", head[1:])[0] - 4)))
            if messages[-1][0] == b"E" and len(messages) == 1:
                raise ConnectionError(_message_of(messages[0][1]))
        return messages


def _message_of(error: bytes) -> str:
    """The text of an ErrorResponse: its field `M`."""
    parts = [part for part in error.split(b"\0") if part.startswith(b"M")]
    return parts[0][1:].decode("utf-8", "replace") if parts else "Postgres refused"


def postgres_ready(path: Path, *, user: str) -> bool:
    """Whether the server lets a session in. One that starts, recovers or stops refuses the start-up packet."""
    try:
        _PostgresSession(path, user=user, database="postgres").close()
    except OSError:
        return False
    return True


def ensure_database(path: Path, *, user: str, name: str) -> None:
    """Create the database `name` where there is none. Raises OSError when the server refuses."""
    session = _PostgresSession(path, user=user, database="postgres")
    try:
        found = session.query(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")  # noqa: S608 - a name of our own
        if any(kind == b"D" for kind, _ in found):
            return
        session.query(f'CREATE DATABASE "{name}"')
    finally:
        session.close()


def http_ok(port: int, path: str) -> bool:
    """Whether `GET path` on this machine answers 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIME_LIMIT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
