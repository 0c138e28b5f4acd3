"""What decides a signal, as one frozen value with a version: instruments, stat values, weights, composite bounds.

It comes from the database, from Redis as JSON, or from the file that ships with Thor (version 0), and is the same
value everywhere. Reading it from the database is configuration_store.py's.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Self

import orjson

from collectors.instruments import Display, Instrument, Instruments
from thor_fast import CompositeBounds, InstrumentRules, SignalLadder

__all__ = [
    "SHIPPED_BOUNDS",
    "SIGNALS",
    "Bounds",
    "Configuration",
    "ConfigurationError",
    "InstrumentConfiguration",
    "check_stat_values",
    "check_weight",
    "unit_in_points",
]

SIGNALS: Final = ("STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL")
UNITS: Final = MappingProxyType({"points": Decimal(1), "1/32": Decimal(1) / 32, "0.01": Decimal("0.01")})


class ConfigurationError(ValueError):
    """A value that no signal can be computed with. `field` names it as the admin, the API and the seed file do."""

    def __init__(self, field_name: str, message: str) -> None:
        super().__init__(message)
        self.field = field_name


@dataclass(frozen=True, slots=True)
class Bounds:
    """Boundaries of the composite's class, and the share of live symbols that a strong one needs."""

    strong_buy: Decimal
    buy: Decimal
    sell: Decimal
    strong_sell: Decimal
    min_live_share: Decimal

    def check(self) -> None:
        """Raise ConfigurationError unless they fall."""
        names = ("strong_buy", "buy", "sell", "strong_sell")
        values = [getattr(self, name) for name in names]
        for name, upper, lower in zip(names[1:], values, values[1:], strict=False):
            if lower >= upper:
                raise ConfigurationError(name, f"the bounds must fall: {name} must be below {upper:f}, was {lower:f}")
        if not 0 <= self.min_live_share <= 1:
            raise ConfigurationError("min_live_share", f"a share is between 0 and 1, was {self.min_live_share:f}")


SHIPPED_BOUNDS: Final = Bounds(Decimal(9), Decimal(3), Decimal(-3), Decimal(-9), Decimal("0.75"))


