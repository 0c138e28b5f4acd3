"""Which part of the world is awake: the session phase that signals are counted by."""

from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["PHASES", "phase_of"]

PHASES: Final = ("ASIAN", "EUROPEAN", "OVERLAP", "AMERICAN")
LONDON: Final = (ZoneInfo("Europe/London"), time(8), time(16, 30))
NEW_YORK: Final = (ZoneInfo("America/New_York"), time(9, 30), time(16))


def phase_of(at: datetime) -> str:
    """AMERICAN while New York trades, EUROPEAN while London does, OVERLAP while both do, else ASIAN.

    By the hours of their stock exchanges on any day; holidays change the market, not the name of the hour.
    """
    european, american = (_within(at, *hours) for hours in (LONDON, NEW_YORK))
    if european and american:
        return "OVERLAP"
    if american:
        return "AMERICAN"
    return "EUROPEAN" if european else "ASIAN"


def _within(at: datetime, zone: ZoneInfo, opens: time, closes: time) -> bool:
    return opens <= at.astimezone(zone).time() < closes
