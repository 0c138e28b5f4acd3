"""What the bus tells of streams: entries one by one, ids, and the state of streams and groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

__all__ = [
    "Entry",
    "GroupLag",
    "RejectedInput",
    "StreamState",
    "entries_of",
    "entries_of_streams",
    "parse_id",
    "text_of",
]

RawEntries: TypeAlias = Sequence[tuple[bytes, dict[bytes, bytes] | None]]
"""Ids and fields as redis-py gives them; no fields where an entry was trimmed meanwhile."""


class RejectedInput(Protocol):
    """What `thor_fast.Reject` shows of a refused input."""

    @property
    def code(self) -> str: ...
    @property
    def field(self) -> str | None: ...
    @property
    def message(self) -> str: ...
    @property
    def data(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One stream entry. `data` is None where the entry has no such field (it was not written by Thor).

    `at_us` is when a collector received the event, microseconds UTC by its clock, None where the entry does not say.
    `of` is, in the unified stream, the id of the source's entry that it was made from.
    """

    stream: str
    id: str
    data: bytes | None
    at_us: int | None = None
    of: str | None = None

    @property
    def position(self) -> tuple[int, int]:
        """The id as numbers: milliseconds since 1970 by the server's clock, and a counter within them."""
        return parse_id(self.id)


@dataclass(frozen=True, slots=True)
class GroupLag:
    """A consumer group of a stream: entries not yet delivered, and delivered but not acknowledged."""

    name: str
    lag: int | None
    pending: int
    last_delivered_id: str


@dataclass(frozen=True, slots=True)
class StreamState:
    """Length, newest id and consumer groups of a stream. `added` counts trimmed entries, too."""

    name: str
    length: int
    added: int
    last_id: str
    groups: tuple[GroupLag, ...]


def parse_id(entry_id: str) -> tuple[int, int]:
    """Split `ms-n`. Raises ValueError for anything else."""
    ms, dash, n = entry_id.partition("-")
    if not (dash and ms.isascii() and ms.isdigit() and n.isascii() and n.isdigit()):
        raise ValueError(f"a stream id is milliseconds-counter, was {entry_id!r}")
    numbers = int(ms), int(n)
    if max(numbers) >= 2**64:
        raise ValueError(f"a stream id has two numbers below 2^64, was {entry_id!r}")
    return numbers


def text_of(value: bytes | str) -> str:
    """A text that redis-py gives in either form."""
    return value.decode() if isinstance(value, bytes) else value


def entries_of(stream: str, raw: RawEntries) -> list[Entry]:
    """Entries of one stream as redis-py gives them; a pending one that was trimmed meanwhile has no fields."""
    return [_entry(stream, entry_id.decode(), fields or {}) for entry_id, fields in raw]


def _entry(stream: str, entry_id: str, fields: Mapping[bytes, bytes]) -> Entry:
    of = fields.get(b"of")
    return Entry(stream, entry_id, fields.get(b"data"), _at_us(fields), None if of is None else of.decode())


def _at_us(fields: Mapping[bytes, bytes]) -> int | None:
    text = fields.get(b"at", b"")
    return int(text) if text.isdigit() else None


def entries_of_streams(
    answer: Sequence[tuple[bytes, Sequence[tuple[bytes, dict[bytes, bytes]]]]] | None,
) -> list[Entry]:
    """Entries of an XREAD or XREADGROUP, streams one after the other."""
    return [entry for name, raw in answer or () for entry in entries_of(name.decode(), raw)]
