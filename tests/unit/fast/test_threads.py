"""Batches in many threads at once: the answers of one thread, nothing lost, and no panic that reaches Python."""

import sys
from array import array
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pyarrow as pa
import pytest

from tests.unit.fast.golden_files import GOLDEN, rows
from thor_fast import (
    EventError,
    MergePolicy,
    QuoteBatch,
    Thresholds,
    classify_columns,
    format_price_column,
    format_prices,
    parse_batch,
    parse_event,
    parse_prices,
    register_display,
    register_source,
)

THREADS = 8
EVERY_ERROR = (ValueError, TypeError, BufferError, IndexError, OverflowError, AttributeError, MemoryError)
"""What a caller's mistake may raise. pyo3's PanicException is none of these: it is a BaseException."""


@pytest.fixture(autouse=True)
def _threads_take_turns_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def in_threads(work: Callable[[int], Any]) -> list[Any]:
    """What the work gives in each of the threads, which begin at the same moment."""
    ready = Barrier(THREADS)

    def begin(number: int) -> Any:
        ready.wait(30)
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def test_no_event_is_accepted_twice_however_many_offer_it() -> None:
    batch = parse_batch((GOLDEN / "es_open.jsonl").read_bytes())[0]
    policy = MergePolicy()

    def work(_: int) -> list[int]:
        accepted: list[int] = []
        for start in range(0, len(batch), 50):
            part = batch[start : start + 50]
            decisions = policy.offer_batch(part, range(start, start + len(part)))
            accepted += [start + at for at, decision in enumerate(decisions) if decision.accepted]
        return accepted

    accepted = [position for positions in in_threads(work) for position in positions]
    assert len(accepted) == len(set(accepted))
    assert policy.active_source("ES") == "TOS"
    counts = policy.counts()
    assert counts.pop("future_ts") == sum(counts.values()) == THREADS * len(batch)
    assert not policy.offer(batch[-1], len(batch) - 1).accepted


def test_buffers_that_change_meanwhile_give_answers_or_errors() -> None:
    changes, ids = array("q", range(200_000)), array("I", [0] * 200_000)
    ladder = Thresholds(strong_buy=6, buy=1, sell=-1, strong_sell=-6)

    def work(number: int) -> None:
        for turn in range(6):
            if number % 2:
                changes[number::THREADS] = array("q", [turn * 10**9]) * len(changes[number::THREADS])
            else:
                assert len(classify_columns(changes, [ladder], ids)) == len(ids)
                assert len(format_prices(changes, 2)) == len(format_price_column(changes, 2)) == len(changes)

    in_threads(work)


def test_what_a_process_registers_may_grow_while_others_read() -> None:
    line = (GOLDEN / "es_open.jsonl").read_bytes().splitlines()[0]

    def work(number: int) -> list[str | None]:
        found: list[str | None] = []
        for turn in range(50):
            name = f"T{number}_{turn}"
            register_source(name)
            register_display(f"S{number}", turn % 10)
            # Known at once to the thread that registered it, and to a batch.
            found.append(parse_event(line.replace(b'"TOS"', b'"%b"' % name.encode())).source)
            assert parse_batch([line.replace(b'"TOS"', b'"%b"' % name.encode())])[1] == []
        return found

    assert in_threads(work) == [[f"T{number}_{turn}" for turn in range(50)] for number in range(THREADS)]


class Lying(list[Any]):
    """A sequence that says it has more than it gives."""

    def __len__(self) -> int:
        return 2**40

    def __iter__(self) -> Iterator[Any]:
        yield from ()
        raise RuntimeError("gone")


def mistakes() -> list[Callable[[], object]]:
    """Calls that no caller should make."""
    batch = parse_batch((GOLDEN / "es_open.jsonl").read_bytes())[0]
    rejected = [row["input"].encode() for row in rows("events_rejected.jsonl") if "input" in row]
    liar, huge = Lying(), 2**63
    return [
        lambda: parse_batch(liar),
        lambda: parse_batch([b"{}", 1]),  # type: ignore[list-item]
        lambda: parse_batch(rejected),
        lambda: [parse_event(line) for line in rejected],
        lambda: parse_event(b"\xff" * 70_000),
        lambda: batch.to_sse_stream(liar),
        lambda: batch.to_sse(liar),
        lambda: batch.to_latest(liar, liar),
        lambda: batch.take([huge, -huge]),
        lambda: batch[huge],
        lambda: batch[::-huge],
        lambda: batch[huge:-huge:huge],
        lambda: batch.bars(huge),
        lambda: batch.bars(-1),
        lambda: QuoteBatch.from_events(liar),
        lambda: QuoteBatch.from_arrow(pa.table({"symbol": [None]})),
        lambda: MergePolicy().offer_batch(batch, [huge] * len(batch)),
        lambda: MergePolicy().offer_batch(batch, [-(2**63)] * len(batch)),
        lambda: MergePolicy().import_state(b"thor merge state 1\nheard"),
        lambda: MergePolicy({"ES": "TOS"}, 2**62),
        lambda: format_prices(memoryview(b"12345678").cast("q"), -1),
        lambda: format_price_column(array("q", [-(2**63)] * 3), "32nds", signed=True),
        lambda: classify_columns(array("q", [1]), [None], array("I", [2**32 - 1])),
        lambda: classify_columns(memoryview(bytes(64)).cast("q", (2, 4)), [None]),
        lambda: parse_prices(["9" * 100_000, "'" * 1_000, "\ud800"]),
    ]


def test_no_mistake_of_a_caller_is_a_panic() -> None:
    def work(_: int) -> int:
        raised = 0
        for call in mistakes():
            try:
                call()
            except (*EVERY_ERROR, EventError, RuntimeError):
                raised += 1
        return raised

    answers = in_threads(work)
    assert answers == [answers[0]] * THREADS
    assert answers[0] >= len(mistakes()) // 2
