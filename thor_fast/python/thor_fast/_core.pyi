"""The typed face of the Rust core. `mypy.stubtest` proves that it is true, and a test runs its examples.

Units everywhere: prices are exact decimals held as integers of 1e-9, times are integer microseconds since 1970 UTC.
No function keeps a reference to what it was given, and none reads a clock.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Final, Literal, final, overload

from typing_extensions import Buffer

from thor_fast._error import EventError as EventError
from thor_fast.recording import BarRow, Recording

__all__ = [
    "ERROR_CODES",
    "ERROR_FIELDS",
    "EVENT_FIELDS",
    "MARKET_PHASES",
    "MERGE_REASONS",
    "ORDER_OUTCOMES",
    "QUALITY_CHECKS",
    "BacktestBars",
    "BacktestContract",
    "BacktestQuotes",
    "BacktestRules",
    "BacktestRun",
    "BarSeries",
    "Bars",
    "Broker",
    "Column",
    "CompositeBounds",
    "CopyReader",
    "Decision",
    "Enricher",
    "EventError",
    "InstrumentRules",
    "LatencyHistogram",
    "MarketReading",
    "MarketTimeline",
    "MergePolicy",
    "MergeStep",
    "NarrowTicks",
    "PriceTexts",
    "Quality",
    "QuoteBatch",
    "QuoteEvent",
    "Records",
    "Reject",
    "Replies",
    "ReplyReader",
    "RowReader",
    "SchwabFrame",
    "SchwabFrames",
    "SeenBar",
    "SeenQuote",
    "SignalLadder",
    "StreamEntries",
    "StreamMerge",
    "Thresholds",
    "Ticks",
    "WeightedBars",
    "__version__",
    "bars_in_order",
    "bootstrap_paths",
    "check_quality",
    "classify_batch",
    "classify_columns",
    "co_moment",
    "composite_classes",
    "deepest_drawdown",
    "distinct_intervals",
    "format_price",
    "format_price_column",
    "format_prices",
    "heard_events",
    "join_records",
    "net_changes",
    "overfitting_logits",
    "pack",
    "pack_xadd",
    "parse_batch",
    "parse_event",
    "parse_price",
    "parse_prices",
    "play_ladder",
    "play_open_capture",
    "play_strategy",
    "play_targets",
    "read_cell",
    "register_display",
    "register_source",
    "registered_sources",
    "return_figures",
    "returns_of",
    "score_classes",
    "sweep_bars",
]

__version__: Final[str]

ERROR_CODES: Final[dict[str, str]]
"""Every code of an `EventError` or `Reject`, with its meaning."""

ERROR_FIELDS: Final[dict[str, tuple[str, ...]]]
"""What an error of each code may name as its field; "" stands for none, "*" for whatever key the input has."""

EVENT_FIELDS: Final[tuple[tuple[str, str, str, str, str], ...]]
"""The event's fields in order: name, attribute, need (required, nullable or optional), stored as, accepted."""

MARKET_PHASES: Final[dict[str, bool]]
"""Every phase a market may be in, with whether it is open then. A phase's number is its place here."""

MERGE_REASONS: Final[dict[str, str]]
"""Every reason of a `Decision`, with its meaning."""

QUALITY_CHECKS: Final[dict[str, str]]
"""Every check of `check_quality` with its meaning, in the order of the bits of a row's flags."""

@final
class Reject:
    """One refused input of a batch."""

    @property
    def position(self) -> int:
        """Its index among the inputs from 0; for newline-delimited input the line, blank lines counted."""
    @property
    def code(self) -> str:
        """One of `ERROR_CODES`."""
    @property
    def field(self) -> str | None:
        """The contract's name of the field, or None where the input as a whole is wrong."""
    @property
    def message(self) -> str:
        """One plain sentence."""
    @property
    def data(self) -> bytes:
        """The first 4,096 bytes of the input."""

@final
class QuoteEvent:
    """Canonical quote event v1, frozen, hashable and equal by content.

    The constructor checks as strictly as the parser and raises `EventError`. Floats are taken by their shortest decimal
    text, decimals beyond nine places are rounded half-even.

    >>> from thor_fast import QuoteEvent
    >>> event = QuoteEvent(symbol="ZB", ts_us=0, source="MOCK", last=118.3125)
    >>> event.last
    Decimal('118.3125')
    """

    def __new__(
        cls,
        *,
        symbol: str,
        ts_us: int,
        source: str,
        last: Decimal | float | None = None,
        bid: Decimal | float | None = None,
        ask: Decimal | float | None = None,
        last_size: int | None = None,
        bid_size: int | None = None,
        ask_size: int | None = None,
        seq: int | None = None,
        condition: str | None = None,
        venue: str | None = None,
        meta: str | None = None,
    ) -> QuoteEvent: ...
    @staticmethod
    def from_latest_fields(fields: Mapping[bytes, bytes]) -> QuoteEvent:
        """The event that `to_latest_fields` wrote, from a mapping that may hold other names. Raises `EventError`."""
    @property
    def symbol(self) -> str:
        """The canonical symbol."""
    @property
    def ts_us(self) -> int:
        """When it happened, microseconds UTC, in the years 1 to 9999."""
    @property
    def source(self) -> str:
        """The registered name of the source."""
    @property
    def last(self) -> Decimal | None:
        """Last price, with at least one and at most nine decimals."""
    @property
    def bid(self) -> Decimal | None:
        """Bid price, as `last`."""
    @property
    def ask(self) -> Decimal | None:
        """Ask price, as `last`."""
    @property
    def last_size(self) -> int | None:
        """Size of the last trade, 0 to 2^31-1."""
    @property
    def bid_size(self) -> int | None:
        """Size at the bid, as `last_size`."""
    @property
    def ask_size(self) -> int | None:
        """Size at the ask, as `last_size`."""
    @property
    def seq(self) -> int | None:
        """Sequence number, 0 to 2^63-1."""
    @property
    def condition(self) -> str | None:
        """The condition in the source's words, at most 64 characters."""
    @property
    def venue(self) -> str | None:
        """The venue in the source's words, at most 64 characters."""
    @property
    def meta(self) -> str | None:
        """The JSON object as it came, on one line: line breaks between its tokens are spaces."""
    def to_json(self) -> bytes:
        """Canonical JSON: one line, every field in order, absent ones null, prices with at least one decimal.

        >>> from thor_fast import parse_event
        >>> data = b'{"symbol":"ES","ts":0,"source":"TOS","last":4799,"bid":null,"ask":null,'
        >>> data += b'"lastSize":1,"bidSize":null,"askSize":null}'
        >>> parse_event(data).to_json()[:86]
        b'{"v":1,"symbol":"ES","ts":"1970-01-01T00:00:00.000000Z","source":"TOS","last":4799.0,"'
        """
    def to_latest_fields(self) -> list[bytes]:
        """Name, value, name, value … of every field under its contract name, for HSET; null is the empty value."""
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class QuoteBatch:
    """Events in the order they came, as columns. Parts of a batch share its columns.

    A slice or `take` copies no event and keeps the whole batch's columns alive; `concat` of one batch makes columns
    of its own. Events read from canonical JSON keep its bytes, so that writing them again is a copy. Indexing and
    iterating make a `QuoteEvent` of each event.
    """

    @staticmethod
    def from_events(events: Iterable[QuoteEvent]) -> QuoteBatch:
        """A batch of these events in this order."""
    @staticmethod
    def concat(batches: Sequence[QuoteBatch]) -> QuoteBatch:
        """All events of these batches, one batch after the other, in columns of their own."""
    @staticmethod
    def from_arrow(data: object) -> QuoteBatch:
        """The events of a table with the columns of `__arrow_c_stream__`, checked as strictly as the constructor does.

        The table is anything with that method: of Polars, DuckDB, PyArrow, or another batch. Columns go by name, others
        are passed over; seq, condition, venue and meta may be left out. Texts may be of any Arrow type of text, coded
        or not. Raises `ValueError` for other columns or types, `EventError` for a row that is no event,
        `AttributeError` for an object without that method.
        """
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The batch as an Arrow C stream of one record batch, which Polars, DuckDB and PyArrow take without a copy.

        Columns: symbol and source (dictionaries of text), ts (timestamp in microseconds, UTC), last_nanos, bid_nanos
        and ask_nanos (int64 in units of 1e-9: a price of 4799.25 is 4799250000000), last_size, bid_size, ask_size
        (int32), seq (int64), condition, venue and meta (large text). Only the validity bits are made anew; events that
        do not stand next to one another in their columns are gathered first.
        """
    @property
    def unknown_keys(self) -> int:
        """Unknown top-level keys that parsing dropped; 0 for a batch that was not parsed."""
    @property
    def nbytes(self) -> int:
        """Bytes of the columns that the batch takes its events from, shared ones counted whole."""
    def __len__(self) -> int: ...
    @overload
    def __getitem__(self, index: int, /) -> QuoteEvent: ...
    @overload
    def __getitem__(self, index: slice, /) -> QuoteBatch: ...
    def __iter__(self) -> Iterator[QuoteEvent]: ...
    def symbols(self) -> list[str]:
        """Each event's symbol."""
    def sources(self) -> list[str]:
        """Each event's source."""
    def ts_us(self) -> list[int]:
        """Each event's time, microseconds UTC."""
    def take(self, indices: Sequence[int]) -> QuoteBatch:
        """The events at these positions, in this order, repeats allowed. Raises `IndexError`."""
    def last_per_key(self) -> QuoteBatch:
        """One event a (symbol, source, ts, seq), the last of each, in the order of these; no seq is a value too."""
    def newest_per_symbol(self) -> list[int]:
        """The position of each symbol's last event, rising."""
    def to_json(self) -> list[bytes]:
        """Each event's canonical JSON."""
    def to_json_lines(self) -> bytes:
        """Each event's canonical JSON and a line feed."""
    def to_sse(self, ids: Sequence[str]) -> list[bytes]:
        """One frame an event: its id, `event: quote`, and as data the canonical JSON with `active_source` at the end.

        Raises `ValueError` when there are not as many ids as events, or an id holds a line break or U+0000.
        """
    def to_sse_stream(self, ids: Sequence[str]) -> bytes:
        """The frames of `to_sse` behind one another, as one chunk for one client. Raises `ValueError` as it does."""
    def newest_ts_us(self) -> int | None:
        """The latest of the events' times, microseconds UTC, or None where there is no event."""
    def by_source(self) -> list[tuple[str, QuoteBatch]]:
        """The events of each source, in the order in which the sources first appear."""
    def to_xadd(self, stream: str, *, minid_ms: int | None = None, at_us: int | None = None) -> bytes:
        """One command an event in Redis' protocol, for a raw socket: `XADD stream * data <json> [at <at_us>]`.

        With `minid_ms` the last of them trims what is older (`MINID ~`). `at_us` is when a collector received them.
        """
    def to_latest(
        self, ids: Sequence[str], received_us: Sequence[int] | Buffer, *, prefix: str = "quotes:latest:"
    ) -> bytes:
        """One `HSET <prefix><symbol>` in Redis' protocol for the newest event of each symbol.

        It sets the fields of `QuoteEvent.to_latest_fields`, `updated_at` (the time in the id), `active_source`,
        `stream_id` and `received_us`. Ids and times are one an event, of the whole batch. Raises `ValueError` when
        there are not as many of them as events, or an id is not that of a stream's entry.
        """
    def bars(self, interval_us: int) -> Bars:
        """Open, high, low, close and volume of every event with a last, by symbol and interval.

        Of repeated events (one symbol, source, ts and seq) the last counts; otherwise the order of the events does not
        matter. Raises `ValueError` for an interval that is not above 0.
        """
    def to_copy_binary(self) -> bytes:
        """A complete stream for COPY in binary format. No event can make it fail.

        Its columns: symbol, ts, last, bid, ask, last_size, bid_size, ask_size, source, cond, seq, extra. `extra` is
        jsonb with `venue` and `meta`, those that are there, or null.
        """

