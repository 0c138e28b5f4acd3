"""What one cell of a quote sheet means: a number, nothing yet, or something that cannot be read.

A cell may hold a number, a number as text (118'27, +0'14, 1,234, 0.42%), an Excel error as text or as the integer
that COM returns, or words for "not yet". None of the latter is ever a price.
"""

import math
import re
from decimal import Decimal, InvalidOperation
from typing import Final

import thor_fast

__all__ = ["CellError", "read_count", "read_percent", "read_price"]

EXACT: Final = Decimal("1e-9")
"""Finest price step there is; a spreadsheet's binary noise beyond it (0.30000000000000004) is rounded away."""
LARGEST_SIZE: Final = 2**31 - 1
LARGEST_NUMBER: Final = Decimal(10) ** 9

_NOTHING_YET: Final = frozenset({"", "n/a", "!n/a", "na", "-", "--", "\N{EM DASH}", "null", "none", "nan"})
# COM gives an error cell as its number in the HRESULT range of Excel's errors 2000 to 2100: -2146826246 is #N/A.
_COM_ERRORS: Final = range(-2_146_826_288, -2_146_826_187)
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


class CellError(ValueError):
    """The cell holds something that is neither a number nor a known way to say nothing."""


def read_price(value: object) -> Decimal | None:
    """A price or a price change in points, None for nothing yet. Zero is returned as zero: its row decides about it."""
    if isinstance(value, str):
        text = _text(value)
        if text is None:
            return None
        try:
            return thor_fast.parse_price(text)
        except ValueError as error:
            raise CellError(f"{value!r} is not a price") from error
    return _number(value)


def read_percent(value: object) -> Decimal | None:
    """A percentage, `+0.42%` or 0.42."""
    if not isinstance(value, str):
        return _number(value)
    text = _text(value.replace("%", ""))
    if text is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise CellError(f"{value!r} is not a percentage") from error
    return _finite(number)


def read_count(value: object, *, largest: int = LARGEST_SIZE) -> int | None:
    """A size or a volume: a whole number from 0 up."""
    if isinstance(value, str):
        text = _text(value)
        if text is None:
            return None
        try:
            number: Decimal | None = Decimal(text)
        except InvalidOperation as error:
            raise CellError(f"{value!r} is not a count") from error
    else:
        number = _number(value)
    if number is None or not number.is_finite():
        return None
    if number != number.to_integral_value() or not 0 <= number <= largest:
        raise CellError(f"{value!r} is not a whole number from 0 to {largest}")
    return int(number)


def _text(value: str) -> str | None:
    """The text that may hold a number, without thousands separators. None for words that mean nothing yet."""
    text = value.replace("\N{NO-BREAK SPACE}", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").strip()
    lowered = text.lower()
    if lowered in _NOTHING_YET or lowered.startswith(("#", "loading")):
        return None
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


def _number(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise CellError(f"{value!r} is not a number")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value in _COM_ERRORS:
        return None
    # The shortest text of a float is the decimal that was typed: 51.274999999999999 is 51.275.
    return _finite(Decimal(str(value)))


def _finite(number: Decimal) -> Decimal | None:
    if not number.is_finite():
        return None
    if abs(number) >= LARGEST_NUMBER * 1_000:
        raise CellError(f"{number} is too large")
    return number.quantize(EXACT).normalize() if -_exponent(number) > 9 else number


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
