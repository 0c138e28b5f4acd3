"""The storm: two sources, repeats and poison, the ingestor killed and Postgres restarted over and over.

What must then be in the table is computed here from the input alone, by other means than Thor's, and compared row for
row; then the lake, and a replay that changes nothing. The suite runs a small one, `python -m tests.storm` all of it.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import psycopg
from pydantic import SecretStr

from collectors import keys
from collectors.bus import Bus
from tests.servers import Started, start
from thor_web.runtime import servers
from thor_web.runtime.composition import thor_command
from thor_web.thordata.export import due_dates, run_export
from thor_web.thordata.replay import HistorySource
from thor_web.thordata.settings import StorageSettings
from thor_web.thordata.verification import verify_lake

__all__ = ["Storm", "StormReport", "rage"]

SOURCES: Final = ("TOS", "SCHWAB")
SYMBOLS: Final = ("ES", "NQ", "YM", "DX")
FIRST: Final = datetime(2025, 6, 10, 12, tzinfo=UTC)
REPEATED, POISONED = 0.05, 0.01
POISON: Final = (b"\xff\xfe", b"", b"{}", b'{"v":1,"symbol":"ES","ts":"never"}', b"[" * 100)
PUBLISHED_AT_ONCE: Final = 1_000
MOST_WAITING: Final = 0.02
"""Such a part of the whole the sources are ahead of the ingestor at most, so that they publish as long as it stores."""
LIMIT_S: Final = 600.0

Key = tuple[str, str, datetime, int | None]
Row = tuple[Decimal | None, Decimal | None, Decimal | None, int | None, int | None, int | None, Any]


@dataclass(frozen=True, slots=True)
class Storm:
    """How heavy it is."""

    events: int
    kills: int
    restarts: int
    seed: int = 1


@dataclass(slots=True)
class StormReport:
    """What came of it. All of it must be as `expected` says."""

    expected: int = 0
    stored: int = 0
    wrong: int = 0
    poison: int = 0
    kills: int = 0
    restarts: int = 0
    in_the_middle: int = 0
    """Kills and restarts while entries waited and more were to come."""
    lake_rows: int = 0
    lake_differences: int = 0
    after_replay: int = 0
    wrong_after_replay: int = 0
    seconds: float = 0.0


class Servers:
    """A Redis and a Postgres of the storm's own, and an ingestor that is started again whenever it is killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._program = servers.find_postgres()
        redis_spec = servers.redis_spec(
            servers.find_redis(), data=folder / "redis", sockets=folder, log=folder / "redis.log", durable=False
        )
        servers.prepare_postgres(self._program, data=folder / "pg", log=folder / "postgres.log")
        self.redis = start(redis_spec)
        self.postgres = self._start_postgres()
        self.ingestor: subprocess.Popen[bytes] | None = None
        with psycopg.connect(host=str(folder), dbname="postgres", user=servers.DATABASE_USER, autocommit=True) as one:
            one.execute("CREATE DATABASE thor")
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("THOR_", "DB_", "REDIS_"))},
            "REDIS_URL": servers.redis_url(folder),
            "THOR_STATE": str(folder),
            "DB_HOST": str(folder),
            "DB_NAME": "thor",
            "DB_USER": servers.DATABASE_USER,
            "DB_PASSWORD": "",
        }
        migrate = thor_command("manage", "migrate", "--no-input", "--verbosity", "0")
        subprocess.run(migrate, env=self.environment, check=True)
        self.settings = StorageSettings(
            redis_url=SecretStr(servers.redis_url(folder)),
            thor_state=folder,
            db_host=str(folder),
            db_name="thor",
            db_user=servers.DATABASE_USER,
        )

    def _start_postgres(self) -> Started:
        log = self._folder / "postgres.log"
        return start(servers.postgres_spec(self._program, data=self._folder / "pg", sockets=self._folder, log=log))

    def start_ingestor(self) -> None:
        with (self._folder / "ingestor.log").open("ab") as log:
            self.ingestor = subprocess.Popen(thor_command("ingest"), env=self.environment, stdout=log, stderr=log)

    def kill_ingestor(self) -> None:
        if self.ingestor is not None:
            self.ingestor.send_signal(signal.SIGKILL)
            self.ingestor.wait()

    def restart_postgres(self) -> None:
        self.postgres.stop()
        self.postgres = self._start_postgres()

    def stop(self) -> None:
        self.kill_ingestor()
        self.postgres.stop()
        self.redis.stop()


