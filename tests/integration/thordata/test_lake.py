"""The lake against Postgres: verified row for row, compacted, and the only copy once a partition was dropped."""

import asyncio
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from tests.integration.live import event
from thor_fast import parse_batch
from thor_web.runtime.composition import thor_command
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.compaction import compact
from thor_web.thordata.errors import StorageError
from thor_web.thordata.export import due_dates, run_export
from thor_web.thordata.lake import bars, query, scan
from thor_web.thordata.retention import partitions, retire, retire_old
from thor_web.thordata.services.lake_files import partition_path, read_ticks
from thor_web.thordata.services.tick_store import TickStore
from thor_web.thordata.verification import verify_lake

MONDAY, TUESDAY = date(2025, 6, 9), date(2025, 6, 10)


async def store(settings: ServerSettings, *events: bytes, stream: str = "quotes:stream:TOS") -> None:
    session = await TickStore.connect(settings.conninfo())
    await session.store(stream, parse_batch(list(events))[0], (1, 0))
    await session.close()


def at(day: date, hour: int, seq: int, **fields: Any) -> bytes:
    return event(seq, ts=f"{day}T{hour:02}:00:00Z", **fields)


async def two_days(settings: ServerSettings) -> None:
    """ES and YM on Monday and Tuesday, exported. Monday 23:00 UTC belongs to Tuesday."""
    for symbol in ("ES", "YM"):
        await store(settings, *[at(MONDAY, hour, hour, symbol=symbol) for hour in (1, 12, 23)])
        await store(settings, *[at(TUESDAY, hour, hour, symbol=symbol) for hour in (1, 12)])
    for day in (MONDAY, TUESDAY):
        run_export(settings, trade_date=day)


def differences(settings: ServerSettings, *dates: date) -> list[tuple[date, str, int | None, int | None, str]]:
    found = [one for _, _, differing in verify_lake(settings, dates or None) for one in differing]
    return [(one.trade_date, one.symbol, one.in_postgres, one.in_lake, one.problem) for one in found]


