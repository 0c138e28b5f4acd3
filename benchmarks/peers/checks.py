"""The contract's rules by hand over a decoded object, for parsers that only decode."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

__all__ = ["SYMBOL", "checked"]

SYMBOL: Final = r"[A-Z0-9$][A-Z0-9.$_/-]{0,31}"
_is_symbol: Final = re.compile(SYMBOL).fullmatch
_SOURCES: Final = frozenset({"TOS", "SCHWAB", "MOCK"})


def _price(value: Any) -> float | None:
    if value is None or type(value) is float or type(value) is int:
        return value
    raise ValueError("a price is a number")


def _size(value: Any) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= 2_147_483_647):
        return value
    raise ValueError("a size is a whole number")


def _text(value: Any) -> str | None:
    if value is None or (type(value) is str and len(value) <= 64):
        return value
    raise ValueError("a text has at most 64 characters")


def checked(event: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values in the order of the contract, `ts` as a datetime. Raises KeyError, TypeError or ValueError."""
    symbol, source, ts = event["symbol"], event["source"], datetime.fromisoformat(event["ts"])
    if not _is_symbol(symbol) or source not in _SOURCES or ts.tzinfo is None or event.get("v", 1) != 1:
        raise ValueError("the symbol, the source, the time or the version is wrong")
    seq, meta = event.get("seq"), event.get("meta")
    if seq is not None and (type(seq) is not int or seq < 0):
        raise ValueError("seq is a whole number")
    if meta is not None and type(meta) is not dict:
        raise ValueError("meta is an object")
    return (
        symbol, ts, source, _price(event["last"]), _price(event["bid"]), _price(event["ask"]),
        _size(event["lastSize"]), _size(event["bidSize"]), _size(event["askSize"]),
        seq, _text(event.get("condition")), _text(event.get("venue")), meta,
    )  # fmt: skip
