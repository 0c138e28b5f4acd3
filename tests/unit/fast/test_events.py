"""Reading and writing single events: the golden files, the constructor, the latest fields."""

import pickle
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.fast.golden_files import input_of, rows
from thor_fast import ERROR_CODES, ERROR_FIELDS, EVENT_FIELDS, EventError, QuoteEvent, parse_event


@pytest.mark.parametrize("row", rows("events_accepted.jsonl"), ids=lambda row: row["name"])
def test_an_accepted_event_has_its_canonical_form(row: dict[str, Any]) -> None:
    event = parse_event(input_of(row))
    assert event.to_json().decode() == row["canonical"]
    assert parse_event(event.to_json()) == event


@pytest.mark.parametrize("row", rows("events_rejected.jsonl"), ids=lambda row: row["name"])
def test_a_rejected_input_has_its_code_and_field(row: dict[str, Any]) -> None:
    with pytest.raises(EventError) as caught:
        parse_event(input_of(row))
    assert (caught.value.code, caught.value.field) == (row["code"], row["field"])
    assert caught.value.code in ERROR_CODES


def test_every_code_is_shown_by_a_golden_reject() -> None:
    assert {row["code"] for row in rows("events_rejected.jsonl")} == set(ERROR_CODES)


def test_every_golden_reject_names_a_field_that_its_code_may_name() -> None:
    assert set(ERROR_FIELDS) == set(ERROR_CODES)
    for row in rows("events_rejected.jsonl"):
        allowed = ERROR_FIELDS[row["code"]]
        assert (row["field"] or "") in allowed or allowed == ("*",), row["name"]


def test_an_error_is_data_and_can_be_pickled() -> None:
    error = EventError("bad_type", "last", "last must be a finite number or null, was true")
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (copied.code, copied.field, copied.message) == (error.code, error.field, error.message)
    assert str(copied) == "bad_type: last must be a finite number or null, was true"
    assert isinstance(error, ValueError)


def full_event() -> QuoteEvent:
    return QuoteEvent(
        symbol="ZB",
        ts_us=1_703_541_600_180_087,
        source="MOCK",
        last=Decimal("118.3125"),
        bid=118.28125,
        ask=119,
        last_size=0,
        bid_size=16,
        ask_size=2**31 - 1,
        seq=2**63 - 1,
        condition="@",
        venue="CBOT",
        meta='{"run":5}',
    )


def test_attributes_are_exact_values() -> None:
    event = full_event()
    assert (event.symbol, event.ts_us, event.source) == ("ZB", 1_703_541_600_180_087, "MOCK")
    assert (event.last, event.bid, event.ask) == (Decimal("118.3125"), Decimal("118.28125"), Decimal(119))
    assert (event.last_size, event.bid_size, event.ask_size, event.seq) == (0, 16, 2**31 - 1, 2**63 - 1)
    assert (event.condition, event.venue, event.meta) == ("@", "CBOT", '{"run":5}')


def test_an_event_is_frozen_and_equal_by_content() -> None:
    event = full_event()
    assert event == full_event()
    assert hash(event) == hash(full_event())
    assert event != QuoteEvent(symbol="ZB", ts_us=0, source="MOCK")
    assert event != "ZB"
    with pytest.raises(AttributeError):
        event.symbol = "ES"  # type: ignore[misc]


