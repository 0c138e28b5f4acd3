"""What the core costs as Python sees it, by pytest-benchmark: `pytest benchmarks`. Not part of `thor test`."""

from array import array
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.expected import expected, values_of
from benchmarks.inputs import recorded_lines, sequence
from thor_fast import (
    MergePolicy,
    QuoteBatch,
    Thresholds,
    classify_columns,
    format_price,
    format_prices,
    parse_batch,
    parse_event,
)

Benchmark = Callable[..., Any]


@pytest.fixture
def batch() -> QuoteBatch:
    found, rejects = parse_batch(sequence())
    assert not rejects
    return found


def test_parse_500(benchmark: Benchmark) -> None:
    found, rejects = benchmark(parse_batch, sequence())
    assert not rejects
    assert [values_of(event) for event in found] == expected(sequence())


def test_parse_lines(benchmark: Benchmark) -> None:
    lines = recorded_lines()
    found, rejects = benchmark(parse_batch, b"".join(line + b"\n" for line in lines))
    assert (len(found), len(rejects)) == (len(lines), 0)


def test_parse_one(benchmark: Benchmark) -> None:
    line = sequence()[0]
    assert values_of(benchmark(parse_event, line)) == expected([line])[0]


def test_iterate(benchmark: Benchmark, batch: QuoteBatch) -> None:
    assert [values_of(event) for event in benchmark(list, batch)] == expected(sequence())


def test_to_json_lines(benchmark: Benchmark, batch: QuoteBatch) -> None:
    assert benchmark(batch.to_json_lines) == b"".join(line + b"\n" for line in sequence())


def test_to_copy_binary(benchmark: Benchmark, batch: QuoteBatch) -> None:
    assert benchmark(batch.to_copy_binary).endswith(b"\xff\xff")


def test_to_sse_stream(benchmark: Benchmark, batch: QuoteBatch) -> None:
    ids = [f"1703541600000-{at}" for at in range(len(batch))]
    assert benchmark(batch.to_sse_stream, ids) == b"".join(batch.to_sse(ids))


def test_merge_one_symbol(benchmark: Benchmark, batch: QuoteBatch) -> None:
    received = array("q", batch.ts_us())
    decisions = benchmark(lambda: MergePolicy().offer_batch(batch, received))
    assert len(decisions) == len(batch)


def test_format_prices(benchmark: Benchmark) -> None:
    nanos = array("q", range(4_700_000_000_000, 4_800_000_000_000, 250_000_000))
    assert benchmark(format_prices, nanos, 2) == [format_price(value / 1e9, 2) for value in nanos]


def test_classify_columns(benchmark: Benchmark) -> None:
    ladder = Thresholds(strong_buy=6, buy=1, sell=-1, strong_sell=-6)
    changes = array("q", [value * 1_000_000_000 for value in range(-10, 11)])
    found = benchmark(classify_columns, changes, [ladder], None)
    assert found.tolist() == [-2] * 5 + [-1] * 4 + [0] * 3 + [1] * 5 + [2] * 4
