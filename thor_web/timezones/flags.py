"""Asking for a feature flag, from any view, sync or async: nothing here touches a database."""

import logging
from datetime import UTC, datetime
from typing import Any

from flags.sources import Flag

from thor_web.timezones.flag_source import SnapshotSource
from thor_web.timezones.services.flag_snapshot import flag_snapshot

__all__ = ["flag_on", "known_flags"]

log = logging.getLogger(__name__)


def known_flags() -> tuple[str, ...]:
    """Every flag that has a condition, in alphabetical order."""
    return tuple(sorted({row.name for row in flag_snapshot().rows}))


def flag_on(name: str, *, at: datetime | None = None, user: Any = None, key: str = "") -> bool:
    """Whether a feature is on for a caller at an instant. An unknown flag is off, and so is one nobody can decide."""
    try:
        conditions = SnapshotSource.conditions().get(name)
        if conditions is None:
            return False
        return bool(Flag(name, conditions).check_state(flag=name, at=at or datetime.now(UTC), user=user, key=key))
    except Exception as error:  # noqa: BLE001 - conditions are stored text, and other packages may add some
        log.warning("the flag %s cannot be decided and is off: %s", name, error)
        return False