@dataclass(frozen=True, slots=True)
class InstrumentConfiguration:
    """One instrument. `stat_values` by signal in `unit`; without them, or without a weight, it has no signal."""

    symbol: str
    name: str
    category: str | None
    asset_class: str
    exchange: str
    market: str
    tick: Decimal
    tick_value: Decimal
    multiplier: Decimal
    display: Display
    preferred_source: str
    order: int
    unit: str
    inverse: bool
    watchlist: bool
    target: Decimal | None = None
    stat_values: Mapping[str, Decimal] = field(default_factory=dict)
    weight: Decimal | None = None

    @classmethod
    def shipped(cls, row: Instrument) -> Self:
        """The instrument as the registry's file describes it."""
        values = row.stat_values
        return cls(
            symbol=row.symbol,
            name=row.name,
            category=row.category,
            asset_class=row.asset_class,
            exchange=row.exchange,
            market=row.market,
            tick=row.tick,
            tick_value=row.tick_value,
            multiplier=row.multiplier,
            display=row.display,
            preferred_source=row.preferred,
            order=row.order,
            unit="points" if values is None else values.unit,
            inverse=values is not None and values.inverse,
            watchlist=True,
            target=row.target,
            stat_values={} if values is None else mirrored(values.buy, values.strong_buy),
            weight=None if values is None else values.weight,
        )

    @property
    def has_signal(self) -> bool:
        """Whether everything is there that a signal needs."""
        return self.weight is not None and self.stat_values.keys() >= {*SIGNALS} - {"HOLD"}

    def check(self) -> None:
        """Raise ConfigurationError for a set of values that no signal can be computed with."""
        unit_in_points(self.unit, self.tick)
        if self.weight is not None:
            check_weight(self.weight, inverse=self.inverse)
        check_stat_values(self.stat_values)

    def ladder(self) -> SignalLadder | None:
        """The core's form of the stat values."""
        if self.weight is None or not self.has_signal:
            return None
        return SignalLadder(
            strong_buy=self.stat_values["STRONG_BUY"],
            buy=self.stat_values["BUY"],
            hold=self.stat_values.get("HOLD", Decimal(0)),
            sell=self.stat_values["SELL"],
            strong_sell=self.stat_values["STRONG_SELL"],
            unit=unit_in_points(self.unit, self.tick),
            weight=self.weight,
            inverse=self.inverse,
        )

    def rules(self) -> InstrumentRules:
        """The core's form of the instrument."""
        return InstrumentRules(
            self.symbol,
            market=self.market,
            display=self.display,
            tick=self.tick,
            tick_value=self.tick_value,
            multiplier=self.multiplier,
            target=self.target,
            ladder=self.ladder(),
        )


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that decides a signal. Instruments in display order."""

    version: int
    instruments: tuple[InstrumentConfiguration, ...]
    bounds: Bounds = SHIPPED_BOUNDS

    @classmethod
    def shipped(cls, instruments: Instruments) -> Self:
        """What the registry's file says, for a process that has nothing better."""
        return cls(0, tuple(InstrumentConfiguration.shipped(row) for row in instruments))

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """What `to_json` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        document = orjson.loads(text)
        bounds = Bounds(**{name: Decimal(value) for name, value in document["bounds"].items()})
        return cls(document["version"], tuple(_instrument(row) for row in document["instruments"]), bounds)

    def to_json(self) -> bytes:
        """One JSON document; decimals are texts, so that they keep their digits."""
        return orjson.dumps(self, default=_plain)

    def core(self) -> tuple[int, list[InstrumentRules], CompositeBounds]:
        """The arguments of `Enricher.configure`."""
        bounds = CompositeBounds(
            strong_buy=self.bounds.strong_buy,
            buy=self.bounds.buy,
            sell=self.bounds.sell,
            strong_sell=self.bounds.strong_sell,
            min_live_share=self.bounds.min_live_share,
        )
        return self.version, [instrument.rules() for instrument in self.instruments], bounds


def mirrored(buy: Decimal, strong_buy: Decimal) -> Mapping[str, Decimal]:
    """Stat values of all five signals from those of the buy side."""
    return dict(zip(SIGNALS, (strong_buy, buy, Decimal(0), -buy, -strong_buy), strict=True))


def unit_in_points(unit: str, tick: Decimal) -> Decimal:
    """What one of the stat values is worth. Raises ConfigurationError for an unknown unit."""
    if unit == "ticks":
        return tick
    if unit not in UNITS:
        raise ConfigurationError("unit", f"a unit is points, ticks, 1/32 or 0.01, was {unit!r}")
    return UNITS[unit]


def check_weight(weight: Decimal, *, inverse: bool) -> None:
    """Raise ConfigurationError for a weight below 0 of an instrument that is not inverse."""
    if not weight.is_finite():
        raise ConfigurationError("weight", "a weight is a finite number")
    if weight < 0 and not inverse:
        raise ConfigurationError("weight", f"only an inverse instrument has a weight below 0, was {weight:f}")


def check_stat_values(values: Mapping[str, Decimal]) -> None:
    """Raise ConfigurationError unless the values that are there fall from strong buy to strong sell.

    Hold may be equal to buy or sell, as its value decides nothing.
    """
    there = [(signal, values[signal]) for signal in SIGNALS if signal in values and signal != "HOLD"]
    for (upper, above), (lower, value) in itertools.pairwise(there):
        if value >= above:
            raise ConfigurationError(f"stat_values.{lower}", f"{lower} must be below {upper}, {above:f}, was {value:f}")
    hold = values.get("HOLD")
    if hold is not None and not values.get("SELL", hold) <= hold <= values.get("BUY", hold):
        raise ConfigurationError("stat_values.HOLD", f"HOLD must lie between SELL and BUY, was {hold:f}")


def _instrument(row: Mapping[str, Any]) -> InstrumentConfiguration:
    decimals = {name: Decimal(row[name]) for name in ("tick", "tick_value", "multiplier")}
    optional = {name: None if row[name] is None else Decimal(row[name]) for name in ("target", "weight")}
    values = {signal: Decimal(value) for signal, value in row["stat_values"].items()}
    return InstrumentConfiguration(**{**row, **decimals, **optional, "stat_values": values})


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def in_order(instruments: Iterable[InstrumentConfiguration]) -> tuple[InstrumentConfiguration, ...]:
    """Display order, the same for equal places whatever order they came in."""
    return tuple(sorted(instruments, key=lambda instrument: (instrument.order, instrument.symbol)))
