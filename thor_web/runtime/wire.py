"""The few words of the servers' own protocols that tell whether they are ready, spoken by hand over a socket.

Blocking, with a short time limit: callers in an event loop run them in a thread. Not a client: Redis is reached
through `collectors.bus`, Postgres through Django or psycopg.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from io import BufferedReader
from pathlib import Path
from typing import Final

__all__ = ["ensure_database", "http_ok", "postgres_ready", "redis_call", "redis_flush", "redis_ready"]

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
    with _connect_unix(path) as connection:
        connection.sendall(_redis_request(*words))
        with connection.makefile("rb") as answer:
            return answer.readline().decode("utf-8", "replace").strip()


def redis_flush(path: Path, database: int) -> None:
    """Empty one numbered database. Raises OSError when the server refuses."""
    with _connect_unix(path) as connection:
        connection.sendall(_redis_request("SELECT", str(database)) + _redis_request("FLUSHDB"))
        with connection.makefile("rb") as answer:
            lines = answer.readline(), answer.readline()
    if lines != (b"+OK\r\n", b"+OK\r\n"):
        raise OSError(f"Redis refused to empty database {database}: {lines}")


def _redis_request(*words: str) -> bytes:
    encoded = [word.encode() for word in words]
    body = b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded)
    return b"*%d\r\n%s" % (len(encoded), body)


def redis_ready(path: Path) -> bool:
    """Whether the server answers PING. One that still loads its data says -LOADING and is not ready."""
    try:
        return redis_call(path, "PING") == "+PONG"
    except OSError:
        return False


@contextmanager
def _postgres_session(path: Path, *, user: str) -> Iterator["_PostgresSession"]:
    """A session in the database `postgres`, let in by a start-up packet. Raises OSError when it is not let in."""
    with _connect_unix(path) as connection, connection.makefile("rb") as answers:
        words = ("user", user, "database", "postgres", "application_name", "thor up")
        body = struct.pack("!i", PROTOCOL_3) + b"".join(word.encode() + b"\0" for word in words) + b"\0"
        connection.sendall(struct.pack("!i", len(body) + 4) + body)
        session = _PostgresSession(connection, answers)
        session.until_ready()
        yield session


class _PostgresSession:
    """Simple queries, one after the other."""

    def __init__(self, connection: socket.socket, answers: BufferedReader) -> None:
        self._connection = connection
        self._answers = answers

    def query(self, sql: str) -> list[Message]:
        body = sql.encode() + b"\0"
        self._connection.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
        return self.until_ready()

    def until_ready(self) -> list[Message]:
        """Every message until the server waits for us. Raises ConnectionError for a refusal."""
        messages: list[Message] = []
        while not messages or messages[-1][0] != b"Z":
            head = self._answers.read(5)
            if len(head) < 5:
                raise ConnectionError("Postgres closed the connection")
            messages.append((head[:1], self._answers.read(struct.unpack("!i", head[1:])[0] - 4)))
            if messages[-1][0] == b"E":
                raise ConnectionError(_message_of(messages[-1][1]))
        return messages


def _message_of(error: bytes) -> str:
    """The text of an ErrorResponse: its field `M`."""
    parts = [part for part in error.split(b"\0") if part.startswith(b"M")]
    return parts[0][1:].decode("utf-8", "replace") if parts else "Postgres refused"


def postgres_ready(path: Path, *, user: str) -> bool:
    """Whether the server lets a session in. One that starts, recovers or stops refuses the start-up packet."""
    try:
        with _postgres_session(path, user=user):
            return True
    except OSError:
        return False


def ensure_database(path: Path, *, user: str, name: str) -> None:
    """Create the database `name` where there is none. Raises OSError when the server refuses."""
    with _postgres_session(path, user=user) as session:
        found = session.query(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")  # noqa: S608 - a name of our own
        if not any(kind == b"D" for kind, _ in found):
            session.query(f'CREATE DATABASE "{name}"')


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