@final
class Bars:
    """Bars of many symbols as columns, by symbol, then start. The memoryviews are of 64-bit integers."""

    def __len__(self) -> int: ...
    @property
    def symbol(self) -> list[str]:
        """Each bar's symbol."""
    @property
    def start_us(self) -> memoryview:
        """Where the interval begins, microseconds UTC, a whole multiple of the interval."""
    @property
    def open(self) -> memoryview:
        """The first price by ts, seq and source, in units of 1e-9."""
    @property
    def high(self) -> memoryview:
        """The greatest price, in units of 1e-9."""
    @property
    def low(self) -> memoryview:
        """The least price, in units of 1e-9."""
    @property
    def close(self) -> memoryview:
        """The last price by ts, seq and source, in units of 1e-9."""
    @property
    def volume(self) -> memoryview:
        """The sum of last_size, an absent one being 0."""
    @property
    def events(self) -> memoryview:
        """How many events the bar is made of."""

@final
class Ticks:
    """Rows of the ticks table as columns.

    Where an event has venue and meta, a tick has `extra`, a JSON object of both as Postgres writes it.
    """

    @staticmethod
    def from_arrow(data: object) -> Ticks:
        """The rows of a table with the columns of `__arrow_c_stream__`; texts may be of any Arrow type of text.

        Raises `ValueError` for other columns, types or values, `AttributeError` for an object without that method.
        """
    @staticmethod
    def split(parts: Sequence[Ticks], threads: int = 1) -> list[tuple[str, Ticks]]:
        """`by_symbol` of all rows of these together; of rows with one key the last of the last stands."""
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows as an Arrow C stream of one record batch.

        Columns: symbol, ts (timestamp in microseconds, UTC), last, bid, ask (decimals with nine places, of 18 digits
        or, where `wide`, 19), last_size, bid_size, ask_size (int32), source, cond, seq (int64), extra. Texts are
        dictionaries.
        """
    def narrow(self) -> NarrowTicks:
        """The rows with prices of 64 bits where none is `wide`: for PyArrow to write; few other libraries know them."""
    def __len__(self) -> int: ...
    def symbols(self) -> list[str]:
        """Each symbol once, in order."""
    @property
    def wide(self) -> bool:
        """Whether a price needs more than 18 digits, nine of them decimals."""
    def digest(self) -> str:
        """32 hexadecimal digits for the set of rows, the same in any order and form. Not cryptographic."""
    def by_symbol(self, threads: int = 1) -> list[tuple[str, Ticks]]:
        """Each symbol's rows by ts, seq (none first) and source, by symbol; of rows with one key the last."""
    def to_events(self) -> QuoteBatch:
        """The rows as events in their order. Raises `EventError` for a row that is none."""

@final
class NarrowTicks:
    """The same rows with prices of 64 bits, for who writes them out."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The rows as an Arrow C stream of one record batch."""

@final
class Quality:
    """What the checks found in one symbol's ticks of a day."""

    @property
    def counts(self) -> dict[str, int]:
        """How often each of `QUALITY_CHECKS` was found: silences for `gap`, rows for the others."""
    @property
    def flags(self) -> memoryview:
        """Each row's flags as an unsigned 16-bit integer, a bit a check."""
    @property
    def gaps(self) -> list[tuple[int, int]]:
        """The silences: from and to, microseconds UTC."""
    def __len__(self) -> int: ...

