"""A backup of a Thor that works, restored into an empty place: every row, every file, every event that waited."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from collectors.bus import Bus
from tests.integration.live import event
from tests.servers import Database
from thor_fast import parse_batch
from thor_web.runtime.backup import back_up, check_files, digest_of, tables_of
from thor_web.runtime.errors import ThorError
from thor_web.runtime.restore import restore
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.export import run_export
from thor_web.thordata.services.lake_files import lake_dates
from thor_web.thordata.services.tick_store import TickStore

ADD_USER = """
INSERT INTO auth_user
    (username, password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined)
VALUES (%s, '!', false, false, true, '', '', '', now())
"""
DAY = datetime(2025, 6, 10, 12, tzinfo=UTC)


def events(first: int, count: int) -> list[bytes]:
    return [
        event(number, ts=(DAY + timedelta(hours=number)).isoformat().replace("+00:00", "Z"))
        for number in range(first, first + count)
    ]


async def filled(settings: ServerSettings) -> None:
    """Three days of ticks, two of them in the lake; a user; and five events that only Redis has."""
    session = await TickStore.connect(settings.conninfo())
    await session.store("quotes:stream:TOS", parse_batch(events(0, 60))[0], (0, 0))
    await session.close()
    for day in (DAY.date(), DAY.date() + timedelta(days=1)):
        await asyncio.to_thread(run_export, settings, trade_date=day)
    with psycopg.connect(settings.conninfo()) as connection:
        connection.execute(ADD_USER, ["ada"])
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    await bus.register_source("TOS")
    await bus.publish("TOS", events(60, 5), retention_s=86_400)
    await bus.close()


def contents(settings: ServerSettings) -> dict[str, tuple[int, str]]:
    with psycopg.connect(settings.conninfo()) as connection:
        connection.execute("SET timezone = 'UTC'")
        return {name: digest_of(connection, name) for name in tables_of(connection)}


@pytest.fixture
def elsewhere(
    server_settings: ServerSettings, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ServerSettings:
    """An empty database, an empty lake, and an empty Redis."""
    name = f"{database.name}_restored"
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    for variable, value in (database.environment() | {"DB_NAME": name}).items():
        monkeypatch.setenv(variable, value)
    return server_settings.model_copy(update={"db_name": name, "thor_state": tmp_path / "elsewhere"})


async def test_what_is_restored_is_what_was_backed_up(
    server_settings: ServerSettings, elsewhere: ServerSettings, tmp_path: Path
) -> None:
    await filled(server_settings)
    folder = tmp_path / "monday"
    manifest = await asyncio.to_thread(back_up, server_settings, folder)
    assert manifest.pending == 5
    bus = Bus.from_url(server_settings.redis_url.get_secret_value())
    before = (await bus.stream_state("quotes:stream:TOS")).length  # type: ignore[union-attr]
    await asyncio.to_thread(restore, elsewhere, folder)
    assert contents(elsewhere) == contents(server_settings)
    assert lake_dates(elsewhere.lake_folder()) == lake_dates(server_settings.lake_folder())
    assert (await bus.stream_state("quotes:stream:TOS")).length == before + 5  # type: ignore[union-attr]
    await bus.close()
    with psycopg.connect(elsewhere.conninfo()) as connection:
        # The next number of every sequence is free.
        connection.execute(ADD_USER, ["bob"])
    for settings, reason in (
        (elsewhere, r"The lake .* is not empty"),
        (elsewhere.model_copy(update={"thor_state": tmp_path / "third"}), "restore into an empty one"),
    ):
        with pytest.raises(ThorError, match=reason):
            await asyncio.to_thread(restore, settings, folder)


async def test_a_damaged_backup_is_not_trusted(server_settings: ServerSettings, tmp_path: Path) -> None:
    folder = tmp_path / "monday"
    await asyncio.to_thread(back_up, server_settings, folder)
    with pytest.raises(ThorError, match="exists already"):
        back_up(server_settings, folder)
    (folder / "tables" / "auth_user.copy.zst").write_bytes(b"something else")
    with pytest.raises(ThorError, match=r"auth_user.copy.zst is missing or damaged"):
        check_files(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"version": 99}))
    with pytest.raises(ThorError, match="version 99"):
        check_files(folder)
