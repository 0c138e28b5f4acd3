"""A Postgres without room: a real file system of a few megabytes, full in the middle of a batch.

The partitions of ticks lie on it, everything else beside it. It is mounted in a namespace of this
Postgres alone.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from collectors import keys
from collectors.bus import Bus
from tests.integration.live import event, eventually, running
from tests.servers import Database, start
from thor_web.runtime import servers
from thor_web.runtime.composition import thor_command
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.ingestor import COMPONENT, Ingestor

EVENTS = 40_000
ROOM = "6m"
FILLER = "CREATE TABLE filler TABLESPACE small AS SELECT repeat('x', 1000) FROM generate_series(1, 4000)"
MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec setpriv --pdeathsig INT "$@"'


@pytest.fixture
def small_postgres() -> Iterator[Database]:
    """A Postgres that has six megabytes for ticks, four of which are taken."""
    folder = Path(tempfile.mkdtemp(prefix="thor-f-", dir="/tmp"))
    room = folder / "room"
    room.mkdir()
    program, data, log = servers.find_postgres(), folder / "pg", folder / "pg.log"
    servers.prepare_postgres(program, data=data, log=log)
    spec = servers.postgres_spec(program, data=data, sockets=folder, log=log)
    namespace = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--mount", "--keep-caps")
    inside = ("sh", "-c", MOUNT, "sh", ROOM, str(room))
    started = start(replace(spec, argv=[*namespace, *inside, *spec.argv], unprivileged=False))
    database = Database(str(folder), servers.POSTGRES_PORT, "postgres", servers.DATABASE_USER)
    try:
        with psycopg.connect(database.conninfo, autocommit=True) as connection:
            connection.execute(f"CREATE TABLESPACE small LOCATION '{room}'".encode())
        migrate(database)
        with psycopg.connect(database.conninfo, autocommit=True) as connection:
            connection.execute("ALTER TABLE ticks SET TABLESPACE small")
            connection.execute(FILLER.encode())
        yield database
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)


def migrate(database: Database) -> None:
    command = thor_command("manage", "migrate", "--no-input", "--verbosity", "0")
    subprocess.run(command, env={**os.environ, **database.environment()}, check=True)


async def test_where_postgres_is_full_the_events_wait(
    small_postgres: Database, server_settings: ServerSettings, bus: Bus
) -> None:
    names = {"db_host": small_postgres.host, "db_port": small_postgres.port, "db_user": small_postgres.user}
    settings = server_settings.model_copy(update=names | {"db_name": small_postgres.name})
    stream = keys.source_stream("TOS")
    await bus.register_source("TOS")
    lines = [event(seq, ts=f"2025-06-10T12:{seq // 1_000:02}:00Z", bid=seq / 4) for seq in range(EVENTS)]
    for at in range(0, EVENTS, 5_000):
        await bus.publish("TOS", lines[at : at + 5_000], retention_s=86_400)

    async def left() -> int:
        state = await bus.stream_state(stream)
        groups = {group.name: group for group in state.groups} if state else {}
        group = groups.get(keys.INGEST_GROUP)
        return EVENTS if group is None else (group.lag or 0) + group.pending

    async def problem() -> str:
        health = (await bus.health()).get(COMPONENT, {})
        return f"{health.get('state')}; {health.get('problem')}"

    def stored(connection: psycopg.Connection) -> int:
        row = connection.execute("SELECT count(*) FROM ticks").fetchone()
        return int(row[0]) if row else -1

    async with running(Ingestor(bus, settings).run()):
        said = await eventually(problem, lambda text: text.startswith("waiting: postgres_full"))
        assert "No space left on device" in said
        with psycopg.connect(settings.conninfo(), autocommit=True) as connection:
            waiting = await left()
            assert 0 < waiting <= EVENTS
            assert stored(connection) == EVENTS - waiting
            connection.execute("DROP TABLE filler")
            await eventually(left, lambda count: count == 0)
            assert stored(connection) == EVENTS
        await eventually(problem, lambda text: text == "ingesting; ")
