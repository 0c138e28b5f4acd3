"""Where the servers of a REDIS_URL are and how redis-py and the plain connections reach them: the bus's cellar.

One server or a cluster; for both there is a client of redis-py and the routes of the plain connections. What redis-py
raises becomes a BusError here.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool, Redis, RedisCluster
from redis.asyncio.connection import SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ReadOnlyError, RedisClusterException, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from collectors.bus_errors import BusError, BusUnavailable, refusal_of
from collectors.routes import ANSWER_TIMEOUT_S, OneServer, Routes
from collectors.wire import CONNECT_TIMEOUT_S, Server

__all__ = ["connections", "translated"]

CLUSTER: Final = "+cluster"
"""Ends the scheme of a URL that names one node of a cluster."""


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """What redis-py raises, as BusError or BusUnavailable; an answer that does not come in time is the latter."""
    try:
        # Not the client's own socket timeout: it sends through asyncio.wait_for, which swallows a cancellation now
        # and then before Python 3.12, and a process would not stop.
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            yield
    except (
        RedisConnectionError,
        RedisTimeoutError,
        RedisClusterException,
        BusyLoadingError,
        ReadOnlyError,
        OSError,
    ) as error:
        raise BusUnavailable(str(error) or type(error).__name__) from error
    except RedisError as error:
        raise refusal_of(str(error)) from error


class _Cluster:
    """The locator of a cluster: redis-py keeps the map of its slots."""

    is_cluster: Final = True

    def __init__(self, redis: RedisCluster, server: Server) -> None:
        self._redis: Any = redis
        self._server = server

    async def server_of(self, key: str) -> Server:
        """The primary that holds a key."""
        async with translated():
            await self._redis.initialize()
            node = self._redis.get_node_from_key(key)
        if node is None:
            raise BusUnavailable(f"no node of the cluster holds {key}")
        return replace(self._server, host=str(node.host), port=int(node.port))

    async def look_again(self) -> None:
        """Read the map anew."""
        async with translated():
            # Only the map: others may be in the middle of something on redis-py's connections.
            await self._redis.nodes_manager.initialize()


def connections(url: str) -> tuple[Redis | RedisCluster, Routes]:
    """The client of redis-py and the routes for a URL, both unconnected yet. Raises BusError."""
    scheme, colon, rest = url.partition("://")
    try:
        if scheme.endswith(CLUSTER):
            return _of_cluster(f"{scheme.removesuffix(CLUSTER)}{colon}{rest}")
        redis = Redis.from_url(
            url,
            socket_timeout=None,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        return redis, Routes(OneServer(_server(redis.connection_pool)))
    except ValueError as error:
        raise BusError(f"REDIS_URL: {error}") from error


def _of_cluster(url: str) -> tuple[RedisCluster, Routes]:
    if not urlsplit(url).hostname:
        raise ValueError("a cluster is named by the host of one of its nodes")
    redis = RedisCluster.from_url(
        url,
        socket_timeout=None,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    # How a plain client would sign in is how every node lets us in; a cluster has one database.
    alike = Redis.from_url(url, protocol=2)
    return redis, Routes(_Cluster(redis, replace(_server(alike.connection_pool), database=0)))


def _server(pool: ConnectionPool) -> Server:
    """Where and how the connections of a pool of redis-py's are made."""
    options = pool.connection_kwargs
    tls = None
    if issubclass(pool.connection_class, SSLConnection):
        tls = pool.connection_class(**options).ssl_context.get()
    return Server(
        host=str(options.get("host", "localhost")),
        port=int(options.get("port", 6379)),
        path=options.get("path"),
        username=options.get("username"),
        password=options.get("password"),
        database=int(options.get("db", 0)),
        tls=tls,
    )
