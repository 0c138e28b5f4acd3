"""The value under `meta` is taken exactly when a conforming parser takes it, but for the contract's limits."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.property.fast.reference import Refused, read
from tests.property.fast.rfc8259_cases import EITHER_WAY, NOT_JSON, RIGHT
from tests.property.fast.test_reference import read_by_core

BEFORE = (
    b'{"v":1,"symbol":"ES","ts":"2023-12-25T23:00:00Z","source":"TOS","last":1.5,"bid":null,"ask":-2,'
    b'"lastSize":1,"bidSize":null,"askSize":0,"meta":'
)
Place = Callable[[bytes], bytes]
PLACES: dict[str, Place] = {
    "meta itself": lambda document: BEFORE + document + b"}",
    "a member of meta": lambda document: BEFORE + b'{"run":1,"x":' + document + b',"y":2}}',
    "an element in meta": lambda document: BEFORE + b'{"x":[0,' + document + b"]}}",
    "an unknown key": lambda document: BEFORE + b'null,"more":' + document + b"}",
    "the whole input": lambda document: document,
}
CONTRACT_LIMITS = {"too_large", "out_of_range"}
"""Codes by which a right document is refused all the same: size, levels, U+0000 and numbers no column can hold."""


def refuse(constant: str) -> None:
    raise ValueError(constant)


def is_json(data: bytes) -> bool:
    """Python's json without its liberties: UTF-8 only, no byte-order mark, no NaN, no lone surrogates."""
    try:
        # As pairs: of two members with one key a dict would forget the first, and with it a lone surrogate in it.
        value = json.loads(data.decode(), parse_int=str, parse_float=str, parse_constant=refuse, object_pairs_hook=list)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


def is_json_to_orjson(data: bytes) -> bool:
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return True


def code(answer: dict[str, Any] | Refused) -> str | None:
    return answer.code if isinstance(answer, Refused) else None


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_what_every_parser_must_take_is_json(place: Place) -> None:
    for document in RIGHT:
        assert is_json(document)
        answer = read_by_core(place(document))
        assert code(answer) != "bad_json", document
        assert answer == read(place(document)), document


def test_right_documents_are_good_meta() -> None:
    for document in RIGHT:
        answer = read_by_core(PLACES["a member of meta"](document))
        if isinstance(answer, Refused):
            assert answer.code in CONTRACT_LIMITS, document
            assert b"\\u0000" in document, document
        else:
            assert orjson.loads(answer["meta"])["x"] == orjson.loads(document)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_what_every_parser_must_refuse_is_refused(place: Place) -> None:
    for document in NOT_JSON:
        assert not is_json(document)
        answer = read_by_core(place(document))
        # Nested too deep is found before the end that is missing.
        assert code(answer) in ({"bad_json", "too_large"} if len(document) > 1_000 else {"bad_json"}), document


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_where_parsers_may_differ_the_reference_decides(place: Place) -> None:
    for document in EITHER_WAY:
        assert read_by_core(place(document)) == read(place(document)), document
    assert code(read_by_core(place(b"[" * 500 + b"]" * 500))) == "too_large"


SPACE = st.sampled_from(["", "", "", " ", "\n", "\t\r", "  "])
PLAIN = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\')
ESCAPES = st.sampled_from(
    ['\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u00e9", "\\uD83D\\uDe00", "\\u0041"]
)
STRINGS = st.lists(PLAIN | ESCAPES, max_size=6).map(lambda parts: f'"{"".join(parts)}"')
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
LEAVES = STRINGS | NUMBERS | st.sampled_from(["null", "true", "false", "{}", "[]", "{ }", "[\n]"])


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    elements = draw(st.lists(st.tuples(SPACE, inner, SPACE).map("".join), min_size=1, max_size=3))
    return f"[{','.join(elements)}]"


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    colons = st.tuples(SPACE, st.just(":"), SPACE).map("".join)
    members = draw(st.lists(st.tuples(SPACE, STRINGS, colons, inner, SPACE).map("".join), min_size=1, max_size=3))
    return f"{{{','.join(members)}}}"


DOCUMENTS = st.recursive(LEAVES, lambda inner: arrays(inner) | objects(inner), max_leaves=12)
PIECES = st.sampled_from(
    [
        b"", b"", b'"', b"\\", b",", b":", b"[", b"]", b"{", b"}", b"0", b"-", b"+", b".", b"e", b"E1", b"\x00",
        b"\x1f", b"\x7f", b"\\u", b"\\ud800", b"\\udc00", b"\\x", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\x0b", b"\xc2\xa0", b"NaN", b"nul", b"tru", b"/*x*/", b"'", b" ",
        b"\n", b"\r", b"\xe2\x80\xa8", b"0x1", b"Infinity",
    ]
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A right document of which a few bytes are lost or replaced."""
    data = draw(DOCUMENTS).encode()
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(PIECES) + data[at + draw(st.integers(0, 2)) :]
    return data


@settings(max_examples=120, deadline=None)
@given(objects(DOCUMENTS))
def test_every_right_object_is_good_meta(document: str) -> None:
    answer = read_by_core(PLACES["meta itself"](document.encode()))
    assert isinstance(answer, dict), answer
    assert answer["meta"] == document.replace("\n", " ").replace("\r", " ")


@settings(max_examples=300, deadline=None)
@given(damaged() | objects(DOCUMENTS).map(str.encode), st.sampled_from(sorted(PLACES)))
@example(b'{"":"\\ud83d","":""}', "a member of meta")
def test_three_parsers_agree_on_what_is_json(document: bytes, place: str) -> None:
    data = PLACES[place](document)
    right = is_json(data)
    assert is_json_to_orjson(data) == right
    answer = read_by_core(data)
    assert (code(answer) != "bad_json") == right
    assert answer == read(data)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 70), st.sampled_from(["[]", '{"":}']), st.sampled_from(sorted(PLACES)))
def test_levels_are_limited_alike(levels: int, kind: str, place: str) -> None:
    document = (kind[:-1] * levels + "0" + kind[-1] * levels).encode()
    data = PLACES[place](document)
    assert read_by_core(data) == read(data)
