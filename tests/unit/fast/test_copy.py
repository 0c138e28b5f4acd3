"""COPY binary, taken apart by a decoder written from Postgres' documentation."""

import json
import struct
from datetime import UTC, datetime
from decimal import Decimal

from tests.unit.fast.golden_files import GOLDEN, rows
from thor_fast import QuoteBatch, QuoteEvent, parse_batch, parse_event

EPOCH_2000_US = 946_684_800_000_000


def decoded(stream: bytes) -> list[list[bytes | None]]:
    """The rows of a stream as raw values."""
    assert stream[:19] == b"PGCOPY\n\xff\r\n\0" + bytes(8)
    at, found = 19, []
    while (columns := struct.unpack_from(">h", stream, at)[0]) != -1:
        at += 2
        row: list[bytes | None] = []
        for _ in range(columns):
            (length,) = struct.unpack_from(">i", stream, at)
            at += 4
            row.append(None if length < 0 else stream[at : at + length])
            at += max(length, 0)
        found.append(row)
    assert at + 2 == len(stream)
    return found


def numeric(value: bytes | None) -> Decimal | None:
    """A numeric with exactly the decimals it would be shown with."""
    if value is None:
        return None
    count, weight, sign, scale = struct.unpack_from(">hhHh", value)
    digits = struct.unpack_from(f">{count}h", value, 8)
    assert len(value) == 8 + 2 * count
    assert not digits or (digits[0] != 0 and digits[-1] != 0)
    total = sum((Decimal(digit) * Decimal(10_000) ** (weight - at) for at, digit in enumerate(digits)), Decimal(0))
    exact = total.quantize(Decimal(1).scaleb(-scale))
    assert exact == total
    return -exact if sign == 0x4000 else exact


def number(value: bytes | None) -> int | None:
    return None if value is None else int.from_bytes(value, signed=True)


def test_every_golden_event_is_in_its_row() -> None:
    events = [parse_event(row["canonical"].encode()) for row in rows("events_accepted.jsonl")]
    events += parse_batch((GOLDEN / "es_open.jsonl").read_bytes())[0]
    found = decoded(QuoteBatch.from_events(events).to_copy_binary())
    assert len(found) == len(events)
    for event, (symbol, ts, last, bid, ask, last_size, bid_size, ask_size, source, cond, seq, extra) in zip(
        events, found, strict=True
    ):
        assert symbol == event.symbol.encode()
        assert number(ts) == event.ts_us - EPOCH_2000_US
        assert (numeric(last), numeric(bid), numeric(ask)) == (event.last, event.bid, event.ask)
        assert (number(last_size), number(bid_size), number(ask_size)) == (
            event.last_size,
            event.bid_size,
            event.ask_size,
        )
        assert source == event.source.encode()
        assert cond == (None if event.condition is None else event.condition.encode())
        assert number(seq) == event.seq
        wanted = {"venue": event.venue, "meta": event.meta and json.loads(event.meta)}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        if extra is None:
            assert wanted == {}
        else:
            assert extra[0] == 1
            assert json.loads(extra[1:]) == wanted


def test_a_numeric_has_the_decimals_it_needs() -> None:
    for text in (
        "0",
        "4799",
        "4799.5",
        "118.3125",
        "-37.63",
        "10000",
        "0.000000001",
        "9223372036.854775807",
        "100000000",
    ):
        event = QuoteEvent(symbol="ES", ts_us=0, source="MOCK", last=Decimal(text))
        (row,) = decoded(QuoteBatch.from_events([event]).to_copy_binary())
        assert f"{numeric(row[2]):f}" == text


def test_one_row_to_the_byte() -> None:
    at = datetime(2000, 1, 1, tzinfo=UTC)
    event = QuoteEvent(
        symbol="ES",
        ts_us=round(at.timestamp() * 1_000_000) + 1,
        source="MOCK",
        last=Decimal("-4799.5"),
        bid_size=16,
        seq=1,
        venue="CME",
        meta='{ "a":1}',
    )
    assert QuoteBatch.from_events([event]).to_copy_binary().hex() == (
        "5047434f50590aff0d0a00" + "00000000" + "00000000"
        "000c"
        "00000002" + b"ES".hex() + "00000008" + "0000000000000001"
        "0000000c" + "0002" + "0000" + "4000" + "0001" + "12bf" + "1388"
        "ffffffff" + "ffffffff" + "ffffffff"
        "00000004" + "00000010" + "ffffffff"
        "00000004" + b"MOCK".hex() + "ffffffff"
        "00000008" + "0000000000000001"
        "00000020" + "01" + b'{"venue":"CME","meta":{ "a":1}}'.hex() + "ffff"
    )
