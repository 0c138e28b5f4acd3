"""Reading events: a list of 500, one, and a whole recording as one buffer; each to validated values."""

from collections.abc import Callable

from benchmarks.expected import agrees, expected, values_of
from benchmarks.inputs import recorded_lines, sequence
from benchmarks.limits import tape
from benchmarks.measure import Contender, Measured, compare, timed
from benchmarks.peers import objects, tables
from thor_fast import parse_batch, parse_event

__all__ = ["copy", "lines", "one", "sequence_of_500"]

UNIT = "ns/event"
SHOWN_LINES = 97


def _reader(name: str, factory: Callable[[], objects.Reader]) -> Contender:
    """A peer that reads the 500 events one by one."""

    def prepare() -> Callable[[], float]:
        read, events = factory(), sequence()
        agrees(objects.names_and_values([read(event) for event in events]), events)
        return timed(lambda: [read(event) for event in events], len(events))

    return Contender(name, prepare)


def _readers() -> dict[str, Contender]:
    return {
        "msgspec": _reader("msgspec Struct, strict", objects.msgspec_reader),
        "orjson": _reader("orjson + checks", objects.orjson_reader),
        "pysimdjson": _reader("pysimdjson + checks", objects.simdjson_reader),
        "pydantic": _reader("pydantic v2, strict", objects.pydantic_reader),
    }


def _parse_500() -> Callable[[], float]:
    events = sequence()
    batch, rejects = parse_batch(events)
    assert not rejects
    assert [values_of(event) for event in batch] == expected(events)
    return timed(lambda: parse_batch(events), len(events))


def _bare_tape() -> Contender:
    return tape("simd-json tape, bare", sequence())


def sequence_of_500() -> list[Measured]:
    """A list of 500 bytes objects to columns."""
    limit = _bare_tape()
    peers = {**_readers(), "limit": limit}
    return compare("parse-500", UNIT, Contender("Thor", _parse_500), peers=peers, limit=limit)


def one() -> list[Measured]:
    """Each event by a call of its own, to an object."""

    def prepare() -> Callable[[], float]:
        events = sequence()
        assert [values_of(parse_event(event)) for event in events] == expected(events)
        return timed(lambda: [parse_event(event) for event in events], len(events))

    return compare("parse-one", UNIT, Contender("Thor", prepare), peers=_readers(), limit=_bare_tape())


def lines() -> list[Measured]:
    """The whole recording as one newline-delimited buffer, to columns."""
    events = recorded_lines()
    data = b"".join(event + b"\n" for event in events)
    shown = range(0, len(events), SHOWN_LINES)

    def thor() -> Callable[[], float]:
        batch, rejects = parse_batch(data)
        assert len(batch) == len(events)
        assert not rejects
        assert [values_of(batch[at]) for at in shown] == expected(events[at] for at in shown)
        return timed(lambda: parse_batch(data), len(events))

    def table(name: str, factory: Callable[[], tables.Reader]) -> Contender:
        def prepare() -> Callable[[], float]:
            read = factory()
            found = read(data)
            rows = found.to_dicts() if hasattr(found, "to_dicts") else found.to_pylist()
            agrees([rows[at] for at in shown], [events[at] for at in shown])
            return timed(lambda: read(data), len(events))

        return Contender(name, prepare)

    peers = {
        "polars": table("polars read_ndjson + checks", tables.polars_reader),
        "pyarrow": table("pyarrow.json + checks", tables.pyarrow_reader),
    }
    return compare(
        "parse-lines", UNIT, Contender("Thor", thor), peers=peers, limit=tape("simd-json tape, bare", events)
    )


def copy() -> list[Measured]:
    """JSON to a binary COPY stream, beside the parse alone."""

    def prepare() -> Callable[[], float]:
        events = sequence()
        rows = _rows_of_copy(parse_batch(events)[0].to_copy_binary())
        for row, wanted in zip(rows, expected(events), strict=True):
            assert row[0] == wanted["symbol"].encode()
            assert int.from_bytes(row[1] or b"", "big", signed=True) == wanted["ts"] - 946_684_800_000_000
            assert row[10] == (None if wanted["seq"] is None else wanted["seq"].to_bytes(8, "big"))

        def to_copy() -> bytes:
            return parse_batch(events)[0].to_copy_binary()

        return timed(to_copy, len(events))

    peers = {"parse": Contender("the parse alone", _parse_500)}
    return compare("json-to-copy", UNIT, Contender("Thor", prepare), peers=peers, limit=_bare_tape())


def _rows_of_copy(stream: bytes) -> list[list[bytes | None]]:
    """The fields of each row, slowly."""
    at, rows = 19, []
    while (count := int.from_bytes(stream[at : at + 2], "big", signed=True)) != -1:
        at += 2
        row: list[bytes | None] = []
        for _ in range(count):
            size = int.from_bytes(stream[at : at + 4], "big", signed=True)
            at += 4
            row.append(None if size < 0 else stream[at : at + size])
            at += max(size, 0)
        rows.append(row)
    assert at + 2 == len(stream)
    return rows
