"""The bytes of `/api/session`. What does not change from one second to the next is ready; only the time is put in.

A market's ready bytes hold until its state changes by the calendar, or something else changed the clock.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from thor_web.timezones.interface import traded_markets
from thor_web.timezones.parameters import instant_of, market_named, markets_named
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.instants import iso_text, seconds
from thor_web.timezones.services.state import state_of

__all__ = ["SessionAnswer", "SessionAnswers"]

LISTS: Final = frozenset({"all", "traded"})


@dataclass(frozen=True, slots=True)
class SessionAnswer:
    """The body, and the entity tag of what it says apart from the time."""

    body: bytes
    tag: bytes


@dataclass(frozen=True, slots=True)
class _Ready:
    """A state without its two times, good for one version of the clock until a second of UTC."""

    version: int
    since: int
    until: int
    zone: ZoneInfo
    before_now: bytes
    before_local: bytes
    rest: bytes
    digest: bytes

    def at(self, now: bytes, local: bytes) -> bytes:
        return b"%b%b%b%b%b" % (self.before_now, now, self.before_local, local, self.rest)


class SessionAnswers:
    """Answers for one clock. `now` is the time that it tells where none is asked for."""

    def __init__(
        self, clock: Clock, default_market: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._clock = clock
        self._default_market = default_market
        self._now = now
        self._ready: dict[str, _Ready] = {}

    def answer(self, values: Mapping[str, str]) -> SessionAnswer:
        """The answer to `market`, `markets` and `at`. Raises Problem."""
        at = instant_of(values["at"]) if values.get("at") else None
        if values.get("markets"):
            return self._several(markets_named(values["markets"]), at)
        market = values.get("market", "")
        if market.lower() in LISTS:
            return self._several(self._clock.names if market.lower() == "all" else traded_markets(), at)
        return self._one(market_named(market or self._default_market), at)

    def _one(self, name: str, at: datetime | None) -> SessionAnswer:
        if at is not None:
            return _tagged(orjson.dumps(state_of(self._clock, name, at).to_json()))
        now = self._now()
        ready = self._ready_at(name, now)
        return SessionAnswer(ready.at(_text(now, UTC), _text(now, ready.zone)), b'W/"%b"' % ready.digest)

    def _several(self, names: Iterable[str], at: datetime | None) -> SessionAnswer:
        if at is not None:
            return _tagged(orjson.dumps([state_of(self._clock, name, at).to_json() for name in names]))
        now = self._now()
        found = [self._ready_at(name, now) for name in names]
        utc = _text(now, UTC)
        local = {zone: _text(now, zone) for zone in {ready.zone for ready in found}}
        body = b"[%b]" % b",".join([ready.at(utc, local[ready.zone]) for ready in found])
        return SessionAnswer(body, _tag(b"".join([ready.digest for ready in found])))

    def _ready_at(self, name: str, now: datetime) -> _Ready:
        second, ready = seconds(now), self._ready.get(name)
        # A machine's clock may be set back.
        if ready is None or ready.version != self._clock.version or not ready.since <= second < ready.until:
            ready = self._ready[name] = self._prepared(name, now)
        return ready

    def _prepared(self, name: str, now: datetime) -> _Ready:
        version, market, second = self._clock.version, self._clock.market(name), seconds(now)
        reading, _ = market.reading(second)
        fields = state_of(self._clock, name, now).to_json()
        names = list(fields)
        first, second_time = names.index("now"), names.index("local_time")
        before = _dumped(fields, names[:first])
        between, rest = _dumped(fields, names[first + 1 : second_time]), _dumped(fields, names[second_time + 1 :])
        return _Ready(
            version=version,
            since=second,
            # With halts about, nobody knows how long the state stays.
            until=second + 1 if market.halts else reading.valid_until,
            zone=market.calendar.zone,
            before_now=b'{%b,"now":"' % before,
            before_local=b'",%b,"local_time":"' % between,
            rest=b'",%b}' % rest,
            digest=_digest(before + between + rest),
        )


def _dumped(fields: Mapping[str, Any], names: Iterable[str]) -> bytes:
    """Some fields as they stand within an object."""
    return orjson.dumps({name: fields[name] for name in names})[1:-1]


def _text(now: datetime, zone: tzinfo) -> bytes:
    return iso_text(now.astimezone(zone)).encode()


def _tagged(body: bytes) -> SessionAnswer:
    return SessionAnswer(body, _tag(body))


def _tag(said: bytes) -> bytes:
    return b'W/"%b"' % _digest(said)


def _digest(said: bytes) -> bytes:
    return blake2b(said, digest_size=8).hexdigest().encode()
