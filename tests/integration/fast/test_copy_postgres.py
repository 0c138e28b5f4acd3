"""Postgres takes every golden event from the core's COPY stream, and holds what the event said."""

import json
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.servers import Database
from tests.unit.fast.golden_files import GOLDEN, rows
from thor_fast import QuoteBatch, QuoteEvent, parse_batch, parse_event

COLUMNS = (
    "symbol text, ts timestamptz, last numeric, bid numeric, ask numeric, last_size int, bid_size int, ask_size int, "
    "source text, cond text, seq bigint, extra jsonb"
)


def stored(database: Database, batch: QuoteBatch) -> list[tuple[Any, ...]]:
    """The rows that Postgres holds after one COPY, prices as their text and ts in microseconds."""
    with psycopg.connect(database.conninfo) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE taken (at serial, {COLUMNS})".encode())
        names = ", ".join(column.split()[0] for column in COLUMNS.split(", "))
        with cursor.copy(f"COPY taken ({names}) FROM STDIN (FORMAT binary)".encode()) as copy:
            copy.write(batch.to_copy_binary())
        cursor.execute(
            "SELECT symbol, (extract(epoch FROM ts) * 1000000)::bigint, source, last::text, bid::text, ask::text,"
            " last_size, bid_size, ask_size, seq, cond, extra->>'venue', (extra->'meta')::text FROM taken ORDER BY at"
        )
        return [(*row[:-1], exact(row[-1])) for row in cursor]


def exact(text: str | None) -> Any:
    """The value of a JSON text, numbers as decimals."""
    return None if text is None else json.loads(text, parse_int=Decimal, parse_float=Decimal)


def plain(value: object) -> str | None:
    """A price as Postgres writes it: exact, without trailing zeros."""
    return None if value is None else f"{value:f}".rstrip("0").rstrip(".")


def said(event: QuoteEvent) -> tuple[Any, ...]:
    return (
        event.symbol,
        event.ts_us,
        event.source,
        plain(event.last),
        plain(event.bid),
        plain(event.ask),
        event.last_size,
        event.bid_size,
        event.ask_size,
        event.seq,
        event.condition,
        event.venue,
        exact(event.meta),
    )


def test_every_golden_event_is_stored_as_it_was_said(database: Database) -> None:
    events = [parse_event(row["canonical"].encode()) for row in rows("events_accepted.jsonl")]
    events += parse_batch((GOLDEN / "es_open.jsonl").read_bytes())[0]
    assert stored(database, QuoteBatch.from_events(events)) == [said(event) for event in events]


@pytest.mark.parametrize(
    "meta",
    [
        '{"a":1e308}',
        '{"a":-1E-308}',
        '{"a":' + "9" * 296 + "e308}",
        '{"a":0.' + "1" * 293 + "e-308}",
        '{"a":"\\ud83d\\ude00\\u0001\\uffff"}',
        '{"a":' + "[" * 15 + "]" * 15 + "}",
        '{"' + "k" * 4_000 + '":null}',
        '{"a":1,"a":{"b":-0}}',
    ],
)
def test_no_meta_that_is_accepted_can_fail_a_batch(database: Database, meta: str) -> None:
    event = QuoteEvent(symbol="ES", ts_us=0, source="MOCK", meta=meta)
    assert len(stored(database, QuoteBatch.from_events([event]))) == 1


def test_an_empty_batch_is_a_stream_too(database: Database) -> None:
    assert stored(database, QuoteBatch.from_events([])) == []
