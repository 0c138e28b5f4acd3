"""What is doubtful about the configuration: thresholds that contradict themselves, are not whole, or never fire.

A threshold in the wrong unit contradicts nothing; it shows itself only by what the market did. So the trade dates that
were recorded are held against it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import F, Window
from django.db.models.functions import Lag

from thor_web.futuretrading.models import MarketData
from thor_web.futuretrading.services.configuration import (
    SIGNALS,
    Configuration,
    InstrumentConfiguration,
    unit_in_points,
)
from thor_web.futuretrading.services.configuration_store import SNAPSHOT_SQL, configuration_of, faulty_instruments

__all__ = ["DATES_NEEDED", "Finding", "configuration_findings"]

DATES_NEEDED: Final = 5
"""Trade dates after which a signal that was never anything but HOLD is doubtful."""
DATES_LOOKED_AT: Final = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt, with a stable code and a sentence that says what was found."""

    code: str
    symbol: str
    message: str


@dataclass(frozen=True, slots=True)
class _Reach:
    """How far a symbol's change went on its recorded trade dates, in points."""

    dates: int
    highest: Decimal
    lowest: Decimal


def configuration_findings(*, mock: bool = False) -> list[Finding]:
    """Every doubt, in display order, by the real trade dates or by those of the made-up market."""
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT_SQL)
        row = cursor.fetchone()
    configuration = None if row is None else configuration_of(row[0])
    if row is None or configuration is None:
        return []
    faults = faulty_instruments(row[0])
    reaches = _reaches(mock=mock)
    return [
        finding
        for instrument in configuration.instruments
        for finding in _of(instrument, configuration, faults, reaches)
    ]


def _of(
    instrument: InstrumentConfiguration,
    configuration: Configuration,
    faults: dict[str, str],
    reaches: dict[str, _Reach],
) -> Iterator[Finding]:
    symbol = instrument.symbol
    if symbol in faults:
        yield Finding("faulty_thresholds", symbol, f"{symbol} has no signal: {faults[symbol]}.")
        return
    missing = [signal for signal in SIGNALS if signal != "HOLD" and signal not in instrument.stat_values]
    if missing and (instrument.stat_values or instrument.weight is not None):
        yield Finding("incomplete_thresholds", symbol, f"{symbol} has no signal: {', '.join(missing)} has no value.")
    elif not missing and instrument.weight is None:
        yield Finding("incomplete_thresholds", symbol, f"{symbol} has no signal: it has no weight.")
    reach = reaches.get(symbol)
    if instrument.has_signal and reach is not None and reach.dates >= DATES_NEEDED:
        points = unit_in_points(instrument.unit, instrument.tick)
        buy, sell = instrument.stat_values["BUY"] * points, instrument.stat_values["SELL"] * points
        if reach.highest <= buy and reach.lowest >= sell:
            yield Finding(
                "thresholds_never_fire",
                symbol,
                f"{symbol} was HOLD on all of its last {reach.dates} trade dates: its change went from "
                f"{_text(reach.lowest)} to {_text(reach.highest)} points, a signal needs one below {_text(sell)} or "
                f"above {_text(buy)}. Is {instrument.unit} the right unit?",
            )


def _reaches(*, mock: bool) -> dict[str, _Reach]:
    """From each trade date's close to the next one's high and low, as long as the contract month was the same."""
    before = Window(Lag("close"), partition_by=[F("symbol"), F("contract")], order_by=F("trade_date").asc())
    dates = (
        MarketData.objects.filter(mock=mock, close__isnull=False)
        .annotate(settled=before)
        .order_by("symbol", "-trade_date")
        .values_list("symbol", "settled", "high", "low")
    )
    spans: dict[str, list[tuple[Decimal, Decimal]]] = {}
    for symbol, settled, high, low in dates.iterator():
        seen = spans.setdefault(symbol, [])
        if settled is not None and high is not None and low is not None and len(seen) < DATES_LOOKED_AT:
            seen.append((high - settled, low - settled))
    return {
        symbol: _Reach(len(seen), max(high for high, _ in seen), min(low for _, low in seen))
        for symbol, seen in spans.items()
        if seen
    }


def _text(value: Decimal) -> str:
    return f"{value.normalize():f}"
