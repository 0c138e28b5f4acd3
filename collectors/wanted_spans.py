"""Spans of time in which something is wanted, as the world clock writes them two weeks ahead. Pure.

They decide without the clock: one that died changes nothing for two weeks. What nobody knows is wanted.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

__all__ = ["WantedSpans"]


@dataclass(frozen=True, slots=True)
class WantedSpans:
    """Half-open spans in order, seconds of UTC. None at all: nobody has said anything."""

    spans: tuple[tuple[float, float], ...] = ()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What `to_text` of anybody wrote. Raises ValueError or TypeError for anything else."""
        return cls(tuple((_second(start), _second(end)) for start, end in json.loads(text or "[]")))

    @staticmethod
    def to_text(spans: Iterable[tuple[int, int]]) -> str:
        """Spans of whole seconds of UTC as one text, their instants in ISO 8601."""
        return json.dumps([[_text(start), _text(end)] for start, end in spans])

    def wants(self, at_s: float) -> bool:
        """Whether an instant is in one of the spans, or is one that nobody has said anything of."""
        if not self.spans or at_s >= self.spans[-1][1]:
            return True
        return any(start <= at_s < end for start, end in self.spans)


def _text(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _second(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
