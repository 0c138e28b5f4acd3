"""The configuration in the database: read whole in one question, so that all parts of it are of one version.

Works on any psycopg or Django cursor, for `thor signals` runs without Django.
"""

import json
from decimal import Decimal
from typing import Any, Final

import psycopg

from collectors.instruments import load_instruments
from thor_web.futuretrading.services.configuration import (
    SHIPPED_BOUNDS,
    Bounds,
    Configuration,
    ConfigurationError,
    InstrumentConfiguration,
    in_order,
)

__all__ = ["SNAPSHOT_SQL", "VERSION_SQL", "configuration_of", "faulty_instruments", "stored_configuration"]

VERSION_SQL: Final = "SELECT version FROM futuretrading_configurationversion"
"""The version alone."""

SNAPSHOT_SQL: Final = """
SELECT json_build_object(
    'version', (SELECT version FROM futuretrading_configurationversion),
    'bounds', (SELECT json_build_object('strong_buy', strong_buy::text, 'buy', buy::text, 'sell', sell::text,
                                        'strong_sell', strong_sell::text, 'min_live_share', min_live_share::text)
               FROM futuretrading_hbsthresholds WHERE is_active),
    'instruments', (SELECT json_agg(json_build_object(
        'symbol', i.symbol, 'name', i.name, 'category', c.name, 'asset_class', i.asset_class,
        'exchange', i.exchange, 'market', i.market, 'tick', i.tick::text, 'tick_value', i.tick_value::text,
        'multiplier', i.multiplier::text, 'precision', i.precision, 'fraction', i.fraction,
        'preferred_source', i.preferred_source, 'order', i."order", 'unit', i.unit, 'inverse', i.inverse,
        'watchlist', i.watchlist, 'target', i.target::text, 'weight', w.weight::text,
        'stat_values', (SELECT coalesce(json_object_agg(s.signal, s.value::text), '{}')
                        FROM futuretrading_signalstatvalue s WHERE s.instrument_id = i.id)))
        FROM futuretrading_tradinginstrument i
        LEFT JOIN futuretrading_instrumentcategory c ON c.id = i.category_id
        LEFT JOIN futuretrading_contractweight w ON w.instrument_id = i.id
        WHERE i.active))
"""
"""One row with one JSON document: `configuration_of` reads it."""


def configuration_of(document: str | dict[str, Any]) -> Configuration | None:
    """The configuration of a snapshot, None where no instrument has been seeded yet."""
    read: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    if not read["instruments"]:
        return None
    bounds = read["bounds"]
    return Configuration(
        version=read["version"],
        instruments=in_order(_instrument(row) for row in read["instruments"]),
        bounds=SHIPPED_BOUNDS if bounds is None else Bounds(**{name: _decimal(text) for name, text in bounds.items()}),
    )


def stored_configuration(connection: psycopg.Connection) -> Configuration:
    """The configuration in force; what ships with Thor where none has been seeded yet."""
    row = connection.execute(SNAPSHOT_SQL).fetchone()
    stored = configuration_of(row[0]) if row else None
    return Configuration.shipped(load_instruments()) if stored is None else stored


def faulty_instruments(document: str | dict[str, Any]) -> dict[str, str]:
    """Instruments whose stat values were made impossible past every check, and what is wrong with each."""
    read: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return {row["symbol"]: fault for row in read["instruments"] or () if (fault := _fault(_described(row)))}


def _instrument(row: dict[str, Any]) -> InstrumentConfiguration:
    described = _described(row)
    if _fault(described) is None:
        return described
    # Nobody can be shown a signal that contradicts itself: none is shown, and the admin and the log say why.
    return _described(row | {"stat_values": {}})


def _described(row: dict[str, Any]) -> InstrumentConfiguration:
    return InstrumentConfiguration(
        symbol=row["symbol"],
        name=row["name"],
        category=row["category"],
        asset_class=row["asset_class"],
        exchange=row["exchange"],
        market=row["market"],
        tick=_decimal(row["tick"]),
        tick_value=_decimal(row["tick_value"]),
        multiplier=_decimal(row["multiplier"]),
        display="32nds" if row["fraction"] == "32nds" else row["precision"],
        preferred_source=row["preferred_source"],
        order=row["order"],
        unit=row["unit"],
        inverse=row["inverse"],
        watchlist=row["watchlist"],
        target=None if row["target"] is None else _decimal(row["target"]),
        stat_values={signal: _decimal(text) for signal, text in row["stat_values"].items()},
        weight=None if row["weight"] is None else _decimal(row["weight"]),
    )


def _fault(instrument: InstrumentConfiguration) -> str | None:
    try:
        instrument.check()
    except ConfigurationError as error:
        return f"{error.field}: {error}"
    return None


def _decimal(text: str) -> Decimal:
    """The number without the zeros that the column's scale puts behind it."""
    value = Decimal(text).normalize()
    return value if value.as_tuple().exponent <= 0 else value.quantize(Decimal(1))  # type: ignore[operator]
