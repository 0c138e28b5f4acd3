"""The event of the contract a second time, slowly, with json, Decimal and datetime: the core is held against it."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import Any, Final, NamedTuple

__all__ = ["Refused", "read"]

EXACT: Final = Context(prec=5_000)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_US: Final = -62_135_596_800_000_000
LAST_US: Final = 253_402_300_799_999_999
ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):?(\d\d)?(?<!:))", re.ASCII
)
REQUIRED: Final = ("symbol", "ts", "source", "last", "bid", "ask", "lastSize", "bidSize", "askSize")
SOURCES: Final = ("TOS", "SCHWAB", "MOCK")


class Refused(NamedTuple):
    """What is wrong with an input."""

    code: str
    field: str | None


class _Number(str):
    """A number as it was written."""

    __slots__ = ()


class _WrongError(Exception):
    def __init__(self, code: str) -> None:
        self.code = code


def read(data: bytes) -> dict[str, Any] | Refused:
    """The values under their contract names (ts in microseconds, prices Decimal, meta as text), or the fault."""
    if len(data) > 65_536:
        return Refused("too_large", None)
    try:
        text = data.decode()
        value = _decoder().decode(text)
    except ValueError:
        return Refused("bad_json", None)
    if _has_lone_surrogate(value):
        return Refused("bad_json", None)
    if _levels(value) > 64:
        return Refused("too_large", None)
    if not isinstance(value, list) or not isinstance(value, _Members):
        return Refused("bad_type", None)
    return _event(value, _raw_members(text))


class _Members(list[tuple[str, Any]]):
    """An object's members in order, repeats kept."""


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_Members, parse_int=_Number, parse_float=_Number, parse_constant=_refuse_constant
    )


def _raw_members(text: str) -> dict[str, str]:
    """The source text of every member's value."""
    decoder, blank = _decoder(), re.compile(r"[ \t\r\n]*")

    def after_blank(at: int) -> int:
        found = blank.match(text, at)
        return at if found is None else found.end()

    raw: dict[str, str] = {}
    at = after_blank(after_blank(0) + 1)
    while text[at] != "}":
        key, end = decoder.raw_decode(text, at)
        start = after_blank(after_blank(end) + 1)
        _, end = decoder.raw_decode(text, start)
        raw[key] = text[start:end]
        at = after_blank(end)
        if text[at] == ",":
            at = after_blank(at + 1)
    return raw


def _strings(value: Any) -> list[str]:
    if isinstance(value, _Number):
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, _Members):
        return [text for key, inner in value for text in [key, *_strings(inner)]]
    if isinstance(value, list):
        return [text for inner in value for text in _strings(inner)]
    return []


