"""Mergers that die at any command, two sources of the same symbols, any order: the unified stream is the reference's.

A state machine publishes, lets time pass, kills mergers in the middle of pipelines and lets others take over; after
each run the unified stream and the latest hashes must be exactly what the rules of the contract give.
"""

import asyncio
import json
from typing import Any

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from pydantic import SecretStr

from collectors import keys
from collectors.bus import Bus
from collectors.settings import CollectorSettings
from tests.integration.live import eventually
from tests.integration.livedata.dying import die_after
from tests.integration.livedata.reference_merge import Quote, ReferenceMerge
from thor_fast import parse_batch
from thor_web.livedata import merger as merging

SYMBOLS = ("ES", "ZZZ")
"""One that prefers TOS, and one without a preference."""
SOURCES = ("TOS", "SCHWAB")
START_MS = 1_760_000_000_000
QUOTES = st.tuples(
    st.sampled_from(SYMBOLS),
    st.integers(-2, 2),  # how far the number moves
    st.sampled_from([0, 0, 0, 1]),  # whether a new run begins
    st.integers(0, 2),  # one of few prices, so that events repeat
    st.sampled_from([-3_000, -1, 0, 1, 3_000]),  # how far ts is ahead of its receipt, ms
    st.booleans(),
)

RECOVERING = 3
"""Commands of a merger before the first that writes: what is pending in each stream, and a reading."""
COMMANDS = st.integers(0, RECOVERING) | st.integers(RECOVERING + 1, RECOVERING + 16) | st.integers(0, 60)


class Merging(RuleBasedStateMachine):
    """One Redis, any number of mergers one after the other."""

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.redis: Any = redis.Redis.from_url(self.url)
        self.redis.flushdb()
        self.redis.sadd(keys.SOURCES_SET, *SOURCES)
        self.now_ms = START_MS
        self.numbers: dict[tuple[str, str], tuple[int, int]] = {}
        self.offered: list[tuple[int, Quote]] = []

    @rule(source=st.sampled_from(SOURCES), quotes=st.lists(QUOTES, min_size=1, max_size=8))
    def tell(self, source: str, quotes: list[tuple[str, int, int, int, int, bool]]) -> None:
        self.publish(source, quotes)

    def publish(self, source: str, quotes: list[tuple[str, int, int, int, int, bool]]) -> None:
        for symbol, step, new_run, price, ahead_ms, delayed in quotes:
            self.now_ms += 1
            run, number = self.numbers.get((symbol, source), (1, 10))
            run, number = (run + 1, 10) if new_run else (run, max(0, number + step))
            self.numbers[symbol, source] = run, number
            self.append(source, quote(symbol, source, (run, number), price, self.now_ms + ahead_ms, delayed=delayed))

    @rule(seconds=st.sampled_from([1, 4, 6]))
    def wait(self, seconds: int) -> None:
        self.now_ms += seconds * 1_000

    @rule(source=st.sampled_from(SOURCES))
    def poison(self, source: str) -> None:
        self.now_ms += 1
        self.redis.xadd(keys.source_stream(source), {"data": b"{"}, id=f"{self.now_ms}-0")

    @rule(source=st.sampled_from(SOURCES), count=st.integers(1, 12))
    def tell_again(self, source: str, count: int) -> None:
        """A collector that starts over repeats its last events."""
        for _, told in [item for item in self.offered if item[1].source == source][-count:]:
            self.now_ms += 1
            self.append(source, told)

    @rule(source=st.sampled_from(SOURCES), quotes=st.lists(QUOTES, min_size=1, max_size=8), commands=COMMANDS)
    def merge_and_die(self, source: str, quotes: list[tuple[str, int, int, int, int, bool]], commands: int) -> None:
        self.publish(source, quotes)
        asyncio.run(self.run_merger(commands))

    @rule()
    def merge_all(self) -> None:
        asyncio.run(self.run_merger(None))
        self.check()

    def append(self, source: str, told: Quote) -> None:
        self.redis.xadd(keys.source_stream(source), {"data": told.payload}, id=f"{self.now_ms}-0")
        self.offered.append((self.now_ms, told))

    async def run_merger(self, commands: int | None) -> None:
        """Run a merger until nothing is left to do, or until it dies after so many commands."""
        self.redis.delete(keys.lease("merger"))
        bus = Bus.from_url(self.url)
        if commands is not None:
            die_after(bus, commands)
        merger = merging.Merger(bus, CollectorSettings(redis_url=SecretStr(self.url)))
        await merger.wait_for_lease()
        work = asyncio.create_task(merger.serve())

        async def is_over() -> bool:
            return work.done() or self.is_idle()

        await eventually(is_over)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await bus.close()
        if commands is None:
            assert work.cancelled(), work

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
        reference = ReferenceMerge({"ES": "TOS"})
        stands = [told for ms, told in self.offered if reference.offer(told, ms * 1_000)]
        unified = [fields[b"data"] for _, fields in self.redis.xrange(keys.UNIFIED_STREAM)]
        assert unified == [told.payload for told in stands]
        last = {told.symbol: told for told in stands}
        for symbol, told in last.items():
            latest = self.redis.hgetall(keys.latest(symbol))
            assert (latest[b"source"].decode(), latest[b"seq"]) == (told.source, str(told.seq).encode())

    def teardown(self) -> None:
        asyncio.run(self.run_merger(None))
        self.check()
        self.redis.close()


def quote(symbol: str, source: str, number: tuple[int, int], price: int, ts_ms: int, *, delayed: bool) -> Quote:
    run, seq = number
    body = {
        "v": 1, "symbol": symbol, "ts": ts_ms, "source": source, "last": None, "bid": price, "ask": None,
        "lastSize": None, "bidSize": None, "askSize": None, "seq": seq, "condition": None, "venue": None,
        "meta": {"run": run, "delayed": delayed},
    }  # fmt: skip
    return Quote(symbol, source, run, seq, ts_ms * 1_000, delayed, canonical(json.dumps(body).encode()))


def canonical(payload: bytes) -> bytes:
    return parse_batch([payload])[0].to_json()[0]


def test_any_interleaving_of_sources_and_deaths_gives_the_reference_s_stream(redis_url: str) -> None:
    class Here(Merging):
        url = redis_url

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=50, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
