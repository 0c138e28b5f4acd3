"""Copies of the clock killed at random, and all of them away for a while: no occurrence is lost, none runs unasked.

An occurrence comes every quarter of a second. Three copies are killed with -9 again and again, then there are none for
longer than the grace, then two.
"""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psycopg
import pytest

from tests.servers import Database
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.instants import instant, seconds
from thor_web.timezones.services.occurrences import TriggerRule, occurrences

SPEED = 480.0
"""Two simulated minutes are a quarter of a second."""
START = datetime(2026, 11, 24, 0, 0, 30, tzinfo=UTC)
GRACE_S = 600
OUTAGE_S = 1.8
KILLS = 4
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def calendars(tmp_path: Path) -> Path:
    """A market that opens every two minutes, all day, every day."""
    steps = " ".join(
        f"{minute // 60:02d}:{minute % 60:02d} {'open' if minute % 2 == 0 else 'lunch'}" for minute in range(1440)
    )
    (tmp_path / "TICK.toml").write_text(
        'name = "TICK"\ntitle = "Tick"\nzone = "UTC"\nverified_from = 2026-01-01\nverified_through = 2026-12-31\n'
        "[[hours]]\nvalid_from = 2026-11-01\nvalid_to = 2026-11-30\n"
        f'days = "mon tue wed thu fri sat sun"\nphases = "{steps} 24:00 closed"\n'
    )
    return tmp_path


class Copies:
    """The processes that are alive."""

    def __init__(self, database: Database, calendars: Path, begun_s: float) -> None:
        self._words = (database.conninfo, str(calendars), START.isoformat(), str(SPEED), str(begun_s))
        self.alive: list[subprocess.Popen[str]] = []

    def start(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.timezones.clock_copy", *self._words],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.alive.append(process)

    def await_running(self) -> None:
        """Every copy has said that it runs."""
        for process in self.alive:
            assert process.stdout is not None
            assert process.stdout.readline() == "running\n"

    def kill(self, which: int) -> None:
        process = self.alive.pop(which)
        process.kill()
        process.communicate()

    def kill_all(self) -> None:
        while self.alive:
            self.kill(0)


@pytest.fixture
def copies(database: Database, calendars: Path) -> Iterator[Copies]:
    found = Copies(database, calendars, time.time())
    yield found
    found.kill_all()


def add_trigger(connection: psycopg.Connection, name: str, misfire: str) -> int:
    row = connection.execute(
        """
        INSERT INTO timezones_trigger (name, market, condition, phase, offset_s, action, parameters, grace_s, misfire,
            max_attempts, timeout_s, enabled, watermark, author, changed_at)
        VALUES (%s, 'TICK', 'phase', 'open', 0, 'alert', '{}', %s, %s, 50, 60, true, %s, '', now()) RETURNING id
        """,
        (name, GRACE_S, misfire, START),
    ).fetchone()
    assert row is not None
    return int(row[0])


def wait_for(condition: Callable[[], bool], what: str, limit_s: float = 30.0) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {limit_s:g} s: {what}"
        time.sleep(0.02)


def grows(count: Callable[[str], int], seen: int) -> bool:
    return count("SELECT count(*) FROM executions") > seen


def test_no_occurrence_is_lost_and_none_runs_unasked(database: Database, calendars: Path, copies: Copies) -> None:
    chance = random.Random(7)
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute("DELETE FROM timezones_trigger")
        connection.execute("CREATE TABLE executions (trigger_id bigint, due_at timestamptz, attempt int)")
        skip, every = add_trigger(connection, "skip", "skip"), add_trigger(connection, "every", "run_all")

        def count(sql: str) -> int:
            row = connection.execute(sql.encode()).fetchone()
            assert row is not None
            return int(row[0])

        for _ in range(3):
            copies.start()
        copies.await_running()
        for kill in range(KILLS):
            seen = count("SELECT count(*) FROM executions")
            wait_for(partial(grows, count, seen + 1), f"work after kill {kill}")
            copies.kill(chance.randrange(len(copies.alive)))
            copies.start()
        copies.kill_all()
        before = count("SELECT count(*) FROM timezones_triggerrun")
        time.sleep(OUTAGE_S)  # the outage itself: nothing is waited for
        copies.start()
        copies.start()
        wait_for(
            lambda: count("SELECT count(*) FROM timezones_triggerrun") > before + 30, "occurrences after the outage"
        )
        (until,) = connection.execute("SELECT min(watermark) FROM timezones_trigger").fetchone() or (START,)
        open_runs = (
            f"SELECT count(*) FROM timezones_triggerrun WHERE state IN ('due', 'running') AND due_at <= '{until}'"  # noqa: S608
        )
        wait_for(lambda: count(open_runs) == 0, "all is closed")
        copies.kill_all()
        rows = connection.execute(
            "SELECT trigger_id, due_at, state, attempts, reason FROM timezones_triggerrun WHERE due_at <= %s", (until,)
        ).fetchall()
        ran = Counter(
            connection.execute("SELECT trigger_id, due_at FROM executions WHERE due_at <= %s", (until,)).fetchall()
        )

    market = Clock.load(calendars).market("TICK")
    rule = TriggerRule(1, "any", "TICK", "phase", "alert", phase="open")
    expected = [instant(one.due_at) for one in occurrences(market, rule, seconds(START), seconds(until))]
    for trigger in (skip, every):
        found = sorted(row[1] for row in rows if row[0] == trigger)
        assert found == expected, "the ledger holds each occurrence once, and no other"
    for trigger, due_at, state, attempts, reason in rows:
        times = ran[trigger, due_at]
        if state == "missed":
            assert (trigger, times, bool(reason)) == (skip, 0, True)
        else:
            # At least once, and never more often than it was leased: a second lease follows a killed owner.
            assert state == "done"
            assert 1 <= times <= attempts
    missed = [row for row in rows if row[2] == "missed"]
    assert missed, "an outage longer than the grace leaves misses, which are marked"
    assert len(ran) + len(missed) == len(rows)
