"""The configuration: impossible values are refused with the field named, and the JSON comes back as it was."""

from dataclasses import replace
from decimal import Decimal

import pytest

from collectors.instruments import load_instruments
from thor_web.futuretrading.services.configuration import (
    SHIPPED_BOUNDS,
    Configuration,
    ConfigurationError,
    InstrumentConfiguration,
)
from thor_web.futuretrading.services.intervals import mean_interval, wilson
from thor_web.futuretrading.services.phases import phase_of

SHIPPED = Configuration.shipped(load_instruments())
ES = next(row for row in SHIPPED.instruments if row.symbol == "ES")
D = Decimal


def test_the_json_comes_back() -> None:
    assert Configuration.from_json(SHIPPED.to_json()) == SHIPPED


@pytest.mark.parametrize(
    ("instrument", "field"),
    [
        (replace(ES, unit="furlongs"), "unit"),
        (replace(ES, weight=D(-1)), "weight"),
        (replace(ES, stat_values={**ES.stat_values, "BUY": D(6)}), "stat_values.BUY"),
        (replace(ES, stat_values={**ES.stat_values, "STRONG_SELL": D(-1)}), "stat_values.STRONG_SELL"),
        (replace(ES, stat_values={**ES.stat_values, "HOLD": D(2)}), "stat_values.HOLD"),
    ],
)
def test_what_makes_no_sense_names_its_field(instrument: InstrumentConfiguration, field: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        instrument.check()
    assert raised.value.field == field


def test_bounds_fall_and_a_share_is_a_share() -> None:
    for changed, field in (({"buy": D(9)}, "buy"), ({"min_live_share": D("1.1")}, "min_live_share")):
        with pytest.raises(ConfigurationError) as raised:
            replace(SHIPPED_BOUNDS, **changed).check()
        assert raised.value.field == field


@pytest.mark.parametrize(
    ("unit", "points"), [("points", D(1)), ("ticks", D("0.25")), ("1/32", D("0.03125")), ("0.01", D("0.01"))]
)
def test_units_turn_values_into_points(unit: str, points: Decimal) -> None:
    ladder = replace(ES, unit=unit).ladder()
    assert ladder is not None
    smallest = D("0.000000001")
    assert ladder.classify(6 * points)[0] == "BUY"
    assert ladder.classify(6 * points + smallest)[0] == "STRONG_BUY"


def test_a_weight_below_0_of_an_inverse_instrument_counts_as_much() -> None:
    ladder = replace(ES, weight=D("-1.5"), inverse=True).ladder()
    assert ladder is not None
    assert ladder.classify(D(7)) == ("STRONG_BUY", D(6), D("1.5"), -2)


def test_intervals_say_how_little_few_grades_mean() -> None:
    low, high = wilson(7, 10) or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.3968, 0.8922)
    assert wilson(0, 0) is None
    assert mean_interval(1.0, 2.0, 1) is None
    low, high = mean_interval(1.0, 2.0, 100) or (0, 0)
    assert (round(low, 4), round(high, 4)) == (0.608, 1.392)


@pytest.mark.parametrize(
    ("instant", "phase"),
    [
        ("2025-06-11T02:00:00+00:00", "ASIAN"),
        ("2025-06-11T07:00:00+00:00", "EUROPEAN"),
        ("2025-06-11T13:30:00+00:00", "OVERLAP"),
        ("2025-06-11T15:30:00+00:00", "AMERICAN"),
        ("2025-06-11T20:00:00+00:00", "ASIAN"),
        ("2025-01-15T14:29:59+00:00", "EUROPEAN"),
    ],
)
def test_phases_go_by_who_is_awake(instant: str, phase: str) -> None:
    from datetime import datetime

    assert phase_of(datetime.fromisoformat(instant)) == phase
