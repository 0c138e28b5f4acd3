"""Real collectors on a Redis of their own, for what is measured from a source to Redis."""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from collectors.sources.schwab.tokens import FileTokenStore, Tokens
from tests.certificates import make_authority
from tests.integration.own_redis import OwnRedis
from tests.schwab_server import APP_KEY, APP_SECRET, EQUITIES, LocalSchwab, local_schwab

__all__ = ["own_redis", "process", "schwab_collector"]


@asynccontextmanager
async def own_redis(folder: Path, *, durable: bool = True) -> AsyncIterator[str]:
    """A server that syncs its append-only file each second, as the embedded one does, or keeps none; its address."""
    redis = OwnRedis(folder)
    await redis.start()
    admin: Any = Redis.from_url(redis.url)
    await admin.config_set(*(("appendfsync", "everysec") if durable else ("appendonly", "no")))
    await admin.aclose()
    try:
        yield redis.url
    finally:
        redis.kill()


@contextmanager
def process(argv: Sequence[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A Python process beside this one, ended at the end."""
    running = subprocess.Popen([sys.executable, *argv], env=os.environ | environment)
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


@asynccontextmanager
async def schwab_collector(
    folder: Path, redis_url: str, symbols: Sequence[str]
) -> AsyncIterator[tuple[LocalSchwab, "subprocess.Popen[bytes]"]]:
    """`thor collect schwab` that streams those stocks from a local Schwab over TLS."""
    authority = make_authority(folder)
    async with local_schwab(authority) as schwab:
        FileTokenStore(folder / "tokens.json").save(Tokens.from_login(schwab.issue(), time.time()))
        environment = {
            "REDIS_URL": redis_url,
            "THOR_STATE": str(folder),
            "STREAM_RETENTION_S": "60",
            "SCHWAB_APP_KEY": APP_KEY,
            "SCHWAB_APP_SECRET": APP_SECRET,
            "SCHWAB_API_URL": schwab.api_url,
            "SCHWAB_CA_FILE": str(authority.ca_file),
            "SCHWAB_TOKENS": str(folder / "tokens.json"),
            "SCHWAB_SYMBOLS": ",".join(symbols),
            "REPEAT_UNCHANGED_MS": "600000",
        }
        with process(["-m", "thor_web.cli.main", "collect", "schwab"], environment) as running:
            await schwab.streaming(service=EQUITIES, deadline_s=60)
            yield schwab, running
