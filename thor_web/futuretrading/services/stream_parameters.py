"""What a request for quotes may ask for, read from its query string. Whatever is absurd is a Problem with a code."""

import math
import re
import time
from collections.abc import Container, Mapping
from typing import Final

from collectors.bus import parse_id
from thor_web.livedata.interface import Position
from thor_web.problems import Problem

__all__ = [
    "INTERVALS",
    "LEAST_HZ",
    "LEAST_S",
    "MOST_HZ",
    "MOST_S",
    "flag",
    "intervals",
    "position",
    "rate",
    "seconds",
    "symbols",
]

SYMBOL: Final = re.compile(r"[A-Z0-9$][A-Z0-9.$_/-]{0,31}")
MOST_SYMBOLS: Final = 500
MOST_HZ: Final = 60.0
LEAST_HZ: Final = 0.01
LEAST_S: Final = 0.05
MOST_S: Final = 86_400.0
FUTURE_TOLERANCE_MS: Final = 60_000
"""A stream id further ahead than this was never given out: no clock is that wrong."""
INTERVALS: Final = ("1s", "1m", "5m", "1h", "1d")
"""As the core numbers them."""
FLAGS: Final = {"1": True, "true": True, "on": True, "yes": True, "": False, "0": False, "false": False, "off": False,
                "no": False}  # fmt: skip


def flag(values: Mapping[str, str], name: str) -> bool:
    """A switch, off when it is not there."""
    value = FLAGS.get(values.get(name, "").lower())
    if value is None:
        raise Problem(400, "bad_parameter", f"{name}: 1 or 0, was {values[name][:40]!r}.")
    return value


def intervals(values: Mapping[str, str], name: str) -> tuple[int, ...]:
    """The numbers of the intervals that are named, shortest first."""
    named = {text for text in values.get(name, "").split(",") if text}
    unknown = sorted(named - {*INTERVALS})
    if unknown:
        raise Problem(400, "bad_parameter", f"{name}: intervals are {', '.join(INTERVALS)}, was {unknown[0][:40]!r}.")
    return tuple(place for place, interval in enumerate(INTERVALS) if interval in named)


def rate(values: Mapping[str, str], name: str) -> float | None:
    """A number of messages a second, None when it is not there."""
    return _number(values, name, LEAST_HZ, MOST_HZ)


def seconds(values: Mapping[str, str], name: str) -> float | None:
    """A number of seconds, None when it is not there."""
    return _number(values, name, LEAST_S, MOST_S)


def _number(values: Mapping[str, str], name: str, least: float, most: float) -> float | None:
    text = values.get(name)
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not least <= number <= most:
        raise Problem(400, "bad_parameter", f"{name}: a number from {least:g} to {most:g}, was {text[:40]!r}.")
    return number


def symbols(values: Mapping[str, str], *known: Container[str]) -> frozenset[str] | None:
    """The symbols that were named, None for all of them. Raises Problem for one that nobody knows."""
    names = [name for name in values.get("symbols", "").split(",") if name]
    if not names:
        return None
    if len(names) > MOST_SYMBOLS:
        raise Problem(400, "too_many_symbols", f"At most {MOST_SYMBOLS} symbols can be asked for at once.")
    for name in names:
        if not SYMBOL.fullmatch(name):
            raise Problem(400, "bad_symbol", f"{name[:40]!r} is not a symbol.")
        if not any(name in there for there in known):
            raise Problem(400, "unknown_symbol", f"There is no symbol {name!r}.")
    return frozenset(names)


def position(last_event_id: str) -> Position | None:
    """The position a client wants to resume behind. Raises Problem for what is no id, or one from the future."""
    if not last_event_id:
        return None
    try:
        found = parse_id(last_event_id)
    except ValueError:
        raise Problem(400, "bad_event_id", f"{last_event_id[:64]!r} is not an event id.") from None
    if found[0] > time.time_ns() // 1_000_000 + FUTURE_TOLERANCE_MS:
        raise Problem(400, "bad_event_id", f"{last_event_id!r} lies in the future.")
    return found
