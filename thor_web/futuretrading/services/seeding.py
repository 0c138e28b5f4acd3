"""Rows of the instrument tables from the registry's file, again and again without harm.

Each row remembers what the file said last (`seeded`). A value that still is what was seeded follows the file; one that
somebody has edited stays, unless it is to be overwritten.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeVar

from django.db import models, transaction

from collectors.instruments import Instrument, Instruments
from thor_web.futuretrading.models import (
    ContractWeight,
    HbsThresholds,
    InstrumentCategory,
    SignalStatValue,
    TradingInstrument,
)
from thor_web.futuretrading.services.configuration import SHIPPED_BOUNDS, InstrumentConfiguration

__all__ = ["Seeded", "UnknownInstrumentError", "seed"]

SHIPPED_NAME: Final = "default"

Row = TypeVar("Row", TradingInstrument, SignalStatValue, ContractWeight)


class UnknownInstrumentError(LookupError):
    """The file names an instrument that is not in the database, and none may be created."""

    def __init__(self, symbol: str) -> None:
        super().__init__(f"there is no instrument {symbol}; --create-instruments adds it")


@dataclass(slots=True)
class Seeded:
    """What seeding did, as lines such as `ES weight`."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@transaction.atomic
def seed(instruments: Instruments, *, create_instruments: bool, overwrite: bool) -> Seeded:
    """Bring the tables to what the file says. Raises UnknownInstrumentError, ConfigurationError."""
    seeded = Seeded()
    for row in instruments:
        _seed_instrument(row, seeded, create=create_instruments, overwrite=overwrite)
    if not HbsThresholds.objects.exists():
        HbsThresholds.objects.create(name=SHIPPED_NAME, is_active=True, **_fields(SHIPPED_BOUNDS))
        seeded.created.append(f"composite thresholds {SHIPPED_NAME}")
    return seeded


def _seed_instrument(row: Instrument, seeded: Seeded, *, create: bool, overwrite: bool) -> None:
    shipped = InstrumentConfiguration.shipped(row)
    shipped.check()
    instrument = TradingInstrument.objects.filter(symbol=row.symbol).first()
    if instrument is None and not create:
        raise UnknownInstrumentError(row.symbol)
    category = None
    if row.category is not None:
        category, _ = InstrumentCategory.objects.get_or_create(name=row.category, defaults={"order": row.order})
    values = {
        "name": row.name,
        "category": category,
        "asset_class": row.asset_class,
        "exchange": row.exchange,
        "market": row.market,
        "tick": row.tick,
        "tick_value": row.tick_value,
        "multiplier": row.multiplier,
        "precision": row.precision,
        "fraction": "32nds" if row.display == "32nds" else "",
        "unit": shipped.unit,
        "inverse": shipped.inverse,
        "target": row.target,
        "preferred_source": row.preferred,
        "order": row.order,
    }
    instrument = _bring(
        instrument or TradingInstrument(symbol=row.symbol), values, row.symbol, seeded, overwrite=overwrite
    )
    for signal, value in shipped.stat_values.items():
        known = SignalStatValue.objects.filter(instrument=instrument, signal=signal).first()
        stat_value = known or SignalStatValue(instrument=instrument, signal=signal)
        _bring(stat_value, {"value": value}, f"{row.symbol} {signal}", seeded, overwrite=overwrite)
    if shipped.weight is not None:
        weight = ContractWeight.objects.filter(instrument=instrument).first() or ContractWeight(instrument=instrument)
        _bring(weight, {"weight": shipped.weight}, f"{row.symbol} weight", seeded, overwrite=overwrite)


def _bring(row: Row, values: Mapping[str, Any], label: str, seeded: Seeded, *, overwrite: bool) -> Row:
    """Set what nobody has edited to what the file says."""
    new = row.pk is None
    before: dict[str, str] = dict(row.seeded)
    for name, value in values.items():
        now = getattr(row, name)
        edited = not new and _text(now) != before.get(name)
        if _text(now) == _text(value):
            pass
        elif edited and not overwrite:
            seeded.kept.append(f"{label} {name}")
        else:
            setattr(row, name, value)
            if not new:
                seeded.updated.append(f"{label} {name}")
    row.seeded = {name: _text(value) for name, value in values.items()}
    if new:
        seeded.created.append(label)
    if new or row.seeded != before or overwrite:
        row.full_clean()
        row.save()
    return row


def _text(value: object) -> str:
    """A value as it is compared: the same number is the same text, however many zeros it has."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value.pk) if isinstance(value, models.Model) else str(value)


def _fields(bounds: object) -> dict[str, Decimal]:
    names = ("strong_buy", "buy", "sell", "strong_sell", "min_live_share")
    return {name: getattr(bounds, name) for name in names}
