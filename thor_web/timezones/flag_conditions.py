"""The conditions that Thor adds to django-flags: what a market does, a span of time, a share of callers, a deployment.

Each takes the stored text and whatever the caller named (`user`, `key`, `at`, `request`). A condition that cannot be
decided does not hold.
"""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from flags import conditions

from thor_web.timezones.interface import UnknownMarketError, market_of, world_clock
from thor_web.timezones.services.flag_snapshot import flag_snapshot
from thor_web.timezones.services.instants import seconds
from thor_web.timezones.services.phases import PHASES

__all__ = ["CONDITIONS", "register_conditions"]


def market_phase(value: str, *, at: datetime | None = None, **_: Any) -> bool:
    """`NYSE: regular, post`: the market is in one of the phases, halts and overrides counted."""
    market, phases = _phases(value)
    reading, _halt = world_clock().market(market).reading(seconds(at or datetime.now(UTC)))
    return reading.phase in phases


def time_window(value: str, *, at: datetime | None = None, **_: Any) -> bool:
    """`2026-11-24T12:00:00Z / 2026-11-24T14:00:00Z`: from the one instant to before the other."""
    start, end = _window(value)
    return start <= (at or datetime.now(UTC)) < end


def percentage(value: str, *, key: str = "", user: Any = None, flag: str = "", **_: Any) -> bool:
    """`25`: a quarter of the callers, always the same ones, told apart by `key` or the user's name."""
    who = key or (user.get_username() if user is not None else "")
    if not who:
        return False
    digest = hashlib.blake2b(f"{flag}:{who}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64 * 100 < _share(value)


def named_user(value: str, *, user: Any = None, **_: Any) -> bool:
    """`ann, bob`: the user is one of them."""
    return user is not None and user.get_username() in {name.strip() for name in value.split(",")}


def deployment(value: str, **_: Any) -> bool:
    """`new-chart`: the deployment window of the feature has it on."""
    return value.strip() in flag_snapshot().live_features


def maintenance(value: str, *, at: datetime | None = None, **_: Any) -> bool:
    """`on` or `off`: maintenance is on now, or is not."""
    now = at or datetime.now(UTC)
    is_on = any(window.is_on(now) for window in flag_snapshot().maintenance)
    return is_on == (value.strip().lower() == "on")


def _phases(value: str) -> tuple[str, frozenset[str]]:
    market, colon, words = value.partition(":")
    phases = frozenset(word.strip() for word in words.split(",") if word.strip())
    if not colon or not phases or phases - set(PHASES):
        raise ValidationError(f"written as `NYSE: regular, post`; phases are {', '.join(PHASES)}")
    try:
        return market_of(market), phases
    except UnknownMarketError as error:
        raise ValidationError(str(error)) from error


def _window(value: str) -> tuple[datetime, datetime]:
    try:
        start, end = (datetime.fromisoformat(word.strip()) for word in value.split("/"))
        if start.tzinfo is None or end.tzinfo is None or end <= start:
            raise ValueError
    except ValueError as error:
        raise ValidationError("written as `2026-11-24T12:00:00Z / 2026-11-24T14:00:00Z`, the earlier first") from error
    return start, end


def _share(value: str) -> float:
    try:
        share = float(value)
    except ValueError as error:
        raise ValidationError("a number from 0 to 100") from error
    if not 0 <= share <= 100:
        raise ValidationError("a number from 0 to 100")
    return share


def _switch(value: str) -> None:
    if value.strip().lower() not in {"on", "off"}:
        raise ValidationError("`on` or `off`")


def _names(value: str) -> None:
    if not value.strip():
        raise ValidationError("at least one name")


CONDITIONS: dict[str, tuple[Callable[..., bool], Callable[[str], object]]] = {
    "market phase": (market_phase, _phases),
    "time window": (time_window, _window),
    "percentage": (percentage, _share),
    "named user": (named_user, _names),
    "deployment": (deployment, _names),
    "maintenance": (maintenance, _switch),
}


def register_conditions() -> None:
    """Make them known to django-flags: once a process."""
    for name, (check, validate) in CONDITIONS.items():
        conditions.register(name, fn=check, validator=validate)
