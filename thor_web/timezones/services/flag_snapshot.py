"""The feature flags of this process, in memory, with the maintenance and the deployments that they may depend on.

django-flags' own database source asks Postgres at every check and cannot be used in async views.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from thor_web.timezones.services.maintenance import Maintenance

__all__ = ["FlagRow", "FlagSnapshot", "flag_snapshot"]


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One condition of a flag as it is stored."""

    name: str
    condition: str
    value: str
    required: bool


class FlagSnapshot:
    """What is in force now. `live_features` are those whose deployment window has them on."""

    def __init__(self) -> None:
        self.rows: tuple[FlagRow, ...] = ()
        self.maintenance: tuple[Maintenance, ...] = ()
        self.live_features: frozenset[str] = frozenset()
        self.version = 0
        """Grows when the rows change."""

    def put(
        self,
        rows: Sequence[FlagRow],
        maintenance: Sequence[Maintenance] = (),
        live_features: frozenset[str] = frozenset(),
    ) -> None:
        """Bring all of it into force."""
        if tuple(rows) != self.rows:
            self.rows = tuple(rows)
            self.version += 1
        self.maintenance = tuple(maintenance)
        self.live_features = live_features


@cache
def flag_snapshot() -> FlagSnapshot:
    """The snapshot of this process."""
    return FlagSnapshot()
