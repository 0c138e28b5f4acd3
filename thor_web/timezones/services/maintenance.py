"""Maintenance windows as every process knows them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

__all__ = ["Maintenance"]


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A time in which work goes on: [starts_at, ends_at). No markets means all of them."""

    title: str
    starts_at: datetime
    ends_at: datetime
    markets: tuple[str, ...]
    pauses_alerts: bool
    shows_banner: bool

    def is_on(self, now: datetime) -> bool:
        """True within the window."""
        return self.starts_at <= now < self.ends_at

    def to_json(self, now: datetime) -> dict[str, Any]:
        """The window as JSON values."""
        return {
            "title": self.title,
            "starts_at": _text(self.starts_at),
            "ends_at": _text(self.ends_at),
            "markets": list(self.markets),
            "is_on": self.is_on(now),
            "shows_banner": self.shows_banner,
            "pauses_alerts": self.pauses_alerts,
        }


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
