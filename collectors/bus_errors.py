"""What can go wrong with Redis, as its callers see it."""

from collections.abc import Sequence
from typing import Final

__all__ = ["BusError", "BusUnavailable", "refusal", "refusal_of"]

PASSING: Final = (
    *("LOADING", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "MOVED", "ASK", "BUSY ", "EXECABORT"),
    *("MISCONF", "OOM ", "NOREPLICAS"),
)
"""How refusals begin that a later try may not meet: the server starts, or a replica or another node has its place; its
disk or memory is full, or too few replicas are there to write to.

A transaction that is given up says so beside the refusal which made it so; that one decides."""
WITHIN_PIPELINE: Final = "of pipeline caused error: "
"""What redis-py puts, with the command, before the refusal of one command of several."""


class BusError(Exception):
    """Redis refused a command."""


class BusUnavailable(BusError):  # noqa: N818 - it names a state, not a mistake
    """Redis cannot be reached now; trying again later may succeed."""


def refusal_of(text: str) -> BusError:
    """The exception of what redis-py says of a refusal."""
    plain = text.rpartition(WITHIN_PIPELINE)[2].lstrip("('\"")
    return BusUnavailable(text) if plain.startswith(PASSING) else BusError(text)


def refusal(errors: Sequence[tuple[int, str]]) -> BusError:
    """The exception of refused commands: that of the first which a later try would meet again, if there is one."""
    lasting = [text for _, text in errors if not text.startswith(PASSING)]
    return BusError(lasting[0]) if lasting else BusUnavailable(errors[0][1])
