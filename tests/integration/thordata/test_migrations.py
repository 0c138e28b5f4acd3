"""Migrations on a database that is full and in use: they wait for nobody who stores, and nobody waits for them."""

import os
import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from tests.servers import Database
from thor_web.runtime.composition import thor_command

FIRST = {"accounts": "0001", "futuretrading": "0001", "timezones": "0001", "thordata": "0002"}
"""How far back is gone: to where every table stands that the ingestor writes to."""
FULL = """
CREATE TABLE ticks_20250610 PARTITION OF ticks FOR VALUES FROM ('2025-06-10 00:00+00') TO ('2025-06-11 00:00+00');
INSERT INTO ticks (symbol, ts, last, source, seq)
SELECT 'ES', '2025-06-10 00:00+00'::timestamptz + number * interval '400 ms', 4800 + number % 9, 'TOS', number
FROM generate_series(0, 199999) AS number;
INSERT INTO tick_changes (hour, stream)
SELECT hour, 'quotes:stream:TOS'
FROM generate_series('2025-06-10 00:00+00', '2025-06-10 22:00+00', interval '1 hour') AS hour;
"""
STORE = "INSERT INTO ticks (symbol, ts, source, seq) VALUES ('ES', '2025-06-10 23:59:00+00', 'TOS', %s)"


def manage(database: Database, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("THOR_", "DB_", "REDIS_"))}
    return subprocess.run(
        thor_command("manage", *words),
        env=kept | database.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def storing(database: Database) -> Iterator[psycopg.Connection]:
    """A session like the ingestor's, in the middle of a transaction that has stored a tick."""
    with psycopg.connect(database.conninfo) as connection:
        connection.execute(FULL)
        connection.commit()
        yield connection


def test_every_migration_passes_beside_an_ingestor_that_stores(database: Database, storing: psycopg.Connection) -> None:
    back = "; ".join(f"call_command('migrate', {app!r}, {name!r}, verbosity=0)" for app, name in FIRST.items())
    undone = manage(database, "shell", "--no-imports", "-c", f"from django.core.management import call_command; {back}")
    assert undone.returncode == 0, undone.stderr
    storing.execute(STORE, [1])  # and what it holds is held until all of them are through
    done = manage(database, "migrate", "--no-input", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    storing.execute(STORE, [2])
    storing.commit()
    assert manage(database, "migrate", "--check").returncode == 0
    stored, hours = storing.execute(
        "SELECT (SELECT count(*) FROM ticks), (SELECT count(*) FROM tick_changes)"
    ).fetchone() or (0, 0)
    assert (stored, hours) == (200_002, 23 + 23)  # the rows of before are counted as changes once more


def test_a_migration_that_cannot_have_its_lock_gives_way_and_changes_nothing(
    database: Database, storing: psycopg.Connection
) -> None:
    storing.execute(STORE, [1])
    refused = manage(database, "migrate", "thordata", "0001", "--verbosity", "0")
    assert refused.returncode == 1
    assert "lock timeout" in refused.stderr
    assert "Traceback" not in refused.stderr
    storing.execute(STORE, [2])
    storing.commit()
    row = storing.execute("SELECT count(*), to_regclass('ticks_ts') IS NOT NULL FROM ticks").fetchone()
    assert row == (200_002, True)