@contextmanager
def own_servers() -> Iterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="thor-s-", dir="/tmp"))
    running = Servers(folder)
    try:
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder, ignore_errors=True)


def made(storm: Storm) -> dict[str, list[bytes]]:
    """Each source's entries in order, the poison among them."""
    chance = random.Random(storm.seed)
    entries: dict[str, list[bytes]] = {source: [] for source in SOURCES}
    told: dict[str, list[dict[str, Any]]] = {source: [] for source in SOURCES}
    for number in range(storm.events):
        source = SOURCES[number % 2]
        if chance.random() < POISONED:
            entries[source].append(chance.choice(POISON))
            continue
        if told[source] and chance.random() < REPEATED:
            event = chance.choice(told[source][-5_000:]) | {"bid": round(chance.uniform(1, 9_999), 2)}
        else:
            event = one_event(number, source, chance)
            told[source].append(event)
        entries[source].append(json.dumps(event, separators=(",", ":")).encode())
    return entries


def one_event(number: int, source: str, chance: random.Random) -> dict[str, Any]:
    at = FIRST + timedelta(milliseconds=number * 50)
    return {
        "v": 1,
        "symbol": SYMBOLS[number % 3 + (number % 7 == 0)],
        "ts": at.isoformat().replace("+00:00", "Z"),
        "source": source,
        "last": chance.choice([None, 4800 + chance.randrange(400) / 4]),
        "bid": 4800.25,
        "ask": round(chance.uniform(4800, 4900), 3),
        "lastSize": chance.choice([None, 0, 3]),
        "bidSize": number % 50,
        "askSize": 7,
        "seq": number if number % 11 else None,
        "condition": None,
        "venue": "CME",
        "meta": {"run": 1},
    }


def expected_rows(entries: dict[str, list[bytes]]) -> dict[Key, Row]:
    """One row a key, the last of the stream: what a table must hold."""
    rows: dict[Key, Row] = {}
    for payloads in entries.values():
        for payload in payloads:
            try:
                event = json.loads(payload, parse_float=Decimal)
                key = event["symbol"], event["source"], datetime.fromisoformat(event["ts"]), event["seq"]
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            prices = [None if event[name] is None else Decimal(event[name]) for name in ("last", "bid", "ask")]
            sizes = [event[name] for name in ("lastSize", "bidSize", "askSize")]
            rows[key] = (*prices, *sizes, {"venue": event["venue"], "meta": event["meta"]})
    return rows


def differing(settings: StorageSettings, expected: dict[Key, Row]) -> tuple[int, int]:
    """Rows in the table, and how many keys are missing, too many or hold something else."""
    left = dict(expected)
    stored = wrong = 0
    statement = "SELECT symbol, source, ts, seq, last, bid, ask, last_size, bid_size, ask_size, extra FROM ticks"
    with psycopg.connect(settings.conninfo()) as connection, connection.cursor(name="all") as cursor:
        cursor.itersize = 20_000
        for row in cursor.execute(statement):
            stored += 1
            wrong += left.pop(row[:4], None) != row[4:]
    return stored, wrong + len(left)


async def unread(bus: Bus) -> int:
    """Entries that are not acknowledged yet; all of them where no group has been made."""
    left = 0
    for source in SOURCES:
        state = await bus.stream_state(keys.source_stream(source))
        group = {one.name: one for one in state.groups}.get(keys.INGEST_GROUP) if state else None
        left += (group.lag or 0) + group.pending if group else state.length if state else 0
    return left


