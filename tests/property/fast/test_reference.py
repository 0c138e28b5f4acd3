"""The core against the slow reference, on events that are right, nearly right and wrong."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.fast.reference import Refused, read
from thor_fast import EventError, QuoteBatch, QuoteEvent, parse_batch, parse_event

DIGITS = st.text("0123456789", min_size=1, max_size=25)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """JSON numbers of every shape, and a few texts that are nearly numbers."""
    whole = draw(st.one_of(st.integers(0, 10**12).map(str), DIGITS.map(lambda digits: digits.lstrip("0") or "0")))
    fraction = draw(st.one_of(st.just(""), DIGITS.map(lambda digits: "." + digits)))
    exponent = draw(st.one_of(st.just(""), st.integers(-330, 330).map(lambda power: f"e{power}"), st.just("E+2")))
    return draw(st.sampled_from(["", "", "", "-", "+", "0"])) + whole + fraction + exponent


@st.composite
def timestamps(draw: st.DrawFn) -> str:
    at = draw(st.datetimes()).isoformat(timespec=draw(st.sampled_from(["seconds", "milliseconds", "microseconds"])))
    at = draw(st.sampled_from([at, at, at, at[:11] + "23:59:60", at + "123", at.replace("T", " ")]))
    zone = draw(st.sampled_from(["Z", "Z", "z", "+00:00", "-06:00", "+0930", "+14", "-23:59", "+24:00", "+01:", ""]))
    return json.dumps(at + zone)


def texts() -> st.SearchStrategy[str]:
    plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=70)
    return st.builds(json.dumps, plain, ensure_ascii=st.booleans())


JUNK = st.sampled_from(
    ["null", "true", "[]", "{}", '""', '"\\ud800"', '"\\u0000"', "NaN", "nul", "[1,{}]", "1", '"x"', ""]
)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
METAS = st.builds(
    lambda value, indent, text: json.dumps(value, indent=indent) if text is None else text,
    st.dictionaries(st.sampled_from(["run", "delayed", "stale", "precision", "é"]), JSON_VALUES, max_size=4),
    st.sampled_from([None, None, 1]),
    st.sampled_from(
        [
            None,
            None,
            None,
            '{"a":1e309}',
            '{"a":[-' + "1" * 300 + "]}",
            '{"a":"\\u0000"}',
            '{"a":' + "[" * 16 + "]" * 16 + "}",
            "{,}",
        ]
    ),
)
VALUES = {
    "v": st.sampled_from(["1", "1", "1.0", "2", '"1"']),
    "symbol": st.sampled_from(['"ES"', '"BRK.B"', '"$SPX"', '"es"', '"\\u0045S"', f'"{"A" * 33}"']),
    "ts": timestamps() | numbers(),
    "source": st.sampled_from(['"TOS"', '"MOCK"', '"SCHWAB"', '"NOBODY"']),
    **dict.fromkeys(("last", "bid", "ask"), numbers() | st.just("null")),
    **dict.fromkeys(
        ("lastSize", "bidSize", "askSize"), st.sampled_from(["null", "0", "2.0", "2.5", "-1", "2147483648", "5"])
    ),
    "seq": st.sampled_from(["null", "7", "9223372036854775807", "9223372036854775808", "1e2"]),
    "condition": texts() | st.just("null"),
    "venue": texts() | st.just("null"),
    "meta": METAS,
}
GOOD = {
    "symbol": '"ES"', "ts": "1703541600180", "source": '"TOS"', "last": "1.5", "bid": "null", "ask": "-2",
    "lastSize": "1", "bidSize": "null", "askSize": "0",
}  # fmt: skip


@st.composite
def inputs(draw: st.DrawFn) -> bytes:
    """A right event with a few of its values drawn anew, sometimes with keys lost, doubled, added, or bytes damaged."""
    members = dict(GOOD)
    for key in draw(st.lists(st.sampled_from(sorted(VALUES)), max_size=4)):
        members[key] = draw(VALUES[key] if draw(st.integers(0, 9)) else JUNK)
    pairs = draw(st.permutations(list(members.items())))
    fate = draw(st.sampled_from(["as it is"] * 6 + ["lose", "double", "add", "damage"]))
    if fate == "lose":
        pairs = pairs[1:]
    elif fate == "double":
        pairs = [*pairs, pairs[0]]
    elif fate == "add":
        pairs = [*pairs, ("more", draw(JSON_VALUES.map(json.dumps)))]
    comma, colon = draw(st.sampled_from([(",", ":"), (" ,\n", " : "), (",\t", ":\r\n")]))
    data = ("{" + comma.join(f'"{key}"{colon}{value}' for key, value in pairs) + "}").encode()
    if fate == "damage":
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=2)) + data[at + draw(st.integers(0, 2)) :]
    return data


def values_of(event: QuoteEvent) -> dict[str, Any]:
    return {
        "symbol": event.symbol, "ts": event.ts_us, "source": event.source, "last": event.last, "bid": event.bid,
        "ask": event.ask, "lastSize": event.last_size, "bidSize": event.bid_size, "askSize": event.ask_size,
        "seq": event.seq, "condition": event.condition, "venue": event.venue, "meta": event.meta,
    }  # fmt: skip


def read_by_core(data: bytes) -> dict[str, Any] | Refused:
    """What a call of its own gives, which a batch must give too."""
    alone: dict[str, Any] | Refused
    try:
        alone = values_of(parse_event(data))
    except EventError as error:
        alone = Refused(error.code, error.field)
    batch, rejects = parse_batch([data])
    found = [Refused(reject.code, reject.field) for reject in rejects] + [values_of(event) for event in batch]
    assert found == [alone], data
    return alone


@settings(max_examples=800, deadline=None)
@given(inputs())
def test_the_core_reads_as_the_reference_does(data: bytes) -> None:
    wanted = read(data)
    if isinstance(wanted, dict):
        wanted.pop("v", None)
    assert read_by_core(data) == wanted


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_alike(data: bytes) -> None:
    assert read_by_core(data) == read(data)


@settings(max_examples=200, deadline=None)
@given(st.lists(inputs(), max_size=8))
def test_a_batch_is_its_events(data: list[bytes]) -> None:
    batch, rejects = parse_batch(data)
    refused = {reject.position: Refused(reject.code, reject.field) for reject in rejects}
    alone = [read_by_core(one) for one in data]
    assert refused == {position: one for position, one in enumerate(alone) if isinstance(one, Refused)}
    assert [values_of(event) for event in batch] == [one for one in alone if not isinstance(one, Refused)]
    for line, event in zip(batch.to_json(), batch, strict=True):
        assert b"\n" not in line
        assert parse_event(line) == event


KEYED = st.builds(
    lambda symbol, ts_us, seq, last: QuoteEvent(symbol=symbol, ts_us=ts_us, source="MOCK", seq=seq, last=last),
    st.sampled_from(["ES", "ZB"]),
    st.integers(0, 1),
    st.sampled_from([None, 0, 1]),
    st.integers(-(10**6), 10**6).map(Decimal),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(KEYED, max_size=12))
def test_the_last_of_each_key_stands(events: list[QuoteEvent]) -> None:
    last: dict[tuple[str, int, int | None], QuoteEvent] = {}
    for event in events:
        key = (event.symbol, event.ts_us, event.seq)
        last.pop(key, None)
        last[key] = event
    batch = QuoteBatch.from_events(events)
    assert list(batch.last_per_key()) == list(last.values())
    newest = {event.symbol: position for position, event in enumerate(events)}
    assert batch.newest_per_symbol() == sorted(newest.values())