@final
class WeightedBars:
    """Bars of one symbol with their volume-weighted average price."""

    def __len__(self) -> int: ...
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The bars as an Arrow C stream of one record batch.

        Columns: start (timestamp in microseconds, UTC), open, high, low, close (decimals of 19 digits with nine
        places), volume, events (int64), vwap (as the prices, to the nearest, ties to even; null without volume).
        """

@final
class CopyReader:
    """Reads what a `COPY … TO STDOUT (FORMAT binary)` of the twelve columns of ticks sends.

    A price that does not fit 64 bits of 1e-9, or has more than nine decimals, is refused, never rounded.
    """

    def __new__(cls) -> CopyReader: ...
    def feed_wire(self, data: Buffer) -> bool:
        """Takes the next bytes of the server's messages, cut anywhere. True once it is ready for another query.

        Raises `ValueError` for anything that is no such stream.
        """
    def feed_rows(self, data: bytes) -> None:
        """Takes the payload of one CopyData message. Raises `ValueError` as `feed_wire`."""
    def finish(self) -> Ticks:
        """The rows. Raises `ValueError` where the server broke off, or the stream did; can be asked once."""

@final
class Decision:
    """The answer to an offer."""

    @property
    def accepted(self) -> bool:
        """Whether the event now stands for its symbol."""
    @property
    def reason(self) -> str:
        """One of `MERGE_REASONS`."""
    @property
    def active_source(self) -> str:
        """The source that stands for the symbol after the offer."""

@final
class MergePolicy:
    """Which source's event stands for a symbol. Pure: time comes in as `received_us`, microseconds UTC.

    `preferred` names the source that alone stands for a symbol while it is live, that is, was heard at most
    `stale_after_ms` before the offer and is not marked `meta.delayed` or `meta.stale`. `sequence_domains` are groups of
    sources that number their events alike. Memory grows with symbols and sources, not with events. Safe to share
    between threads. Raises `ValueError` for a setting that cannot be.

    A repeated offer is known by its `received_us`: an event that is read again must come with the time it had before,
    and times that tell neighbouring events apart (such as those made from stream ids) tell repeats apart best.

    >>> from thor_fast import MergePolicy, QuoteEvent
    >>> policy = MergePolicy({"ES": "TOS"})
    >>> policy.offer(QuoteEvent(symbol="ES", ts_us=0, source="TOS", last=4799.0), 0).reason
    'first'
    >>> policy.offer(QuoteEvent(symbol="ES", ts_us=1, source="SCHWAB", last=4799.5), 1).reason
    'not_preferred'
    >>> policy.offer(QuoteEvent(symbol="ES", ts_us=6_000_000, source="SCHWAB", last=4799.5), 6_000_000).reason
    'failover'
    """

    def __new__(
        cls,
        preferred: Mapping[str, str] | None = None,
        stale_after_ms: int = 5000,
        *,
        stale_after_ms_by_symbol: Mapping[str, int] | None = None,
        sequence_domains: Sequence[Sequence[str]] = (),
    ) -> MergePolicy: ...
    def offer(self, event: QuoteEvent, received_us: int) -> Decision:
        """Decides on one event and remembers it."""
    def offer_batch(self, batch: QuoteBatch, received_us: Sequence[int] | Buffer) -> list[Decision]:
        """`offer` for each event in order. Raises `ValueError` when there are not as many times as events.

        The times may be a buffer of 64-bit integers, such as `array("q")`. Equal decisions are one object.
        """
    def restore(self, event: QuoteEvent, received_us: int) -> None:
        """Sets the symbol's state as if this event had just been accepted and nothing else been seen."""
    def export_state(self) -> bytes:
        """All that the policy has seen, counts and all but its settings, in a form of its own (version 1)."""
    def import_state(self, state: bytes) -> None:
        """Takes over what `export_state` wrote in place of what the policy has seen; its settings stay.

        Raises `ValueError` for anything else, and then nothing has changed.

        >>> from thor_fast import MergePolicy, QuoteEvent
        >>> first, second = MergePolicy(), MergePolicy()
        >>> event = QuoteEvent(symbol="ES", ts_us=0, source="TOS", last=4799.0)
        >>> first.offer(event, 0).reason
        'first'
        >>> second.import_state(first.export_state())
        >>> second.offer(event, 0).reason
        'duplicate'
        """
    def active_source(self, symbol: str) -> str | None:
        """The source that stands for the symbol, or None when no event of it was accepted."""
    def counts(self) -> dict[str, int]:
        """How often each reason was given, and `future_ts`: offers whose ts was over 2 s ahead of their receipt."""

@final
class PriceTexts:
    """Texts as an Arrow array.

    Polars and PyArrow take it without a copy: `pl.Series(texts)`, `pa.array(texts)`.
    """

    @property
    def nbytes(self) -> int:
        """Bytes that the array holds."""
    def __len__(self) -> int: ...
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        """The array's schema and the array, each in a capsule. Who asks for another type gets this one all the same."""

@final
class ReplyReader:
    """Bytes of a connection to Redis (RESP2) until they make whole replies."""

    def __new__(cls) -> ReplyReader: ...
    def feed(self, data: bytes) -> int:
        """Takes bytes and says how many whole replies there are. Raises `ValueError` for another protocol.

        >>> from thor_fast import ReplyReader
        >>> reader = ReplyReader()
        >>> reader.feed(b":1\\r\\n+O"), reader.feed(b"K\\r\\n")
        (1, 2)
        >>> reader.take(2).texts()
        [b'1', b'OK']
        """
    def take(self, count: int) -> Replies:
        """Removes and returns the first `count` replies, or all where there are fewer."""

@final
class Replies:
    """Whole replies in the order of their commands."""

    def __len__(self) -> int: ...
    def errors(self) -> list[tuple[int, str]]:
        """The replies that are errors: position and text."""
    def texts(self) -> list[bytes | None]:
        """Each reply as text, numbers too; None for nil and for an array."""
    def executed(self) -> Replies | None:
        """The replies inside the last one, that of an `EXEC`; None where it is no array."""
    def streams(self, position: int = 0) -> StreamEntries:
        """The entries of an `XREAD` or `XREADGROUP`. Raises `ValueError` for a reply of another shape."""
    def range(self, stream: str, position: int = 0) -> StreamEntries:
        """The entries of an `XRANGE` of this stream. Raises `ValueError` for a reply of another shape."""
    def claimed(self, stream: str, position: int = 0) -> tuple[str, StreamEntries]:
        """The cursor and the entries of an `XAUTOCLAIM` of this stream.

        Raises `ValueError` for a reply of another shape, `IndexError` where there is none.
        """

@final
class StreamEntries:
    """Entries of streams in the order of the reply, their events as one batch; no object an entry is made."""

    def __len__(self) -> int:
        """Entries, those that hold no event among them."""
    @property
    def batch(self) -> QuoteBatch:
        """The events, in order."""
    @property
    def rejects(self) -> list[Reject]:
        """What was no event; positions are among the entries."""
    def ids(self) -> list[str]:
        """Each entry's id."""
    def event_ids(self) -> list[str]:
        """The id of each event of the batch."""
    def at_us(self) -> list[int | None]:
        """When the collector received each event of the batch, microseconds UTC, or None where it does not say so."""
    def first_id(self) -> str | None:
        """The first entry's id."""
    def last_id(self) -> str | None:
        """The last entry's id."""
    def record_latency(self, histogram: LatencyHistogram, now_us: int) -> None:
        """Counts for each event that says so how long ago its collector received it."""

@final
class StreamMerge:
    """`MergePolicy` over streams: entries in, commands out.

    Entries are decided in the order in which Redis took them, across streams. With the latest hash of a symbol goes
    what is known of it, so that a successor goes on exactly where this one stopped. Safe to share between threads.
    Raises `ValueError` for a setting that cannot be.
    """

    def __new__(cls, preferred: Mapping[str, str] | None = None, stale_after_ms: int = 5000) -> StreamMerge: ...
    def restore(self, event: QuoteEvent, received_us: int) -> None:
        """Sets a symbol's state to the event that stands, where no more is known."""
    def restore_state(self, state: bytes) -> None:
        """Sets a symbol's state to the field `merge` of its latest hash. Raises `ValueError` for anything else."""
    def held(self) -> list[str]:
        """The streams of which entries wait for others. They must not be read until these are decided."""
    def recover(self, pending: Sequence[StreamEntries], unified: Sequence[StreamEntries]) -> MergeStep | None:
        """Goes on where a dead merger stopped: what must be decided at once comes back, the rest is held.

        `pending` are all entries that it did not acknowledge, `unified` the end of the unified stream since the oldest.
        """
    def take(self, read: Sequence[StreamEntries], full: int) -> MergeStep | None:
        """Takes what was read, at most `full` entries a stream. Comes back what can be decided, None for nothing."""
    def counts(self) -> dict[str, int]:
        """How often each reason was given, and `future_ts`, as `MergePolicy.counts`."""

@final
class MergeStep:
    """What a batch of entries comes to. It must be written before the next one is taken."""

    @property
    def entries(self) -> int:
        """Entries that were read."""
    @property
    def appended(self) -> int:
        """Events that stand and must be appended."""
    @property
    def rejects(self) -> list[Reject]:
        """What was no event."""
    def xadd(self, stream: str, *, minid_ms: int | None = None) -> bytes:
        """One `XADD` an event that must be appended, with the fields `data`, `at` and `of`; the last of them trims."""
    def latest(self, replies: Replies | None = None, *, prefix: str = "quotes:latest:") -> list[tuple[str, bytes]]:
        """Key and `HSET` of each symbol of which something was decided. `replies` are those to `xadd`.

        Raises `ValueError` where these are not the ids of as many entries.
        """
    def xack(self, group: str) -> list[tuple[str, bytes]]:
        """Key and `XACK` of each stream that was read from."""
    def record_latency(self, histogram: LatencyHistogram, now_us: int) -> None:
        """Counts for each event that is appended how long ago its collector received it, where it says so."""