def test_floats_are_taken_by_their_shortest_text() -> None:
    event = QuoteEvent(symbol="ES", ts_us=0, source="MOCK", last=0.1, bid=51.274999999999999, ask=Decimal("1E+2"))
    assert (event.last, event.bid, event.ask) == (Decimal("0.1"), Decimal("51.275"), Decimal(100))


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"symbol": "es"}, "bad_symbol", "symbol"),
        ({"source": "NOBODY"}, "unknown_source", "source"),
        ({"ts_us": 253_402_300_800_000_000}, "bad_timestamp", "ts"),
        ({"last": float("nan")}, "bad_type", "last"),
        ({"bid": float("-inf")}, "bad_type", "bid"),
        ({"bid": Decimal("Infinity")}, "bad_type", "bid"),
        ({"ask": 1e10}, "out_of_range", "ask"),
        ({"last_size": -1}, "out_of_range", "lastSize"),
        ({"ask_size": 2**31}, "out_of_range", "askSize"),
        ({"seq": -1}, "out_of_range", "seq"),
        ({"seq": 2**63}, "out_of_range", "seq"),
        ({"bid_size": 10**30}, "out_of_range", "bidSize"),
        ({"ts_us": -(10**30)}, "bad_timestamp", "ts"),
        ({"venue": "x" * 65}, "out_of_range", "venue"),
        ({"condition": "\0"}, "out_of_range", "condition"),
        ({"meta": "[]"}, "bad_type", "meta"),
        ({"meta": "{"}, "bad_json", "meta"),
    ],
)
def test_the_constructor_is_as_strict_as_the_parser(change: dict[str, Any], code: str, field: str) -> None:
    arguments: dict[str, Any] = {"symbol": "ES", "ts_us": 0, "source": "MOCK"} | change
    with pytest.raises(EventError) as caught:
        QuoteEvent(**arguments)
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize("data", ["{}", bytearray(b"{}"), memoryview(b"{}"), None, 1])
def test_only_bytes_are_read(data: object) -> None:
    with pytest.raises(TypeError):
        parse_event(data)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [True, "1", b"1", [1]])
def test_a_price_of_another_type_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        QuoteEvent(symbol="ES", ts_us=0, source="MOCK", last=value)  # type: ignore[arg-type]


def test_latest_fields_have_the_contract_names_in_order() -> None:
    flat = full_event().to_latest_fields()
    assert flat[::2] == [name.encode() for name, *_ in EVENT_FIELDS]
    assert flat[1::2] == [
        b"1", b"ZB", b"2023-12-25T22:00:00.180087Z", b"MOCK", b"118.3125", b"118.28125", b"119.0", b"0", b"16",
        b"2147483647", b"9223372036854775807", b"@", b"CBOT", b'{"run":5}',
    ]  # fmt: skip


def test_null_is_the_empty_value() -> None:
    event = QuoteEvent(symbol="ES", ts_us=0, source="MOCK")
    assert event.to_latest_fields()[9::2] == [b""] * 10


@pytest.mark.parametrize("row", rows("events_accepted.jsonl"), ids=lambda row: row["name"])
def test_every_event_comes_back_from_its_latest_fields(row: dict[str, Any]) -> None:
    event = parse_event(input_of(row))
    flat = event.to_latest_fields()
    fields = dict(zip(flat[::2], flat[1::2], strict=True)) | {b"updated_at": b"now", b"active_source": b"TOS"}
    assert QuoteEvent.from_latest_fields(fields) == event


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({b"symbol": b""}, "missing_field", "symbol"),
        ({b"last": b"abc"}, "bad_type", "last"),
        ({b"last": b"\xff"}, "bad_type", "last"),
        ({b"ts": b"soon"}, "bad_timestamp", "ts"),
        ({b"v": b"2"}, "unsupported_version", "v"),
        ({b"seq": b"1.5"}, "out_of_range", "seq"),
        ({b"venue": b'"'}, "bad_type", "venue"),
    ],
)
def test_garbage_in_latest_fields_is_an_error(change: dict[bytes, bytes], code: str, field: str) -> None:
    flat = full_event().to_latest_fields()
    with pytest.raises(EventError) as caught:
        QuoteEvent.from_latest_fields(dict(zip(flat[::2], flat[1::2], strict=True)) | change)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_no_latest_fields_are_no_event() -> None:
    with pytest.raises(EventError, match="missing_field: symbol is required"):
        QuoteEvent.from_latest_fields({})
