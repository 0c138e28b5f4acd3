"""Many events at once: positions of rejects, selections, the encoders."""

import gzip
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.unit.fast.golden_files import GOLDEN
from thor_fast import QuoteBatch, QuoteEvent, parse_batch, parse_event, register_source, registered_sources

SAMPLE = Path(__file__).parents[4] / "shared" / "data" / "es_20231225_cme.jsonl.gz"


def opening() -> bytes:
    return (GOLDEN / "es_open.jsonl").read_bytes()


def event(symbol: str = "ES", *, seq: int | None = None, last: float | None = None) -> QuoteEvent:
    return QuoteEvent(symbol=symbol, ts_us=0, source="MOCK", seq=seq, last=last)


def test_lines_and_a_list_give_the_same() -> None:
    data = opening()
    lines, no_rejects = parse_batch(data)
    listed, none_either = parse_batch(data.splitlines())
    assert no_rejects == none_either == []
    assert list(lines) == list(listed)
    assert lines.to_json_lines() == data
    assert b"".join(line + b"\n" for line in lines.to_json()) == data


def recordings() -> Iterator[Path]:
    """Recordings of real hours that lie beside the repository; where there is none, the golden one stands in."""
    yield GOLDEN / "es_open.jsonl"
    if SAMPLE.is_file():
        yield SAMPLE


@pytest.mark.parametrize("path", list(recordings()), ids=lambda path: path.name)
def test_a_recording_comes_back_byte_for_byte(path: Path) -> None:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    batch, rejects = parse_batch(data)
    assert rejects == []
    assert batch.to_json_lines() == data
    assert len(batch.last_per_key()) == {300: 296, 28_412: 28_003}[len(batch)]


def test_one_bad_event_costs_only_itself() -> None:
    good = event().to_json()
    batch, rejects = parse_batch([good, b"", good, b"{}", b"\xff" * 5_000])
    assert len(batch) == 2
    assert [(reject.position, reject.code, reject.field) for reject in rejects] == [
        (1, "bad_json", None),
        (3, "missing_field", "symbol"),
        (4, "bad_json", None),
    ]
    assert [len(reject.data) for reject in rejects] == [0, 2, 4_096]
    assert rejects[1].message == "symbol is required"


def test_blank_lines_are_passed_over_but_counted() -> None:
    good = event().to_json()
    batch, rejects = parse_batch(b"\n" + good + b"\r\n \t\r\n{}\n" + good)
    assert len(batch) == 2
    assert [reject.position for reject in rejects] == [3]
    assert parse_batch(b"")[1] == []


@pytest.mark.parametrize("data", ["text", ["text"], [1], 1, [None], [bytearray(b"{}")]])
def test_anything_but_bytes_is_a_type_error(data: object) -> None:
    with pytest.raises(TypeError):
        parse_batch(data)  # type: ignore[arg-type]


def test_unknown_keys_are_counted() -> None:
    good = event().to_json()
    batch, _ = parse_batch([good, good.replace(b"{", b'{"x":1,"y":[{}],', 1)])
    assert batch.unknown_keys == 2
    assert batch[:].unknown_keys == 0
    assert batch[1].to_json() == good


def test_a_batch_is_a_sequence() -> None:
    events = [event(seq=number) for number in range(5)]
    batch = QuoteBatch.from_events(events)
    assert len(batch) == 5
    assert list(batch) == events
    assert (batch[0], batch[-1], batch[-5]) == (events[0], events[4], events[0])
    for part in (slice(None), slice(1, 3), slice(None, None, -1), slice(4, 0, -2), slice(9, 12), slice(-2, None)):
        assert list(batch[part]) == events[part]
    for wrong in (5, -6, 2**62, -(2**62)):
        with pytest.raises(IndexError):
            batch[wrong]
    assert list(batch.take([3, -1, 3])) == [events[3], events[4], events[3]]
    with pytest.raises(IndexError):
        batch.take([5])


def test_columns() -> None:
    batch = QuoteBatch.from_events([event("ES"), event("ZB")])
    assert (batch.symbols(), batch.sources(), batch.ts_us()) == (["ES", "ZB"], ["MOCK", "MOCK"], [0, 0])


def test_the_last_event_of_a_key_stands_at_its_own_place() -> None:
    first, other, again, none, none_again = (
        event(seq=1, last=1.0),
        event(seq=2, last=2.0),
        event(seq=1, last=3.0),
        event(last=4.0),
        event(last=5.0),
    )
    batch = QuoteBatch.from_events([first, none, other, again, none_again])
    assert list(batch.last_per_key()) == [other, again, none_again]


def test_the_newest_of_each_symbol_is_its_last() -> None:
    batch = QuoteBatch.from_events([event("ES"), event("ZB"), event("ES"), event("YM")])
    assert batch.newest_per_symbol() == [1, 2, 3]


def test_frames_carry_id_and_active_source() -> None:
    batch = QuoteBatch.from_events([event("ES"), event("ZB")])
    frames = batch.to_sse(["1-0", "1-1"])
    data = [line.removesuffix(b"}") + b',"active_source":"MOCK"}' for line in batch.to_json()]
    assert frames == [
        b"id: 1-0\nevent: quote\ndata: " + data[0] + b"\n\n",
        b"id: 1-1\nevent: quote\ndata: " + data[1] + b"\n\n",
    ]


@pytest.mark.parametrize("ids", [[], ["1", "2"], ["1\n2"], ["1\r"], ["\0"]])
def test_ids_that_would_break_a_frame_are_refused(ids: list[str]) -> None:
    with pytest.raises(ValueError, match=r"id"):
        QuoteBatch.from_events([event()]).to_sse(ids)


def test_a_source_can_be_registered() -> None:
    data = event().to_json().replace(b"MOCK", b"UNIT_1")
    assert parse_batch([data])[1][0].code == "unknown_source"
    register_source("UNIT_1")
    register_source("UNIT_1")
    assert registered_sources().count("UNIT_1") == 1
    assert registered_sources()[:3] == ["TOS", "SCHWAB", "MOCK"]
    assert parse_event(data).source == "UNIT_1"
    with pytest.raises(ValueError, match="capital letters"):
        register_source("unit")


def test_the_open_holds_what_makes_it_worth_keeping() -> None:
    batch, _ = parse_batch(opening())
    assert any(event.last is None for event in batch)
    assert any(event.bid is not None and event.ask is not None and event.bid > event.ask for event in batch)
    assert any(one.seq == two.seq and one != two for one, two in pairwise(batch))