@final
class MarketTimeline:
    """The hours of one market over some years, compiled: what it does at an instant takes no microsecond to tell.

    Times are whole seconds of UTC, spans half open, days counted as the caller counts them. Safe to share between
    threads.

    >>> from array import array
    >>> from thor_fast import MarketTimeline
    >>> closed, is_open = 0, 2
    >>> starts = array("q", [0, 36_000, 54_000, MarketTimeline.FOREVER])
    >>> codes = bytes([closed | MarketTimeline.GAP, is_open, closed | MarketTimeline.GAP, is_open])
    >>> days = array("H", [0, 0, 1, 1])
    >>> none = array("H", [0, 0, 0, 0])
    >>> hours = MarketTimeline((starts, codes, days, none), (), (), day_base=1, span=(0, 86_400), verified=(0, 86_400))
    >>> now = hours.reading(40_000)
    >>> now.phase, now.is_open, now.next_transition, now.trade_day
    ('open', True, 54000, 1)
    """

    FOREVER: Final[int]
    """The time of the last change, which is never reached."""
    GAP: Final[int]
    """Marks, among the codes, the span between two sessions."""
    UNSURE: Final[int]
    """Marks what rests on hours that their source does not vouch for."""
    SEVERAL: Final[int]
    """In place of an exception's number: several lie in this span."""
    SLOT_S: Final[int]
    """The change in force is looked up for spans of so many seconds; from there a query takes steps."""

    def __new__(
        cls,
        changes: tuple[Buffer, Buffer, Buffer, Buffer],
        exceptions: Sequence[Any],
        gap_exceptions: Sequence[tuple[int, int, int, int]],
        *,
        day_base: int,
        span: tuple[int, int],
        verified: tuple[int, int],
    ) -> MarketTimeline:
        """Compiles changes of phase in order; the last one is at `FOREVER` and opens, the one before it closes.

        `changes` are columns: the start of each (`q`), the number of its phase with its marks (`B`), the day of its
        session counted from `day_base` (`H`), and the number of the day's exception and one more, 0 for none, `SEVERAL`
        where they are in `gap_exceptions` (`H`). Each exception has an attribute `verified`. A `gap_exceptions` row is
        the change that begins the span, start and end, the exception's number. `span` are the instants that may be
        asked for, `verified` those that a source vouches for.

        Raises `ValueError` for what contradicts itself, `BufferError` for a column of another type.
        """
    def __len__(self) -> int:
        """How many changes are held."""
    @property
    def nbytes(self) -> int:
        """Bytes of the columns."""
    @property
    def first(self) -> int:
        """The first instant that may be asked for."""
    @property
    def last(self) -> int:
        """Where those end."""
    @property
    def never_closes(self) -> bool:
        """Whether the market is open at all times."""
    def reading(self, at: int, /) -> MarketReading:
        """What the market does at an instant. Raises `ValueError` for one outside of `first` to `last`."""
    def changes(self, start: int, end: int, /) -> list[tuple[int, str]]:
        """The changes of phase from `start` to before `end`: each with the phase that begins."""
    def session(self, day: int, /) -> tuple[int, int, int, int] | None:
        """When a day's session begins, ends, opens and closes; None where it has none."""
    def ends_before(self, day: int, /) -> int:
        """When the last session before a day ends."""

@final
class MarketReading:
    """What a market does over a span of instants, from `since` to before `valid_until`. Times are UTC seconds."""

    @property
    def phase(self) -> str:
        """One of `MARKET_PHASES`."""
    @property
    def is_open(self) -> bool:
        """Whether it is open."""
    @property
    def since(self) -> int:
        """Since when this answer holds."""
    @property
    def valid_until(self) -> int:
        """Until when it holds."""
    @property
    def next_transition(self) -> int | None:
        """The next change of `is_open`; None where none is known."""
    @property
    def next_phase_at(self) -> int | None:
        """The next change of phase; None where none is known."""
    @property
    def next_phase(self) -> str | None:
        """What that leads to."""
    @property
    def trade_day(self) -> int:
        """The day of the session that is on, or else comes next."""
    @property
    def exception(self) -> Any:
        """The exception that the timeline was given for the day; None where there is none."""
    @property
    def verified(self) -> bool:
        """Whether a source vouches for this answer up to the next transition."""
    def overlaid(
        self,
        phase: str,
        *,
        valid_until: int,
        next_transition: int | None,
        next_phase: tuple[int, str] | None,
    ) -> MarketReading:
        """The same day in another phase, as a halt makes of it. Raises `ValueError` for an unknown phase."""
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

@final
class LatencyHistogram:
    """How often each latency was seen, in buckets at most 1/16 wide. Microseconds. Safe to share between threads.

    >>> from thor_fast import LatencyHistogram
    >>> histogram = LatencyHistogram()
    >>> for us in (250, 300, 9_000):
    ...     histogram.record(us)
    >>> histogram.count, histogram.max_us, histogram.quantile(0.5), histogram.at_most([255, 1_023])
    (3, 9000, 303, [1, 2])
    """

    def __new__(cls) -> LatencyHistogram: ...
    def record(self, us: int, times: int = 1) -> None:
        """Counts one latency so many times; below zero counts as zero."""
    @property
    def count(self) -> int:
        """How many were counted."""
    @property
    def sum_us(self) -> int:
        """Their sum."""
    @property
    def max_us(self) -> int:
        """The longest."""
    def quantile(self, share: float) -> int | None:
        """The latency that this share of them does not pass, at most 1/16 too long; None where there is none."""
    def at_most(self, bounds_us: Sequence[int]) -> list[int]:
        """How many are not longer than each bound; exact for bounds such as 255, 511 and 1,023."""
    def clear(self) -> None:
        """Forgets everything."""

@final
class Thresholds:
    """The four boundaries of one instrument's signal, in the unit of the changes that will be classified.

    Raises `ValueError` unless strong_buy >= buy >= sell >= strong_sell.
    """

    def __new__(
        cls,
        *,
        strong_buy: Decimal | float,
        buy: Decimal | float,
        sell: Decimal | float,
        strong_sell: Decimal | float,
    ) -> Thresholds: ...

def pack(*arguments: bytes | str | float) -> bytes:
    """The bytes of any command of Redis.

    >>> from thor_fast import pack
    >>> pack("GET", b"key")
    b'*2\\r\\n$3\\r\\nGET\\r\\n$3\\r\\nkey\\r\\n'
    """

def pack_xadd(
    stream: str, payloads: Sequence[bytes], *, minid_ms: int | None = None, at_us: int | None = None
) -> bytes:
    """What `QuoteBatch.to_xadd` gives, of payloads that need be no events."""

@final
class RowReader:
    """Reads the rows of one instrument in a quote sheet.

    `columns` says where its figures stand: name to column, from 0. The names are `last`, `bid`, `ask`, `lastSize`,
    `bidSize`, `askSize`, `volume`, `netChange`, `changePercent`, `open`, `high`, `low`, `close`, `high52` and `low52`.
    `tick` is the smallest price step in points. Raises `ValueError` for another name.

    >>> from thor_fast import RowReader
    >>> reader = RowReader({"last": 1, "netChange": 2}, source="TOS", precision=5, tick=0.03125)
    >>> members, findings = reader.read(["ZB", "118'10", "+0'14"])
    >>> members[:30], members[-41:], findings
    (b'"source":"TOS","last":118.3125', b'"meta":{"precision":5,"netChange":0.4375}', [])
    """

    def __new__(
        cls,
        columns: dict[str, int],
        *,
        source: str,
        precision: int,
        tick: Decimal | float,
        contract: str | None = None,
        stale: bool = False,
    ) -> RowReader: ...
    def read(self, row: Sequence[object]) -> tuple[bytes | None, list[tuple[str, str]]]:
        """The members of the row's candidate event but `v`, `symbol` and `ts`, and what was found: code, sentence.

        None where the row has no price yet. A price or size that cannot be read stays in the members as it is, so
        that the candidate is refused by name. A zero is nothing yet, unless the row's other prices are as small.
        """

@final
class SchwabFrame:
    """What one frame held."""

    @property
    def symbols(self) -> list[str]:
        """The symbol of each candidate."""
    @property
    def candidates(self) -> list[bytes]:
        """Candidate events, one for each delta that changed what is known of its symbol."""
    @property
    def responses(self) -> list[tuple[str, str, str, int, str]]:
        """The server's answers: service, command, request id, code, message."""
    @property
    def heartbeat_ms(self) -> int | None:
        """The server's clock, where the frame is a heartbeat."""
    @property
    def unknown(self) -> list[str]:
        """Services and keys that were not subscribed to."""
    @property
    def faults(self) -> list[str]:
        """Fields that could not be read and were passed over, in words."""

