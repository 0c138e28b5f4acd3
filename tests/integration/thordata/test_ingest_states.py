"""Ingestors that die before or after any command, poison, repeats: ticks are what a dictionary would hold.

A state machine publishes, kills ingestors anywhere in their work and lets others take over; whenever one has come to
its end the table must hold, of each key, the later event in the order of its stream, and nothing else.
"""

import asyncio
import json
from typing import Any

import psycopg
import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from collectors import keys
from collectors.bus import Bus
from tests.integration.live import eventually
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.ingestor import Ingestor

SOURCES = ("TOS", "SCHWAB")
START_MS = 1_749_556_800_000
"""2025-06-10 12:00 UTC; ids and times are made here, so that a fault found once is found again."""
POISON = b'{"v":1,"symbol":"ES"'
COMMANDS = ("read_group", "claim_pending", "ack", "keep_from", "stream_state", "ensure_group")
QUOTES = st.tuples(
    st.sampled_from(["ES", "NQ"]),
    st.sampled_from([0, 1, 86_400_000]),  # one of few instants, of two days, so that keys meet
    st.sampled_from([None, 1, 2]),
    st.integers(0, 3),
)
Key = tuple[str, str, int, int | None]


class Dead(BaseException):
    """The process is gone. Nothing in it may catch this."""


class DyingBus:
    """A bus whose process has so many commands left, the last of which is carried out or not."""

    def __init__(self, bus: Bus, commands: int, *, last_is_sent: bool) -> None:
        self._bus = bus
        self._left = commands
        self._last_is_sent = last_is_sent

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._bus, name)
        return self._counted(found) if name in COMMANDS else found

    def _counted(self, command: Any) -> Any:
        async def counted(*values: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left >= 0:
                return await command(*values, **named)
            if self._last_is_sent:
                await command(*values, **named)
            raise Dead

        return counted


class Ingesting(RuleBasedStateMachine):
    """One Redis, one Postgres, any number of ingestors one after the other."""

    wanted: ServerSettings

    def __init__(self) -> None:
        super().__init__()
        self.redis: Any = redis.Redis.from_url(self.wanted.redis_url.get_secret_value())
        self.redis.flushdb()
        self.redis.sadd(keys.SOURCES_SET, *SOURCES)
        with psycopg.connect(self.wanted.conninfo(), autocommit=True) as connection:
            connection.execute("TRUNCATE ticks, ingest_positions, tick_changes")
        self.now_ms = START_MS
        self.told: dict[str, list[tuple[Key, int]]] = {source: [] for source in SOURCES}

    @rule(source=st.sampled_from(SOURCES), quotes=st.lists(QUOTES, min_size=1, max_size=6))
    def tell(self, source: str, quotes: list[tuple[str, int, int | None, int]]) -> None:
        for symbol, offset_ms, seq, bid in quotes:
            self.append(source, ((symbol, source, START_MS + offset_ms, seq), bid))

    @rule(source=st.sampled_from(SOURCES), count=st.integers(1, 10))
    def tell_again(self, source: str, count: int) -> None:
        for event in self.told[source][:count]:
            self.append(source, event)

    @rule(source=st.sampled_from(SOURCES))
    def poison(self, source: str) -> None:
        self.now_ms += 1
        self.redis.xadd(keys.source_stream(source), {"data": POISON}, id=f"{self.now_ms}-0")

    @rule(commands=st.integers(0, 14), last_is_sent=st.booleans())
    def ingest_and_die(self, commands: int, last_is_sent: bool) -> None:
        asyncio.run(self.run_ingestor(commands, last_is_sent=last_is_sent))

    @rule()
    def ingest_all(self) -> None:
        asyncio.run(self.run_ingestor(None))
        self.check()

    def append(self, source: str, event: tuple[Key, int]) -> None:
        (symbol, _, ts_ms, seq), bid = event
        missing = dict.fromkeys(("last", "ask", "lastSize", "bidSize", "askSize"))
        body = {"v": 1, "symbol": symbol, "ts": ts_ms, "source": source, "bid": bid, "seq": seq} | missing
        self.now_ms += 1
        self.redis.xadd(keys.source_stream(source), {"data": json.dumps(body)}, id=f"{self.now_ms}-0")
        self.told[source].append(event)

    async def run_ingestor(self, commands: int | None, *, last_is_sent: bool = False) -> None:
        """Run an ingestor until nothing is left to do, or until it dies at one of its commands."""
        bus = Bus.from_url(self.wanted.redis_url.get_secret_value())
        used: Any = bus if commands is None else DyingBus(bus, commands, last_is_sent=last_is_sent)
        work = asyncio.create_task(Ingestor(used, self.wanted).run())

        async def is_over() -> bool:
            return work.done() or self.is_idle()

        await eventually(is_over)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await bus.close()

    def is_idle(self) -> bool:
        for source in SOURCES:
            stream = keys.source_stream(source)
            if not self.redis.exists(stream):
                continue
            groups = self.redis.xinfo_groups(stream)
            if not groups or groups[0]["lag"] or groups[0]["pending"]:
                return False
        return True

    def check(self) -> None:
        standing = {key: bid for told in self.told.values() for key, bid in told}
        with psycopg.connect(self.wanted.conninfo(), autocommit=True) as connection:
            rows = connection.execute(
                "SELECT symbol, source, (extract(epoch FROM ts) * 1000)::bigint, seq, bid::int FROM ticks"
            ).fetchall()
        assert len(rows) == len(standing)
        assert {(symbol, source, ts_ms, seq): bid for symbol, source, ts_ms, seq, bid in rows} == standing

    def teardown(self) -> None:
        asyncio.run(self.run_ingestor(None))
        self.check()
        self.redis.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a dead process closes nothing
def test_whatever_dies_ticks_hold_the_later_event_of_each_key(server_settings: ServerSettings) -> None:
    class Here(Ingesting):
        wanted = server_settings

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=40, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