def _numbers(value: Any) -> list[_Number]:
    if isinstance(value, _Number):
        return [value]
    if isinstance(value, _Members):
        return [number for _, inner in value for number in _numbers(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in _numbers(inner)]
    return []


def _levels(value: Any) -> int:
    if isinstance(value, _Members):
        return 1 + max((_levels(inner) for _, inner in value), default=0)
    if isinstance(value, list):
        return 1 + max(map(_levels, value), default=0)
    return 0


def _has_lone_surrogate(value: Any) -> bool:
    return any("\ud800" <= character <= "\udfff" for text in _strings(value) for character in text)


def _event(members: _Members, raw: dict[str, str]) -> dict[str, Any] | Refused:
    seen: set[str] = set()
    for key, _ in members:
        if key in seen:
            return Refused("duplicate_field", key[:64])
        seen.add(key)
    given = dict(members)
    if "v" in given and _whole(given["v"]) != 1:
        return Refused("unsupported_version", "v")
    event: dict[str, Any] = {"seq": None, "condition": None, "venue": None, "meta": None}
    for key, value in members:
        if key in READERS:
            try:
                event[key] = READERS[key](value, raw[key])
            except _WrongError as wrong:
                return Refused(wrong.code, key)
    for key in REQUIRED:
        if key not in given:
            return Refused("missing_field", key)
    return event


def _whole(value: Any) -> int | None:
    """The integer that a number is, or None."""
    if not isinstance(value, _Number):
        return None
    number = Decimal(value)
    if number.adjusted() > 30 and number != 0:
        return 10**30
    return int(number) if number == number.to_integral_value(context=EXACT) else None


def _scaled(value: _Number, places: int, rounding: str) -> int:
    number = Decimal(value)
    if number != 0 and number.adjusted() > 30:
        raise _WrongError("out_of_range")
    if number.adjusted() < -400:
        number = Decimal("1e-400").copy_sign(number) if number else Decimal(0)
    return int(number.scaleb(places, EXACT).to_integral_value(rounding, EXACT))


def _symbol(value: Any, _raw: str) -> str:
    return _matching(value, r"[A-Z0-9$][A-Z0-9.$_/-]{0,31}", "bad_symbol")


def _source(value: Any, _raw: str) -> str:
    return _matching(value, "|".join(SOURCES), "unknown_source")


def _matching(value: Any, pattern: str, code: str) -> str:
    if not isinstance(value, str) or isinstance(value, _Number):
        raise _WrongError("bad_type")
    if not re.fullmatch(pattern, value):
        raise _WrongError(code)
    return value


def _ts(value: Any, _raw: str) -> int:
    if isinstance(value, _Number):
        try:
            us = _scaled(value, 3, ROUND_FLOOR)
        except _WrongError:
            raise _WrongError("bad_timestamp") from None
    elif isinstance(value, str):
        us = _iso(value)
    else:
        raise _WrongError("bad_type")
    if not FIRST_US <= us <= LAST_US:
        raise _WrongError("bad_timestamp")
    return us


def _iso(text: str) -> int:
    found = ISO.fullmatch(text)
    if found is None:
        raise _WrongError("bad_timestamp")
    *clock, fraction, sign, hours, minutes = found.groups()
    year, month, day, hour, minute, second = map(int, clock)
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        # Far from the ends of the calendar first, so that the offset cannot leave it.
        moved = datetime(2000 + year % 400, month, day, hour, minute, min(second, 59), tzinfo=zone)
    except ValueError:
        raise _WrongError("bad_timestamp") from None
    if int(minutes or 0) > 59 or second > 60 or year == 0:
        raise _WrongError("bad_timestamp")
    at = moved + timedelta(seconds=second == 60)
    if second == 60 and at.astimezone(UTC).strftime("%m-%d %H:%M:%S") not in {"01-01 00:00:00", "07-01 00:00:00"}:
        raise _WrongError("bad_timestamp")
    eras = (year - (2000 + year % 400)) // 400
    whole = (at - EPOCH) // timedelta(microseconds=1) + eras * 146_097 * 86_400_000_000
    return whole + int((fraction or "").ljust(6, "0")[:6])


def _price(value: Any, _raw: str) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, _Number):
        raise _WrongError("bad_type")
    nanos = _scaled(value, 9, ROUND_HALF_EVEN)
    if abs(nanos) > 2**63 - 1:
        raise _WrongError("out_of_range")
    return Decimal(nanos).scaleb(-9)


def _integer(value: Any, largest: int) -> int | None:
    if value is None:
        return None
    whole = _whole(value)
    if whole is None:
        raise _WrongError("bad_type")
    if not 0 <= whole <= largest:
        raise _WrongError("out_of_range")
    return whole


def _size(value: Any, _raw: str) -> int | None:
    return _integer(value, 2**31 - 1)


def _seq(value: Any, _raw: str) -> int | None:
    return _integer(value, 2**63 - 1)


def _text(value: Any, _raw: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or isinstance(value, _Number):
        raise _WrongError("bad_type")
    if "\0" in value or len(value) > 64:
        raise _WrongError("out_of_range")
    return value


def _meta(value: Any, raw: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, _Members):
        raise _WrongError("bad_type")
    if len(raw.encode()) > 4_096 or _levels(value) > 16:
        raise _WrongError("too_large")
    if any("\0" in text for text in _strings(value)) or any(map(_is_wild, _numbers(value))):
        raise _WrongError("out_of_range")
    return raw.replace("\n", " ").replace("\r", " ")


def _is_wild(number: _Number) -> bool:
    _, *exponent = re.split("[eE]", number)
    return len(number) > 300 or any(abs(int(power)) > 308 for power in exponent)


READERS: Final = {
    "symbol": _symbol,
    "ts": _ts,
    "source": _source,
    **dict.fromkeys(("last", "bid", "ask"), _price),
    **dict.fromkeys(("lastSize", "bidSize", "askSize"), _size),
    "seq": _seq,
    "condition": _text,
    "venue": _text,
    "meta": _meta,
}