@final
class SchwabFrames:
    """Reads the frames of one connection to Schwab's streamer and merges their deltas per symbol.

    Services are `LEVELONE_EQUITIES`, `LEVELONE_FUTURES` and `CHART_FUTURES`. A field that a delta does not name keeps
    its value. Where the contract that a future stands for changes, the old one's figures go and the event is flagged
    `roll`. A minute's bar is told once, in `meta.bar`. Not safe to share between threads.

    >>> from thor_fast import SchwabFrames
    >>> frames = SchwabFrames()
    >>> frames.subscribe("LEVELONE_FUTURES", "/ES", "ES", tick=0.25)
    >>> data = b'{"data":[{"service":"LEVELONE_FUTURES","content":[{"key":"/ES","3":6708.5,"10":1000}]}]}'
    >>> frames.read(data, 0).candidates[0][:87]
    b'{"v":1,"symbol":"ES","ts":"1970-01-01T00:00:01.000000Z","source":"SCHWAB","last":6708.5'
    """

    def __new__(cls, source: str = "SCHWAB") -> SchwabFrames: ...
    @staticmethod
    def fields(service: str) -> str:
        """The numbers of the fields to ask a service for, as the request has them. Raises `ValueError`."""
    def subscribe(
        self,
        service: str,
        key: str,
        symbol: str,
        *,
        tick: Decimal | float,
        precision: int | None = None,
        contract: str | None = None,
    ) -> None:
        """A key of a service stands for this symbol from now on. Raises `ValueError`."""
    def forget(self) -> None:
        """The connection is gone, and with it what its deltas were merged to."""
    def read(self, frame: bytes, received_us: int) -> SchwabFrame:
        """Reads one frame, received at that time in microseconds UTC, which stands where the server gave none.

        Raises `ValueError` for what is not JSON of the known shape. What was merged is forgotten then: ask for
        everything anew.
        """

def read_cell(
    value: object, kind: Literal["price", "percent", "count"], *, largest: int = 2147483647
) -> Decimal | int | None:
    """What one cell of a quote sheet says, read as a price, a percentage or a count; None for nothing yet.

    Nothing yet are words such as N/A and loading, and Excel's errors as text or as the integers that COM gives. A count
    is an int of at most `largest`, the others are decimals. Raises `ValueError` for what is none of it.

    >>> from thor_fast import read_cell
    >>> read_cell("118'27", "price"), read_cell(-2146826246, "price"), read_cell("+0.42%", "percent")
    (Decimal('118.84375'), None, Decimal('0.42'))
    """

@final
class SignalLadder:
    """What the five signals of an instrument stand for, in `unit` (in points), and its part in the composite.

    Raises `ValueError` unless the values fall, with hold between buy and sell, and for a weight below 0 of an
    instrument that is not inverse.

    >>> from thor_fast import SignalLadder
    >>> values = {"strong_buy": 30, "buy": 5, "hold": 0, "sell": -5, "strong_sell": -30}
    >>> bond = SignalLadder(**values, unit=0.03125, weight=1.1, inverse=True)
    >>> bond.classify(-0.9375)
    ('STRONG_SELL', Decimal('-30.0'), Decimal('1.1'), 2)
    """

    def __new__(
        cls,
        *,
        strong_buy: Decimal | float,
        buy: Decimal | float,
        hold: Decimal | float,
        sell: Decimal | float,
        strong_sell: Decimal | float,
        unit: Decimal | float,
        weight: Decimal | float,
        inverse: bool,
    ) -> SignalLadder: ...
    def classify(self, change: Decimal | float) -> tuple[str, Decimal, Decimal, int]:
        """Signal, stat value, weight and signal weight of a net change in points. Raises `EventError` for NaN."""

@final
class InstrumentRules:
    """One instrument as the enricher needs it. Without a ladder it has no signal. Raises `ValueError`."""

    def __new__(
        cls,
        symbol: str,
        *,
        market: str,
        display: int | str,
        tick: Decimal | float,
        tick_value: Decimal | float,
        multiplier: Decimal | float,
        target: Decimal | float | None = None,
        ladder: SignalLadder | None = None,
    ) -> InstrumentRules: ...

@final
class CompositeBounds:
    """The boundaries of the composite's class, falling, and the share of live symbols that a strong class needs.

    Raises `ValueError` for bounds that do not fall, or a share that is not between 0 and 1.
    """

    def __new__(
        cls,
        *,
        strong_buy: Decimal | float,
        buy: Decimal | float,
        sell: Decimal | float,
        strong_sell: Decimal | float,
        min_live_share: Decimal | float,
    ) -> CompositeBounds: ...

@final
class Records:
    """Records in one piece of memory; each becomes an object of its own only where it is taken out."""

    def __len__(self) -> int: ...
    def __getitem__(self, number: int, /) -> bytes: ...
    def __iter__(self) -> Iterator[bytes]: ...

@final
class Enricher:
    """Turns merged events into records, and keeps what the records say of the session and the composite.

    Events must come in the order of the stream; one that is not newer than the newest of its symbol gets a record
    without session fields and changes nothing. `sessions` is asked, rarely, for the trade date that holds an instant:
    (market, microseconds UTC) -> (days since 1970-01-01, start, opening, end in microseconds UTC). Whatever it raises
    comes out of the call that needed it. With `recording` it collects what `drain` gives. Safe to share between
    threads.
    """

    def __new__(
        cls,
        sessions: Callable[[str, int], tuple[int, int, int, int]],
        *,
        stale_after_ms: int = 5000,
        recording: bool = False,
    ) -> Enricher: ...
    def configure(self, version: int, instruments: Sequence[InstrumentRules], bounds: CompositeBounds) -> None:
        """Takes a configuration over. Instruments with a ladder, in this order, make the composite."""
    @property
    def version(self) -> int:
        """The version of the configuration."""
    @property
    def position(self) -> str:
        """The id of the newest event that was taken in, `0-0` before the first."""
    def forget_sessions(self) -> None:
        """Forgets the trade dates it was told, for a calendar that has changed."""
    def set_history(
        self, symbol: str, *, high: Decimal | float, high_day: int, low: Decimal | float, low_day: int
    ) -> None:
        """Sets the 52 weeks of a symbol by our own trade dates, for sources that tell none."""
    def record(self, event: QuoteEvent, entry_id: str) -> bytes:
        """Takes in an event and gives its record, one JSON object. Raises `ValueError` for what is no stream id."""
    def records(self, batch: QuoteBatch, ids: Sequence[str]) -> Records:
        """`record` for each event. Raises `ValueError` as it does and for another number of ids."""
    def observe(self, batch: QuoteBatch, ids: Sequence[str]) -> None:
        """Takes events in without writing records."""
    def observe_bars(self, batch: QuoteBatch, ids: Sequence[str]) -> list[list[bytes]]:
        """Takes events in, and gives the symbol's newest bars after each: a JSON object an interval, in the order of
        `bars`, empty where there is none."""
    def total(self, now_ms: int) -> bytes:
        """The composite at an instant, one JSON object."""
    def bars(self, symbol: str) -> list[tuple[str, BarRow]]:
        """The newest bar of each interval: 1s, 1m, 5m, 1h, and 1d which is the trade date."""
    def drain(self) -> Recording:
        """What was recorded since the last call."""
    def export_state(self) -> bytes:
        """What was seen, in a form of its own: not the configuration, the trade dates or what waits to be drained."""
    def import_state(self, state: bytes) -> None:
        """Takes over what `export_state` wrote. Raises `ValueError` for anything else, and then nothing has changed."""

@final
class LevelWatch:
    """Levels of alert rules against the events of the unified stream, each told at its crossing.

    A level is told when a price that was on its other side stands beyond it; on the level is neither. The market, a
    made up one (`ES MOCK`) and a recorded one (`ES REPLAY`) each have a standing of their own: None before a side was
    seen, then whether the next crossing counts; and when the last one was, ms UTC. What its source calls stale is
    left out.
    Safe to share between threads.
    """

    def __new__(cls) -> LevelWatch: ...
    def add(
        self,
        rule: int,
        symbol: str,
        *,
        measure: str,
        side: str,
        limit: Decimal | float,
        rearm: Decimal | float,
        cooldown_ms: int,
        since_ms: int,
        once: bool,
        known: Mapping[str, tuple[bool | None, int | None]],
    ) -> None:
        """Watches a symbol's `last` or `change_percent` for `above`, `below` or `beyond` (either way from 0) a limit.

        `rearm`: how far back behind the limit before another crossing counts; `cooldown_ms`: how long none is told
        after one; `since_ms`: what entered the stream before is not looked at; `once`: a crossing of any symbol ends
        the rule; `known`: what `standings` gave. Raises `ValueError`.
        """
    def observe(self, batch: QuoteBatch, ids: Sequence[str]) -> list[tuple[int, int, Decimal]]:
        """The crossings of a batch in order: rule, row, value. Raises `ValueError` for what are no stream ids."""
    def standings(self, rule: int) -> dict[str, tuple[bool | None, int | None]]:
        """What is known of a rule, by symbol and mark."""
    def take_changed(self) -> list[int]:
        """Rules of which something else is known than at the last call."""