class Sources:
    """The sources of a storm, publishing in turn, never far ahead of who stores."""

    def __init__(self, bus: Bus, entries: dict[str, list[bytes]]) -> None:
        self._bus = bus
        self._entries = entries
        self.total = sum(len(payloads) for payloads in entries.values())
        self.published = 0

    async def publish(self) -> None:
        for source in self._entries:
            await self._bus.register_source(source)
        for at in range(0, self.total, PUBLISHED_AT_ONCE):
            for source, payloads in self._entries.items():
                part = payloads[at : at + PUBLISHED_AT_ONCE]
                if part:
                    await self._bus.publish(source, part, retention_s=86_400)
                    self.published += len(part)
            while await unread(self._bus) > self.total * MOST_WAITING:  # noqa: ASYNC110 - only Redis knows
                await asyncio.sleep(0.005)

    async def stored(self) -> tuple[int, int]:
        """Entries that are acknowledged, and those that wait."""
        published, waiting = self.published, await unread(self._bus)
        return published - waiting, waiting


async def endure(storm: Storm, running: Servers, sources: Sources, report: StormReport) -> None:
    """Kill and restart at evenly spread moments of the work, then let it come to its end."""
    deadline = time.monotonic() + LIMIT_S

    async def until(reached: int, *, in_the_middle: bool) -> None:
        stored, waiting = await sources.stored()
        while stored < reached or (in_the_middle and waiting == 0 and sources.published < sources.total):
            if time.monotonic() > deadline:
                raise AssertionError(f"the storm does not come to its end: {stored} of {sources.total} are stored")
            await asyncio.sleep(0.005)
            stored, waiting = await sources.stored()

    blows = ["kill"] * storm.kills + ["restart"] * storm.restarts
    random.Random(storm.seed).shuffle(blows)
    for number, blow in enumerate(blows, 1):
        await until(sources.total * number // (len(blows) + 1), in_the_middle=True)
        _, waiting = await sources.stored()
        report.in_the_middle += waiting > 0
        if blow == "kill":
            running.kill_ingestor()
            running.start_ingestor()
            report.kills += 1
        else:
            await asyncio.to_thread(running.restart_postgres)
            report.restarts += 1
    await until(sources.total, in_the_middle=False)


async def weather(storm: Storm, running: Servers, sources: Sources, report: StormReport) -> None:
    """Publish, and strike meanwhile."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sources.publish())
        tasks.create_task(endure(storm, running, sources, report))


async def rage(storm: Storm) -> StormReport:
    """The whole of it, on servers of its own."""
    report, started = StormReport(), time.monotonic()
    with own_servers() as running:
        entries = made(storm)
        expected = expected_rows(entries)
        report.expected = len(expected)
        report.poison = sum(payload in POISON for payloads in entries.values() for payload in payloads)
        bus = Bus.from_url(running.settings.redis_url.get_secret_value())
        running.start_ingestor()
        await weather(storm, running, Sources(bus, entries), report)
        report.stored, report.wrong = differing(running.settings, expected)
        for day in due_dates(running.settings, datetime.now(UTC)):
            report.lake_rows += run_export(running.settings, trade_date=day)["rows"]
        report.lake_differences = sum(len(found) for _, _, found in verify_lake(running.settings))
        history = HistorySource(running.settings, FIRST, FIRST + timedelta(days=30))
        told: dict[str, list[bytes]] = {source: [] for source in SOURCES}
        for line in history.lines():
            told["SCHWAB" if b'"source":"SCHWAB"' in line else "TOS"].append(line)
        await weather(Storm(0, 0, 0), running, Sources(bus, told), report)
        report.after_replay, report.wrong_after_replay = differing(running.settings, expected)
        await bus.close()
    report.seconds = round(time.monotonic() - started, 1)
    return report


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="The whole storm, on servers of its own; prints what came of it.")
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--restarts", type=int, default=3)
    arguments = parser.parse_args()
    print(asyncio.run(rage(Storm(arguments.events, arguments.kills, arguments.restarts))))  # noqa: T201
