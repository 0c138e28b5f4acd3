"""The conditions of feature flags, without a database."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from thor_web.timezones.flag_conditions import (
    CONDITIONS,
    deployment,
    maintenance,
    market_phase,
    named_user,
    percentage,
    time_window,
)
from thor_web.timezones.services.flag_snapshot import flag_snapshot
from thor_web.timezones.services.maintenance import Maintenance

AT = datetime(2025, 11, 28, 18, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class User:
    name: str

    def get_username(self) -> str:
        return self.name


def test_a_phase_of_a_market() -> None:
    assert market_phase("NYSE: regular, post", at=AT)
    assert not market_phase("NYSE: regular", at=AT)
    assert market_phase("es: closed", at=AT)


def test_a_window_is_half_open() -> None:
    window = "2025-11-28T18:30:00Z / 2025-11-28T19:30:00+01:00"
    with pytest.raises(ValidationError):
        time_window(window, at=AT)
    window = "2025-11-28T18:30:00Z / 2025-11-28T18:31:00Z"
    assert time_window(window, at=AT)
    assert not time_window(window, at=AT + timedelta(minutes=1))


def test_a_percentage_is_of_the_same_callers_every_time() -> None:
    chosen = {key for key in map(str, range(2_000)) if percentage("25", key=key, flag="new")}
    assert 430 < len(chosen) < 570
    assert chosen == {key for key in map(str, range(2_000)) if percentage("25", user=User(key), flag="new")}
    assert chosen <= {key for key in map(str, range(2_000)) if percentage("60", key=key, flag="new")}
    assert chosen != {key for key in map(str, range(2_000)) if percentage("25", key=key, flag="other")}
    assert not percentage("100")
    assert percentage("100", key="anybody")
    assert not percentage("0", key="anybody")


def test_a_named_user() -> None:
    assert named_user("ann, bob", user=User("bob"))
    assert not named_user("ann", user=User("bob"))
    assert not named_user("ann")


def test_deployment_and_maintenance_follow_the_snapshot() -> None:
    window = Maintenance("moving", AT, AT + timedelta(hours=1), (), pauses_alerts=True, shows_banner=True)
    try:
        flag_snapshot().put((), [window], frozenset({"new-chart"}))
        assert deployment("new-chart")
        assert not deployment("old-chart")
        assert maintenance("on", at=AT)
        assert maintenance("off", at=AT + timedelta(hours=1))
    finally:
        flag_snapshot().put(())


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        *[("market phase", "NYSE"), ("market phase", "MOON: open"), ("market phase", "NYSE: asleep")],
        *[("time window", "now / later"), ("time window", "2025-11-28T18:30 / 2025-11-28T19:30")],
        *[("percentage", "many"), ("percentage", "101"), ("maintenance", "perhaps"), ("named user", " ")],
    ],
)
def test_what_cannot_be_meant_is_refused_when_it_is_written(condition: str, value: str) -> None:
    _, validate = CONDITIONS[condition]
    with pytest.raises(ValidationError):
        validate(value)