def parse_event(data: bytes) -> QuoteEvent:
    """Reads one event, as strictly as the contract says. Raises `EventError`.

    >>> from thor_fast import EventError, parse_event
    >>> try:
    ...     parse_event(b'{"symbol":"es"}')
    ... except EventError as error:
    ...     print(error.code, error.field, error.message)
    bad_symbol symbol symbol must be in canonical form such as ES or BRK.B, was "es"
    """

def parse_batch(data: bytes | Sequence[bytes], *, keep_json: bool = True) -> tuple[QuoteBatch, list[Reject]]:
    """Reads newline-delimited events, or one a bytes object. Never raises for what an input holds.

    Blank lines are passed over; an empty bytes object is refused. Raises `TypeError` for anything but bytes.

    Events that come in canonical JSON keep its bytes, two thirds of a batch, so that writing them again is a copy.
    Without `keep_json` they do not: for whoever wants only the values.

    >>> from thor_fast import parse_batch
    >>> batch, rejects = parse_batch([b"{}"])
    >>> len(batch), rejects[0].position, rejects[0].code, rejects[0].field
    (0, 0, 'missing_field', 'symbol')
    """

def register_source(name: str) -> None:
    """Lets events of this process name a source `[A-Z][A-Z0-9_]{0,15}`; again is harmless. Raises `ValueError`."""

def registered_sources() -> list[str]:
    """The sources that events may name: TOS, SCHWAB, MOCK, then the registered ones."""

def register_display(symbol: str, display: int | str) -> None:
    """Sets how a symbol's prices are shown: 0 to 9 decimals, or "32nds". Raises `ValueError`."""

def format_price(value: Decimal | float, symbol_or_precision: str | int, *, signed: bool = False) -> str:
    """The price as text for a registered symbol, for 0 to 9 decimals, or for "32nds"; to the nearest, ties to even.

    With `signed` a value above zero has a plus sign. What rounds to zero has no sign. A symbol that is not registered
    gets as many decimals as the price needs, two at least. Raises `EventError` for NaN, an infinity or a value beyond
    ±9.2 billion, `ValueError` for a bad symbol or precision.

    >>> from thor_fast import format_price
    >>> format_price(118.3125, "32nds"), format_price(0.4375, "32nds", signed=True), format_price(2.675, 2)
    ("118'10", "+0'14", '2.68')
    """

def format_prices(nanos: Buffer, symbol_or_precision: str | int, *, signed: bool = False) -> list[str | None]:
    """The text of each price of a buffer of nanos, None where it is -2^63.

    The buffer holds signed 64-bit integers in units of 1e-9, such as `array("q")` or a NumPy array of int64. Texts are
    those of `format_price`. Raises as it does, and `BufferError` or `TypeError` for anything but such a buffer.

    >>> from array import array
    >>> from thor_fast import format_prices
    >>> format_prices(array("q", [118_312_500_000, -(2**63), 2_675_000_000]), 2)
    ['118.31', None, '2.68']
    """

def format_price_column(nanos: Buffer, symbol_or_precision: str | int, *, signed: bool = False) -> PriceTexts:
    """The texts of `format_prices` as one Arrow array, without a Python object for each; null where the price is -2^63.

    Raises as `format_prices` does.

    >>> from array import array
    >>> from thor_fast import format_price_column
    >>> format_price_column(array("q", [118_312_500_000, -(2**63)]), "32nds")
    PriceTexts(2 texts)
    """

def parse_prices(texts: Sequence[str]) -> memoryview:
    """The nanos of each text that `parse_price` reads, as a memoryview of 64-bit integers. Raises `EventError`.

    >>> from thor_fast import parse_prices
    >>> parse_prices(["112'155", "-0'06"]).tolist()
    [112484375000, -187500000]
    """

def parse_price(text: str) -> Decimal:
    """The price of a text: `51.275`, `118'10`, `112'155`, `111-16+`, `118 10/32`, signed or not. Raises `EventError`.

    The third digit after the apostrophe codes eighths of a 32nd (1 2 3 5 6 7 8), a plus is a half.

    >>> from thor_fast import parse_price
    >>> parse_price("112'155"), parse_price("-0'06")
    (Decimal('112.484375'), Decimal('-0.1875'))
    """

def classify_batch(
    changes: Sequence[Decimal | float | None], thresholds: Sequence[Thresholds | None]
) -> list[str | None]:
    """STRONG_BUY, BUY, HOLD, SELL or STRONG_SELL for each net change; None where change or thresholds are missing.

    A change that is NaN, infinite or beyond ±9.2 billion is missing too. Raises `ValueError` when the lengths differ.

    >>> from thor_fast import Thresholds, classify_batch
    >>> ladder = Thresholds(strong_buy=6, buy=1, sell=-1, strong_sell=-6)
    >>> classify_batch([6.25, 6, 1, -1, -6, None], [ladder] * 6)
    ['STRONG_BUY', 'BUY', 'HOLD', 'HOLD', 'STRONG_SELL', None]
    """

def classify_columns(changes: Buffer, thresholds: Sequence[Thresholds | None], ids: Buffer | None = None) -> memoryview:
    """The signal of each net change as a number from 2 to -2, -128 where change or thresholds are missing.

    2 is STRONG_BUY, 1 BUY, 0 HOLD, -1 SELL, -2 STRONG_SELL. `changes` is a buffer of signed 64-bit integers in units of
    1e-9 of the thresholds' unit, -2^63 where there is none. `ids` is a buffer of as many unsigned 32-bit integers that
    say which of `thresholds` is meant; without it there must be one. Returns a memoryview of signed bytes. Raises
    `ValueError` for lengths or ids that do not fit.

    >>> from array import array
    >>> from thor_fast import Thresholds, classify_columns
    >>> ladder = Thresholds(strong_buy=6, buy=1, sell=-1, strong_sell=-6)
    >>> changes = array("q", [6_250_000_000, 6_000_000_000, -6_000_000_000, -(2**63)])
    >>> classify_columns(changes, [ladder, None], array("I", [0, 0, 0, 0])).tolist()
    [2, 1, -2, -128]
    """

def composite_classes(sums: Buffer, bounds: CompositeBounds) -> memoryview:
    """The class of each sum of signal weights as a number from 2 to -2, as the live composite has it.

    `sums` is a buffer of signed 64-bit integers. How many symbols are live makes no difference here. Returns a
    memoryview of signed bytes.

    >>> from array import array
    >>> from thor_fast import CompositeBounds, composite_classes
    >>> bounds = CompositeBounds(strong_buy=9, buy=3, sell=-3, strong_sell=-9, min_live_share=0)
    >>> composite_classes(array("q", [10, 9, 3, -3, -9, -10]), bounds).tolist()
    [2, 1, 0, 0, -1, -2]
    """

def score_classes(weighted: Buffer, weights: Buffer) -> memoryview:
    """The signal nearest to each score as a number from 2 to -2, as the live composite has it, -128 for none.

    The score is `sum(weight * signal weight) / sum(weight)` rounded to six decimals; a tie goes to the weaker signal.
    `weighted` and `weights`, its two sums, are buffers of as many signed 64-bit integers in units of 1e-9. Returns a
    memoryview of signed bytes. Raises `ValueError` for lengths that differ.

    >>> from array import array
    >>> from thor_fast import score_classes
    >>> score_classes(array("q", [3, 1, -3, 0]), array("q", [2, 2, 2, 0])).tolist()
    [1, 0, -1, -128]
    """

