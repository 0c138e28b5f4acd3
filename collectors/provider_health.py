"""How each provider goes: what its collector last said of itself, and what is missing of those configured.

Everything comes from the heartbeats in Redis. A collector that is gone says nothing, so a configured provider without
a heartbeat is shown as missing instead of not at all.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from collectors.providers import Provider

__all__ = ["ProviderHealth", "read_providers"]

QUIET_AFTER_MS: Final = 10_000
_COLLECTOR: Final = "collector:"
_SOURCE: Final = "source:"


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """One provider. Times are ISO 8601 in UTC; what is not known is None."""

    source: str
    kind: str | None
    configured: bool
    status: str
    """`live`, `quiet`, `waiting_for_redis`, `standby`, `login_needed`, `connecting`, `waiting`, `finished`, `stopped`
    or `missing`."""
    mode: str | None = None
    problem: str | None = None
    last_event_ts: str | None = None
    last_published_at: str | None = None
    lag_ms: int | None = None
    """How old the newest event was when it was published."""
    age_ms: int | None = None
    """How long ago the last event was published."""
    rate: float | None = None
    """Events a second, repeats of unchanged quotes included."""
    events: int | None = None
    rejects: int | None = None
    rejects_by_code: dict[str, int] | None = None
    spooled: int | None = None
    dropped: int | None = None
    login_expires_at: str | None = None
    login_expires_in_s: int | None = None
    connections: int | None = None
    unknown_symbols: list[str] | None = None
    started_at: str | None = None
    pid: int | None = None

    def to_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return asdict(self)


def read_providers(
    health: Mapping[str, Mapping[str, str]], configured: Sequence[Provider], now: datetime
) -> list[ProviderHealth]:
    """Those configured in their order, then whatever else publishes. `health` is what each component last said."""
    found: dict[str, ProviderHealth] = {}
    kinds = {provider.kind: provider for provider in configured}
    for component, fields in health.items():
        if component.startswith(_COLLECTOR):
            source = component.removeprefix(_COLLECTOR)
            particulars = health.get(f"{_SOURCE}{source}", {})
            found[source] = _health(source, fields, particulars, configured=fields.get("kind") in kinds, now=now)
    told = {provider.kind for provider in found.values()}
    missing = [
        ProviderHealth(provider.source, provider.kind, configured=True, status="missing")
        for provider in configured
        if provider.kind not in told
    ]
    order = {kind: place for place, kind in enumerate(kinds)}
    everyone = [*found.values(), *missing]
    return sorted(everyone, key=lambda provider: (order.get(provider.kind or "", len(order)), provider.source))


def _health(
    source: str, fields: Mapping[str, str], particulars: Mapping[str, str], *, configured: bool, now: datetime
) -> ProviderHealth:
    published, event = _instant(fields.get("last_published_at")), _instant(fields.get("last_event_ts"))
    expires = _instant(particulars.get("login_expires_at"))
    age_ms = _ms_between(published, now)
    return ProviderHealth(
        source=source,
        kind=fields.get("kind") or None,
        configured=configured,
        status=_status(fields.get("state", ""), particulars.get("state", ""), age_ms),
        mode=fields.get("mode") or None,
        problem=fields.get("problem") or None,
        last_event_ts=fields.get("last_event_ts") or None,
        last_published_at=fields.get("last_published_at") or None,
        lag_ms=_ms_between(event, published),
        age_ms=age_ms,
        rate=_number(fields.get("rate")),
        events=_count(fields.get("events")),
        rejects=_count(fields.get("rejects")),
        rejects_by_code=_codes(fields.get("rejects_by_code")),
        spooled=_count(fields.get("spooled")),
        dropped=_count(fields.get("dropped")),
        login_expires_at=particulars.get("login_expires_at") or None,
        login_expires_in_s=None if expires is None else int((expires - now).total_seconds()),
        connections=_count(particulars.get("connections")),
        unknown_symbols=[name for name in particulars.get("unknown", "").split(",") if name] if particulars else None,
        started_at=fields.get("started_at") or None,
        pid=_count(fields.get("pid")),
    )


def _status(state: str, own_state: str, age_ms: int | None) -> str:
    if state != "running":
        return state or "missing"
    if own_state not in {"", "streaming", "starting"}:
        return own_state
    return "quiet" if age_ms is None or age_ms > QUIET_AFTER_MS else "live"


def _instant(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC) if text else None
    except ValueError:
        return None


def _ms_between(earlier: datetime | None, later: datetime | None) -> int | None:
    return None if earlier is None or later is None else int((later - earlier).total_seconds() * 1_000)


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.lstrip("-").isdigit() else None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _codes(text: str | None) -> dict[str, int] | None:
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
