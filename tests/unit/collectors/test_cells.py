"""Every value that a quote sheet's cell was seen to hold."""

from datetime import datetime
from decimal import Decimal

import pytest

from thor_fast import read_cell

NOTHING = [
    None,
    "",
    "  ",
    "N/A",
    "n/a",
    "!N/A",
    "#N/A",
    "#NAME?",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NUM!",
    "#NULL!",
    "#GETTING_DATA",
    "loading",
    "Loading...",
    "--",
    float("nan"),
    float("inf"),
]
COM_ERRORS = [
    -2146826246,
    -2146826259,
    -2146826265,
    -2146826273,
    -2146826281,
    -2146826288,
    -2146826252,
    -2146826246.0,
]


@pytest.mark.parametrize("value", NOTHING)
def test_words_and_errors_are_nothing_yet(value: object) -> None:
    assert read_cell(value, "price") is None
    assert read_cell(value, "percent") is None
    assert read_cell(value, "count") is None


@pytest.mark.parametrize("value", COM_ERRORS)
def test_a_com_error_number_is_never_a_price(value: float) -> None:
    assert read_cell(value, "price") is None
    assert read_cell(value, "count") is None


@pytest.mark.parametrize(
    ("value", "price"),
    [
        (46669, "46669"),
        (46669.0, "46669"),
        (51.274999999999999, "51.275"),
        (0.1 + 0.2, "0.3"),
        (-37.63, "-37.63"),
        (0, "0"),
        ("51.275", "51.275"),
        ("6,708.25", "6708.25"),
        ("1,234,567", "1234567"),
        ("118'27", "118.84375"),
        ("118\N{RIGHT SINGLE QUOTATION MARK}27", "118.84375"),
        ("112'155", "112.484375"),
        ("117'317", "117.9921875"),
        ("+0'14", "0.4375"),
        ("-0'09", "-0.28125"),
        ("-0'06", "-0.1875"),
        ("0'00", "0"),
        (Decimal("99.741"), "99.741"),
        (-0.401, "-0.401"),
    ],
)
def test_a_price_is_read_exactly(value: object, price: str) -> None:
    assert read_cell(value, "price") == Decimal(price)


@pytest.mark.parametrize("value", ["118'32", "118'40", "abc", "1.2.3", "12%", True, datetime(2025, 11, 26), 1e30])  # noqa: DTZ001
def test_what_is_no_price_is_an_error_not_a_number(value: object) -> None:
    with pytest.raises(ValueError, match=" is "):
        read_cell(value, "price")


@pytest.mark.parametrize(
    ("value", "percent"), [("0.42%", "0.42"), ("+1.5 %", "1.5"), ("-0.30%", "-0.3"), (0.42, "0.42"), ("7", "7")]
)
def test_percent_text_is_read(value: object, percent: str) -> None:
    assert read_cell(value, "percent") == Decimal(percent)


def test_a_word_is_no_percentage() -> None:
    with pytest.raises(ValueError, match=" is "):
        read_cell("up%", "percent")


@pytest.mark.parametrize(
    ("value", "count"), [(17, 17), (17.0, 17), ("17", 17), ("47,202", 47202), (0, 0), (2**31 - 1, 2**31 - 1)]
)
def test_a_size_is_a_whole_number(value: object, count: int) -> None:
    assert read_cell(value, "count") == count


@pytest.mark.parametrize("value", [2.5, -1, "many", 2**31, True])
def test_what_is_no_size_is_an_error(value: object) -> None:
    with pytest.raises(ValueError, match=" is "):
        read_cell(value, "count")
