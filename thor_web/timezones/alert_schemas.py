"""The shapes of alert rules for the API."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from ninja import Field, Schema

from thor_web.timezones.models import AlertRule
from thor_web.timezones.services.alert_conditions import Kind

__all__ = ["Acknowledgement", "AlertRuleInput", "AlertRuleRecord", "rule_record"]

PLAIN: Final = r"^[^\x00-\x1f\x7f]*$"
Word = Annotated[str, Field(max_length=32, pattern=PLAIN)]
Source = Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]{0,15}$")]
Number = Annotated[Decimal, Field(max_digits=20, decimal_places=9, allow_inf_nan=False)]
Signal = Literal["STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL"]


class AlertRuleInput(Schema):
    """A rule as it shall be. Decimals may come as texts; `limit` is a price, a percentage or seconds, by the kind."""

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]
    kind: Kind
    severity: Literal["info", "warning", "critical"] = "info"
    symbols: Annotated[list[Word], Field(max_length=100)] = []
    markets: Annotated[list[Word], Field(max_length=50)] = []
    sources: Annotated[list[Source], Field(max_length=50)] = []
    limit: Number | None = None
    side: Literal["above", "below", "beyond"] = "above"
    signals: Annotated[list[Signal], Field(max_length=5)] = []
    rearm: Annotated[Number, Field(ge=0)] = Decimal(0)
    cooldown_s: Annotated[int, Field(ge=0, le=604_800)] = 0
    once: bool = False
    enabled: bool = True


class AlertRuleRecord(Schema):
    """A rule that is kept. Each change makes another `version`; decimals are texts with their exact digits."""

    id: int
    name: str
    kind: str
    severity: str
    symbols: list[str]
    markets: list[str]
    sources: list[str]
    limit: str | None
    side: str
    signals: list[str]
    rearm: str
    cooldown_s: int
    once: bool
    enabled: bool
    channels: list[str]
    version: int
    author: str
    changed_at: datetime
    last_told_at: datetime | None


class Acknowledgement(Schema):
    """Notifications that somebody takes note of."""

    ids: Annotated[list[Annotated[int, Field(ge=1, le=2**63 - 1)]], Field(min_length=1, max_length=200)]


def rule_record(rule: AlertRule, last_told_at: datetime | None) -> dict[str, Any]:
    """A rule as the API tells it."""
    same = ("id", "name", "kind", "severity", "symbols", "markets", "sources", "side", "signals", "cooldown_s")
    return {name: getattr(rule, name) for name in same} | {
        "limit": None if rule.limit_value is None else f"{rule.limit_value.normalize():f}",
        "rearm": f"{rule.rearm.normalize():f}",
        "once": rule.once,
        "enabled": rule.enabled,
        "channels": rule.channels,
        "version": rule.version,
        "author": rule.author,
        "changed_at": rule.changed_at,
        "last_told_at": last_told_at,
    }