def net_changes(last: Buffer, net_change: Buffer, close: Buffer, volume: Buffer) -> memoryview:
    """The change of each quote against the previous settlement, as a live record has it.

    The source's own change comes first, else it is `last - close`; a change of 0 beside no last price, or beside a last
    price of 0 without volume, is a row that is still loading and none. Each is a buffer of as many signed 64-bit
    integers, prices in units of 1e-9, -2^63 where there is none; so is the answer. Raises `ValueError` for lengths
    that differ.

    >>> from array import array
    >>> from thor_fast import net_changes
    >>> none = -(2**63)
    >>> last, told = array("q", [5, none, 0, 5]), array("q", [none, 0, 0, 0])
    >>> close, volume = array("q", [7, 7, 7, 7]), array("q", [none, none, 0, 9])
    >>> [None if change == none else change for change in net_changes(last, told, close, volume)]
    [-2, None, None, 0]
    """

def heard_events(state: bytes) -> list[tuple[int, bytes]]:
    """The last event of each source in what the merge knows of a symbol, the field `merge` of its latest hash.

    Each is the time at which Redis received it, microseconds UTC, and its canonical JSON. What cannot be read is left
    out.
    """

ORDER_OUTCOMES: Final[dict[str, str]]
"""Every code of a backtest's notes, with its meaning."""

@final
class BacktestContract:
    """What a backtest knows of one instrument: its worth, costs, margins and hours. Numbers are exact to nine decimals.

    `multiplier` is money a point, `fee` money a contract and side, `fee_rate` and `slippage_rate` shares of value and
    price, `slippage` points; `sessions` are half-open spans of microseconds UTC in order, None for always open.
    Raises ValueError for what is below 0, and EventError for what is no number.
    """

    def __new__(
        cls,
        symbol: str,
        *,
        multiplier: Decimal | float,
        tick: Decimal | float | None = None,
        fee: Decimal | float | None = None,
        fee_rate: Decimal | float | None = None,
        slippage: Decimal | float | None = None,
        slippage_rate: Decimal | float | None = None,
        initial_margin: Decimal | float | None = None,
        maintenance_margin: Decimal | float | None = None,
        sessions: Sequence[tuple[int, int]] | None = None,
    ) -> BacktestContract: ...
    @property
    def symbol(self) -> str:
        """Its symbol."""

@final
class BacktestRules:
    """The rules of venue and broker that a backtest plays by.

    An order travels `latency_us`; positions are closed `flat_before_close_us` before a session's close; a resting limit
    fills when its price is traded through, with `fills_at_touch` when it is traded at; on bars orders take at most
    `participation` of the volume.
    """

    def __new__(
        cls,
        *,
        cash: Decimal | float,
        latency_us: int = 0,
        flat_before_close_us: int | None = None,
        fills_at_touch: bool = False,
        participation: Decimal | float | None = None,
        most_orders: int = 1000,
    ) -> BacktestRules: ...

@final
class BacktestQuotes:
    """Quotes in the order in which they could be known: prices in nanos, -2^63 for none, a size of -1 for unknown.

    Columns are buffers: `ids` and `contract` unsigned 32 bits, sizes 32 bits, `signals` 8 bits, the others 64 bits.
    Another number of `contract` is a roll. Raises ValueError for other lengths and for instants out of order.
    """

    def __new__(
        cls,
        *,
        ids: Buffer,
        ts_us: Buffer,
        bid: Buffer,
        ask: Buffer,
        last: Buffer,
        bid_size: Buffer,
        ask_size: Buffer,
        contract: Buffer | None = None,
        changes: Buffer | None = None,
        signals: Buffer | None = None,
    ) -> BacktestQuotes: ...
    def __len__(self) -> int: ...

@final
class BacktestBars:
    """Bars in the order of their ends, each known at its end: prices in nanos, a volume of -1 for unknown.

    Columns as those of `BacktestQuotes`.
    """

    def __new__(
        cls,
        *,
        ids: Buffer,
        start_us: Buffer,
        end_us: Buffer,
        open: Buffer,  # noqa: A002
        high: Buffer,
        low: Buffer,
        close: Buffer,
        volume: Buffer,
        contract: Buffer | None = None,
    ) -> BacktestBars: ...
    def __len__(self) -> int: ...

@final
class BacktestRun:
    """What a backtest gave. Columns are memoryviews."""

    @property
    def equity(self) -> memoryview[float]:
        """Worth of the account after each event."""
    @property
    def fees(self) -> float:
        """Fees paid."""
    @property
    def turnover(self) -> float:
        """Value traded, both sides counted."""
    @property
    def positions(self) -> list[int]:
        """Contracts held at the end, by instrument."""
    def fills(self) -> dict[str, memoryview[Any]]:
        """Executions in order: order (0 where the account acted), instrument, ts_us, quantity, price, fee."""
    def trades(self) -> dict[str, memoryview[Any]]:
        """Finished trades: instrument, entered_us, left_us, quantity, entry, exit, profit, fees, worst, best."""
    def open_trades(self) -> dict[str, memoryview[Any]]:
        """Trades that are open at the end, valued at the marks; columns as `trades`."""
    def notes(self) -> list[tuple[int, int, int, str]]:
        """What happened beside fills: ts_us, order (0 for the account), instrument, one of `ORDER_OUTCOMES`."""

@final
class Broker:
    """What a strategy may do: ask for trades, take orders back, and look at its own account."""

    def buy(
        self,
        symbol: str,
        quantity: int = 1,
        *,
        limit: Decimal | float | None = None,
        stop: Decimal | float | None = None,
        trail: Decimal | float | None = None,
        lifetime: str = "until_cancelled",
        group: int | None = None,
        take_profit: Decimal | float | None = None,
        stop_loss: Decimal | float | None = None,
    ) -> int:
        """Ask to buy and get the order's number.

        Without prices at market; `limit`, `stop`, both, or a `trail` in points. `lifetime` is until_cancelled, day or
        immediate. Orders of one `group` cancel each other as they fill. `take_profit` and `stop_loss` are prices of two
        such orders that come alive with the fill. What is wrong with an order is among the run's notes.
        """
    def sell(
        self,
        symbol: str,
        quantity: int = 1,
        *,
        limit: Decimal | float | None = None,
        stop: Decimal | float | None = None,
        trail: Decimal | float | None = None,
        lifetime: str = "until_cancelled",
        group: int | None = None,
        take_profit: Decimal | float | None = None,
        stop_loss: Decimal | float | None = None,
    ) -> int:
        """Ask to sell; as `buy`."""
    def target(self, symbol: str, quantity: int) -> None:
        """Ask at market for what is missing to hold that many contracts, below 0 short."""
    def cancel(self, order: int) -> None:
        """Take an order back."""
    def cancel_all(self, symbol: str) -> None:
        """Take every order of a symbol back."""
    def position(self, symbol: str) -> int:
        """Contracts held, below 0 short."""
    @property
    def orders(self) -> list[int]:
        """Numbers of the orders at work."""
    @property
    def equity(self) -> float:
        """Worth of the account now."""
    @property
    def now_us(self) -> int:
        """The instant of the newest event, microseconds UTC."""

@final
class SeenBar:
    """A finished bar as a strategy sees it. Prices are floats in points."""

    @property
    def symbol(self) -> str:
        """Its instrument."""
    @property
    def start_us(self) -> int:
        """Where it begins, microseconds UTC."""
    @property
    def end_us(self) -> int:
        """Where it ends: now."""
    @property
    def open(self) -> float:
        """First price."""
    @property
    def high(self) -> float:
        """Greatest price."""
    @property
    def low(self) -> float:
        """Least price."""
    @property
    def close(self) -> float:
        """Last price."""
    @property
    def volume(self) -> int | None:
        """Contracts traded."""

@final
class SeenQuote:
    """A quote as a strategy sees it. Prices are floats in points, None where there is none."""

    @property
    def symbol(self) -> str:
        """Its instrument."""
    @property
    def ts_us(self) -> int:
        """When it could be known, microseconds UTC."""
    @property
    def bid(self) -> float | None:
        """Best bid."""
    @property
    def ask(self) -> float | None:
        """Best ask."""
    @property
    def last(self) -> float | None:
        """Last trade."""
    @property
    def bid_size(self) -> int | None:
        """Contracts at the bid."""
    @property
    def ask_size(self) -> int | None:
        """Contracts at the ask."""
    @property
    def change(self) -> float | None:
        """Net change against the previous settlement."""
    @property
    def signal(self) -> int | None:
        """The live signal, from 2 for a strong buy to -2 for a strong sell."""

@final
class Column:
    """A column of the core's, doubles or directions: read by Arrow without a copy. It never changes."""

    def __len__(self) -> int: ...
    def __getitem__(self, key: int, /) -> float: ...
    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]: ...
    @property
    def nbytes(self) -> int:
        """Bytes in memory."""