async def test_a_clean_lake_is_the_same_row_for_row(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    assert [(day, rows) for day, rows, _ in verify_lake(server_settings)] == [(MONDAY, 4), (TUESDAY, 6)]
    assert differences(server_settings) == []


async def test_every_difference_is_named(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    lake = server_settings.lake_folder()
    await store(server_settings, at(MONDAY, 13, 99))  # late, and not exported again
    partition_path(lake, MONDAY, "YM").unlink()
    truncated = partition_path(lake, TUESDAY, "ES")
    truncated.write_bytes(truncated.read_bytes()[:-50])
    shutil.copy(partition_path(lake, MONDAY, "ES"), partition_path(lake, TUESDAY, "YM"))
    await store(server_settings, at(date(2025, 6, 12), 1, 1))  # of a date that no export has seen
    found = differences(server_settings)
    assert [row[:4] for row in found] == [
        (MONDAY, "ES", 3, 2),
        (MONDAY, "YM", 2, 0),
        (TUESDAY, "ES", 3, None),
        (TUESDAY, "YM", 3, 2),
        (date(2025, 6, 12), "ES", 1, 0),
    ]
    assert [row[4].split(":")[0] for row in found] == [
        "the rows are not the same",
        "the lake has no such partition",
        "bad_lake_file",
        "the file is not what was written",
        "the lake has no such partition",
    ]
    for day in due_dates(server_settings, datetime.now(UTC)):
        run_export(server_settings, trade_date=day)
    run_export(server_settings, trade_date=TUESDAY)
    assert differences(server_settings) == []


async def test_a_damage_that_leaves_the_size_as_it_was_is_found_and_mended(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    path = partition_path(server_settings.lake_folder(), MONDAY, "ES")
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 4] ^= 0xFF
    path.write_bytes(damaged)
    assert [row[:2] for row in differences(server_settings)] == [(MONDAY, "ES")]
    assert run_export(server_settings, trade_date=MONDAY, rewrite=True)["written"] == 2
    assert differences(server_settings) == []


async def test_rows_of_the_lake_that_postgres_lost_are_named(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        connection.execute("DELETE FROM ticks WHERE symbol = 'ES' AND seq = 12 AND ts < '2025-06-10'")
        connection.execute(
            "UPDATE ticks SET ask = ask + 0.000000001 WHERE symbol = 'YM' AND seq = 12 AND ts > '2025-06-10'"
        )
    assert [row[:4] for row in differences(server_settings)] == [(MONDAY, "ES", 1, 2), (TUESDAY, "YM", 3, 3)]


async def test_a_dropped_day_stays_in_the_lake_whatever_comes_later(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        assert [part.day for part in partitions(connection)] == [MONDAY, TUESDAY]
        assert retire(server_settings, connection, MONDAY) == 6
        assert [part.day for part in partitions(connection)] == [TUESDAY]
        assert connection.execute("SELECT day, rows FROM retired_days").fetchall() == [(MONDAY, 6)]
    assert differences(server_settings) == []
    # A late tick of the dropped day, and a repeated one with other content, join what the lake has.
    await store(server_settings, at(MONDAY, 13, 99), at(MONDAY, 12, 12, bid=1.5))
    assert due_dates(server_settings, datetime.now(UTC)) == [MONDAY]
    assert run_export(server_settings, trade_date=MONDAY)["rows"] == 5
    assert query(server_settings, "SELECT seq, bid::DOUBLE FROM ticks WHERE symbol = 'ES' AND date = '2025-06-09'")[
        1
    ] == [
        (1, 4800.0),
        (12, 1.5),
        (99, 4800.0),
    ]
    assert differences(server_settings) == []
    with psycopg.connect(server_settings.conninfo(), autocommit=True) as connection:
        assert retire(server_settings, connection, MONDAY) == 2
        assert connection.execute("SELECT day, rows FROM retired_days").fetchall() == [(MONDAY, 8)]
    assert run_export(server_settings, trade_date=MONDAY)["rows"] == 5
    assert differences(server_settings) == []


async def test_a_day_that_is_not_wholly_in_the_lake_is_not_dropped(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    settings = server_settings.model_copy(update={"ticks_kept_days": 30})
    await store(server_settings, at(TUESDAY, 20, 77))
    outcome = dict(retire_old(settings, TUESDAY + timedelta(days=40)))
    assert outcome[MONDAY] == 6
    kept = outcome[TUESDAY]
    assert isinstance(kept, StorageError)
    assert kept.code == "not_exported"
    run_export(server_settings, trade_date=TUESDAY)
    damaged = partition_path(server_settings.lake_folder(), TUESDAY, "YM")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-9])
    (kept,) = dict(retire_old(settings, TUESDAY + timedelta(days=40))).values()
    assert isinstance(kept, StorageError)
    assert kept.code == "bad_lake_file"
    damaged.write_bytes(whole)
    assert dict(retire_old(settings, TUESDAY + timedelta(days=40))) == {TUESDAY: 5}
    assert differences(server_settings) == []


async def test_nothing_is_dropped_unless_the_setting_says_so(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    assert list(retire_old(server_settings, date(2100, 1, 1))) == []
    settings = server_settings.model_copy(update={"ticks_kept_days": 1})
    assert list(retire_old(settings, TUESDAY)) == []
    assert [day for day, _ in retire_old(settings, TUESDAY + timedelta(days=1))] == [MONDAY]


async def test_compaction_makes_one_file_and_sweeps_up(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    path = partition_path(server_settings.lake_folder(), MONDAY, "ES")
    before = read_ticks(path)
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.slice(0, 1), path.with_name("a.parquet"))
    pq.write_table(table.slice(1), path.with_name("b.parquet"), compression="none")
    path.unlink()
    left_over = path.with_name(".ticks.parquet.1.dead")
    left_over.touch()
    os.utime(left_over, (0, 0))
    (done,) = compact(server_settings)
    assert (done.trade_date, done.symbol, done.files) == (MONDAY, "ES", 2)
    assert [file.name for file in path.parent.iterdir()] == ["ticks.parquet"]
    assert read_ticks(path).digest() == before.digest()
    assert differences(server_settings) == []
    assert list(compact(server_settings)) == []
    assert len(list(compact(server_settings, [MONDAY], all_files=True))) == 2


FILL = """
import resource, sys
from datetime import date
from thor_web.thordata.errors import StorageError
from thor_web.thordata.export import run_export
from thor_web.thordata.settings import StorageSettings
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    run_export(StorageSettings(), trade_date=date(2025, 6, 9))
except StorageError as error:
    print(error.code)
"""


def environment(settings: ServerSettings) -> dict[str, str]:
    """The variables by which a process of its own finds this test's servers and lake."""
    return {
        "THOR_STATE": str(settings.thor_state),
        "DB_HOST": settings.db_host,
        "DB_PORT": str(settings.db_port),
        "DB_NAME": settings.db_name,
        "DB_USER": settings.db_user,
    }


async def test_where_no_room_is_left_the_old_file_stands(server_settings: ServerSettings) -> None:
    """A limit on the size of files stands for a full disk: it fails in the middle of writing as that does."""
    await two_days(server_settings)
    path = partition_path(server_settings.lake_folder(), MONDAY, "ES")
    before = path.read_bytes()
    many = [event(seq, ts=f"2025-06-09T13:{seq % 60:02}:00Z", bid=seq * 1.37, meta={"n": seq}) for seq in range(3_000)]
    await store(server_settings, *many)
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", FILL],
        env=environment(server_settings),
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "lake_full\n"
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["ticks.parquet"]
    assert run_export(server_settings, trade_date=MONDAY)["rows"] == 3_004


async def test_the_command_says_what_differs_in_one_sentence(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    partition_path(server_settings.lake_folder(), MONDAY, "YM").unlink()
    done = await asyncio.to_thread(
        subprocess.run,
        thor_command("lake", "verify"),
        env=environment(server_settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == ["2025-06-09\t2\t1 differ", "2025-06-10\t6\tthe same"]
    assert done.stderr.splitlines() == [
        "  2025-06-09 YM: the lake has no such partition (Postgres 2, lake 0)",
        "thor: 1 partitions are not the same in Postgres and lake.",
    ]


def test_an_empty_lake_says_so(server_settings: ServerSettings) -> None:
    for ask in (
        lambda: query(server_settings, "SELECT 1"),
        lambda: scan(server_settings),
        lambda: bars(server_settings, 1),
    ):
        with pytest.raises(StorageError, match="thor export") as raised:
            ask()
        assert raised.value.code == "empty_lake"


async def test_a_question_without_end_is_interrupted(server_settings: ServerSettings) -> None:
    await two_days(server_settings)
    hasty = server_settings.model_copy(update={"lake_sql_time_s": 1})
    with pytest.raises(StorageError) as raised:
        await asyncio.to_thread(
            query, hasty, "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range < b.range"
        )
    assert raised.value.code == "too_slow"
