"""django-flags' view of the snapshot: `FLAG_SOURCES` names `SnapshotSource`."""

from flags.sources import Condition

from thor_web.timezones.services.flag_snapshot import flag_snapshot

__all__ = ["SnapshotSource"]


class SnapshotSource:
    """Gives the conditions of the snapshot; they are made anew only when it has changed."""

    _made: tuple[int, dict[str, list[Condition]]] = (-1, {})

    def get_flags(self) -> dict[str, list[Condition]]:
        """Conditions by flag. The lists are copies: django-flags appends to them."""
        snapshot = flag_snapshot()
        if SnapshotSource._made[0] != snapshot.version:
            made: dict[str, list[Condition]] = {}
            for row in snapshot.rows:
                made.setdefault(row.name, []).append(Condition(row.condition, row.value, required=row.required))
            SnapshotSource._made = (snapshot.version, made)
        return {name: [*conditions] for name, conditions in SnapshotSource._made[1].items()}
