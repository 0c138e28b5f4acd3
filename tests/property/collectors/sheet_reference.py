"""A quote sheet's row a second time, slowly, cell by cell with Decimal: the core is held against it.

The text of a price alone is read by the core here too; its own properties are in tests/property/fast.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Final

from thor_fast import parse_price

__all__ = ["parsed", "read_reference"]

NEAR_ZERO_TICKS: Final = 100
LARGEST_VOLUME: Final = 2**53
QUOTE_PRICES: Final = ("last", "bid", "ask")
QUOTE_SIZES: Final = ("lastSize", "bidSize", "askSize")
DAY_PRICES: Final = ("open", "high", "low", "close", "high52", "low52")
LARGEST_SIZE: Final = 2**31 - 1
LARGEST_PRICE: Final = Decimal("9223372036.854775807")
COM_ERRORS: Final = range(-2_146_826_288, -2_146_826_187)
WHITE_SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
"""Unicode's own list; Python's strip also takes the separators U+001C to U+001F."""
NOTHING_YET: Final = frozenset({"", "n/a", "!n/a", "na", "-", "--", "\N{EM DASH}", "null", "none", "nan"})
THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)
NUMBER: Final = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)

Cells = Mapping[str, object]


class _CellError(ValueError):
    """No number and no known way to say nothing."""


def read_reference(
    cells: Cells, *, source: str, precision: int, tick: Decimal, stale: bool
) -> tuple[dict[str, Any] | None, set[str]]:
    """The event's members as Python values, None for no price yet, and the codes of what was found."""
    row = _Row(cells)
    members = row.read(source, precision, tick, stale=stale)
    return members, row.codes


class _Row:
    def __init__(self, cells: Cells) -> None:
        self.codes: set[str] = set()
        self._cells = cells

    def read(self, source: str, precision: int, tick: Decimal, *, stale: bool) -> dict[str, Any] | None:
        volume = self._day("volume")
        prices, spoilt = self._read_all(QUOTE_PRICES, _price)
        day = {field: self._day(field) for field in DAY_PRICES}
        if not _zero_is_a_price(prices, volume, tick):
            prices = {field: price or None for field, price in prices.items()}
            day = {field: price or None for field, price in day.items()}
        if not spoilt and all(price is None for price in prices.values()):
            # Whether the sizes can be read is not asked of a row without a price.
            self.codes.add("no_values")
            return None
        sizes, spoilt_sizes = self._read_all(QUOTE_SIZES, lambda value: _count(value, LARGEST_SIZE))
        for size, price in zip(QUOTE_SIZES, QUOTE_PRICES, strict=True):
            sizes[size] = None if prices[price] is None else sizes[size]
        return {
            "source": source,
            **prices,
            **sizes,
            **spoilt,
            **spoilt_sizes,
            "meta": self._meta(prices, day, volume, precision, stale=stale),
        }

    def _read_all(self, fields: Sequence[str], read: Any) -> tuple[dict[str, Any], dict[str, str]]:
        values: dict[str, Any] = dict.fromkeys(fields)
        spoilt: dict[str, str] = {}
        for field in fields:
            try:
                values[field] = read(self._cells.get(field))
            except _CellError:
                spoilt[field] = str(self._cells.get(field))
                self.codes.add("unreadable")
        return values, spoilt

    def _day(self, field: str) -> Any:
        value = self._cells.get(field)
        try:
            if field == "volume":
                return _count(value, LARGEST_VOLUME)
            return _percent(value) if field == "changePercent" else _price(value)
        except _CellError:
            self.codes.add("unreadable")
            return None

    def _meta(
        self, prices: dict[str, Any], day: dict[str, Any], volume: int | None, precision: int, *, stale: bool
    ) -> dict[str, Any]:
        flags = list(_book_flags(prices))
        change = self._day("netChange")
        last, close = prices["last"], day["close"]
        if change == 0 and last is None:
            change = None
        if change is None and last is not None and close is not None:
            change = last - close
            change = change if abs(change) <= LARGEST_PRICE else None
            flags.append("net_change_computed")
        found = {
            "precision": precision,
            "stale": stale or None,
            "volume": volume,
            "netChange": change,
            "changePercent": self._day("changePercent"),
            **day,
            "flags": flags or None,
        }
        return {field: value for field, value in found.items() if value is not None}


def _zero_is_a_price(prices: Mapping[str, Decimal | None], volume: int | None, tick: Decimal) -> bool:
    known = [price for price in prices.values() if price is not None]
    return bool(volume) and any(known) and all(price <= NEAR_ZERO_TICKS * tick for price in known)


def _book_flags(prices: Mapping[str, Decimal | None]) -> Iterator[str]:
    last, bid, ask = (prices[field] for field in QUOTE_PRICES)
    if bid is None or ask is None:
        return
    if bid > ask:
        yield "crossed"
    elif bid == ask:
        yield "locked"
    elif last is not None and not bid <= last <= ask:
        yield "last_outside"


def _price(value: object) -> Decimal | None:
    if not isinstance(value, str):
        return _number(value)
    text = _text(value)
    if text is None:
        return None
    try:
        return parse_price(text)
    except ValueError as error:
        raise _CellError(value) from error


def _percent(value: object) -> Decimal | None:
    if not isinstance(value, str):
        return _number(value)
    text = _text(value.replace("%", ""))
    return None if text is None else _decimal(text.removeprefix("+"), value)


def _count(value: object, largest: int) -> int | None:
    if isinstance(value, str):
        text = _text(value)
        if text is None:
            return None
        if not NUMBER.fullmatch(text.removeprefix("+")):
            raise _CellError(value)
        number = Decimal(text)
    else:
        exact = _shortest(value)
        if exact is None or exact in COM_ERRORS:
            return None
        number = exact
    if number != number.to_integral_value() or not 0 <= number <= largest:
        raise _CellError(value)
    return int(number)


def _text(value: str) -> str | None:
    text = value.replace("\N{NO-BREAK SPACE}", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").strip(WHITE_SPACE)
    lowered = text.lower()
    if lowered in NOTHING_YET or lowered.startswith(("#", "loading")):
        return None
    return text.replace(",", "") if THOUSANDS.fullmatch(text) else text


def _shortest(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _CellError(value)
    if not math.isfinite(value):
        return None
    return Decimal(str(value))


def _number(value: object) -> Decimal | None:
    number = _shortest(value)
    if number is None or number in COM_ERRORS:
        return None
    return _fitting(number, value)


def _decimal(text: str, value: object) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise _CellError(value)
    try:
        return _fitting(Decimal(text), value)
    except InvalidOperation as error:
        raise _CellError(value) from error


def _fitting(number: Decimal, value: object) -> Decimal:
    if abs(number) > LARGEST_PRICE + 1:
        raise _CellError(value)
    rounded = number.quantize(Decimal("1e-9"), rounding=ROUND_HALF_EVEN)
    if abs(rounded) > LARGEST_PRICE:
        raise _CellError(value)
    return rounded


def parsed(members: bytes) -> dict[str, Any]:
    """The core's members as Python values, numbers exact."""
    found: dict[str, Any] = json.loads(b"{%b}" % members, parse_float=Decimal, parse_int=Decimal)
    return found
