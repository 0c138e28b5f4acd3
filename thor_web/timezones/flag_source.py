"""django-flags' view of the snapshot: `FLAG_SOURCES` names `SnapshotSource`."""

from flags.sources import Condition

from thor_web.timezones.services.flag_snapshot import flag_snapshot

__all__ = ["SnapshotSource"]


class SnapshotSource:
    """Gives the conditions of the snapshot; they are made anew only when it has changed."""

    _made: tuple[int, dict[str, list[Condition]]] = (-1, {})

    def get_flags(self) -> dict[str, list[Condition]]:
        """Conditions by flag. The lists are copies: django-flags appends to them."""
        return {name: [*conditions] for name, conditions in self.conditions().items()}

    @classmethod
    def conditions(cls) -> dict[str, list[Condition]]:
        """Conditions by flag, to be read only."""
        snapshot = flag_snapshot()
        if cls._made[0] != snapshot.version:
            made: dict[str, list[Condition]] = {}
            for row in snapshot.rows:
                made.setdefault(row.name, []).append(Condition(row.condition, row.value, required=row.required))
            cls._made = (snapshot.version, made)
        return cls._made[1]