@final
class BarSeries:
    """Bars of one instrument, prepared for many runs. Prices in nanos.

    Directions are signed bytes: 1 long, 0 flat, -1 short; each depends on its own bar and those before it.
    """

    def __new__(cls, *, open: Buffer, high: Buffer, low: Buffer, close: Buffer) -> BarSeries: ...  # noqa: A002
    def __len__(self) -> int: ...
    def mean_cross(self, fast: int, slow: int, *, short: bool = False) -> Column:
        """Long while the mean of the last `fast` closes is above that of the last `slow`."""
    def exponential_cross(self, fast: int, slow: int, *, short: bool = False) -> Column:
        """The same with exponential means, alpha = 2 / (n + 1)."""
    def breakout(self, length: int, *, short: bool = False) -> Column:
        """Long from a close above every high of the `length` bars before, out from one below every low."""
    def mean_reversion(self, length: int, *, enter: float, leave: float = 0.0, short: bool = False) -> Column:
        """Long from `enter` standard deviations below the mean of `length` closes until `leave` below it."""
    def trade(
        self,
        directions: Column | Buffer,
        *,
        cash: float,
        quantity: float = 1.0,
        multiplier: float = 1.0,
        fee: float = 0.0,
        fee_rate: float = 0.0,
        slippage: float = 0.0,
        slippage_rate: float = 0.0,
    ) -> tuple[Column, dict[str, memoryview[Any]]]:
        """Equity after each close and the fills: position, quantity, price, fee. Filled at the open after the close."""
    def sweep_mean_cross(
        self,
        pairs: Sequence[tuple[int, int]],
        *,
        cash: float,
        quantity: float = 1.0,
        multiplier: float = 1.0,
        fee: float = 0.0,
        fee_rate: float = 0.0,
        slippage: float = 0.0,
        slippage_rate: float = 0.0,
        period_ends: Sequence[int] | None = None,
        threads: int = 1,
    ) -> dict[str, memoryview[Any]]:
        """`mean_cross` and `trade` of each pair: equity, max_drawdown, fees, fills, trades, wins, periods.

        `periods` holds the equity at each of `period_ends`, pair after pair. Bit for bit what runs of their own give.
        Raises ValueError for windows that do not rise.
        """

def play_targets(
    events: BacktestQuotes | BacktestBars, contracts: Sequence[BacktestContract], rules: BacktestRules, targets: Buffer
) -> BacktestRun:
    """Plays contracts to hold after each event, -2^31 for as before, against the market.

    `targets` is a buffer of 32-bit integers, one an event. Raises ValueError for another length.
    """

def play_open_capture(
    quotes: BacktestQuotes,
    contracts: Sequence[BacktestContract],
    rules: BacktestRules,
    *,
    sizes: Sequence[int],
    targets: Sequence[Decimal | float],
    delay_us: int,
) -> BacktestRun:
    """Plays the capture at the open: some time after each opening trade the signal, with a target either way.

    A size (contracts, below 0 against the signal) and a target (points) a contract. The quotes must carry signals.
    """

def play_strategy(
    events: BacktestQuotes | BacktestBars,
    contracts: Sequence[BacktestContract],
    rules: BacktestRules,
    call: Callable[[Any, Broker], int | None],
    progress: Callable[[int], None] | None = None,
) -> BacktestRun:
    """Plays a strategy of Python's: `call(event, broker)` for each event, whose whole number is the position to hold.

    What the strategy raises comes out with the attribute `backtest_position`, the number of the event. TypeError for
    another answer than None or a whole number.
    """

def play_ladder(
    ticks: object,
    *,
    thresholds: Sequence[Thresholds | None],
    steps: Sequence[int],
    multipliers: Sequence[Decimal | float],
    fees: Sequence[Decimal | float],
    slippages: Sequence[Decimal | float],
    cash: Decimal | float,
    curve: bool = False,
) -> dict[str, Any]:
    """Plays the signal ladder on ticks of many instruments: the plain case, without latency, sizes and hours.

    `ticks` is an Arrow table of one chunk, read where it lies: id (32 bits, no sign), change, bid, ask and last (64
    bits, nanos); null is missing. Gives equity, fees, max_drawdown (money), fills, contracts, positions and with
    `curve` the equity after each tick in nanos. Raises ValueError for a multiplier that is no whole number.
    """

def sweep_bars(
    bars: BacktestBars,
    contract: BacktestContract,
    rules: BacktestRules,
    pairs: Sequence[tuple[int, int]],
    *,
    quantity: int = 1,
    period_ends: Sequence[int] | None = None,
    threads: int = 1,
) -> dict[str, memoryview[Any]] | None:
    """`play_targets` of `mean_cross` for each pair of windows, long or flat, bit for bit, for much less.

    Gives a value a pair: equity, max_drawdown (a share), fees, fills, trades, wins, and periods, the equity at each of
    the rising positions `period_ends`, pair after pair. None where a rule or the data asks for the whole engine. Raises
    ValueError for windows that do not rise from 1.
    """

def deepest_drawdown(equity: Column | Buffer, *, start: float) -> float:
    """The greatest loss of a curve from a peak, as a share of it; the first peak is `start`."""

def returns_of(equity: Column | Buffer, *, start: float) -> Column:
    """The simple return of each value against the one before it, the first against `start`."""

def return_figures(returns: Column | Buffer, *, threshold: float = 0.0, tail_share: float = 0.05) -> dict[str, Any]:
    """The sums and order statistics of a series of simple returns from which its figures are made.

    `returns` is a buffer of doubles. Raises ValueError where one is not finite.
    """

def co_moment(a: Buffer, b: Buffer) -> float:
    """The sum of products of two columns about their means."""

def bootstrap_paths(
    returns: Column | Buffer, *, steps: int, paths: int, block: int = 1, seed: int = 0, threads: int = 1
) -> tuple[memoryview[float], memoryview[float]]:
    """Terminal values and greatest losses of paths drawn from returns in blocks, path k by the seed and k alone.

    A path begins at 1; a loss is a share of the peak before it. Blocks are circular. Raises ValueError for no returns
    and for one of -1 or less.
    """

def overfitting_logits(
    returns: Column | Buffer, strategies: int, *, blocks: int = 16, threads: int = 1
) -> memoryview[float]:
    """How the best strategy in one half of the blocks ranks in the other, as a logit for each way to halve them.

    `returns` holds a row of `strategies` doubles a period. The share of logits up to 0 is the probability of
    backtest overfitting. Raises ValueError for fewer than two strategies, or blocks that are odd, above 20 or short.
    """

def distinct_intervals(batch: QuoteBatch, interval_us: int) -> list[int]:
    """The start of every interval with an event, rising, microseconds UTC; none for an interval that is not above 0.

    >>> from thor_fast import QuoteBatch, QuoteEvent, distinct_intervals
    >>> events = [QuoteEvent(symbol="ES", ts_us=ts_us, source="MOCK") for ts_us in (5, 12, -1)]
    >>> distinct_intervals(QuoteBatch.from_events(events), 10)
    [-10, 0, 10]
    """

def join_records(records: list[bytes] | Records, arrived_ms: Sequence[int], now_ms: int) -> bytes:
    """A JSON array of records, each with `age_ms` behind its last field: `now_ms` less its arrival, at least 0.

    A record is a JSON object with at least one field; what is none is left out. Raises `ValueError` when there are not
    as many times as records.

    >>> from thor_fast import join_records
    >>> join_records([b'{"a":1}', b'{"b":2}'], [5_000, 5_250], 5_250)
    b'[{"a":1,"age_ms":250},{"b":2,"age_ms":0}]'
    """

def check_quality(
    data: object,
    open_us: Sequence[tuple[int, int]],
    *,
    tick_nanos: int,
    gap_us: int,
    stale_us: int,
    outlier_factor: int,
) -> Quality:
    """Ten checks over one symbol's rows of a day, which must be in order of ts.

    `data` has the columns of `Ticks` but for symbol, cond and extra, in one chunk. `open_us` are the half-open spans in
    which the market is open, rising, microseconds UTC. A `tick_nanos` of 0 leaves off_tick out. Raises `ValueError` for
    other columns or several chunks.
    """

def bars_in_order(data: object, symbol: str, interval_us: int) -> WeightedBars:
    """Bars of one symbol's rows, which must be in order, with their volume-weighted average.

    `data` has the columns ts, last and last_size of `Ticks`, in one chunk. The bars are those of `QuoteBatch.bars`.
    Raises `ValueError` for other columns, several chunks, or an interval that is not above 0.
    """
