"""What a source is: something that yields candidate events as bytes, and how one is made from what was asked for.

A source validates nothing and knows no Redis: `thor_fast` judges every candidate once, in the publisher.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from collectors.errors import CollectorError
from collectors.instruments import Instruments

__all__ = ["CollectSpec", "Mode", "Source", "SourceError", "SourceFactory", "UnknownSourceError"]

Mode = Literal["live", "mock", "replay", "file"]


class SourceError(CollectorError):
    """The source cannot be read."""


class UnknownSourceError(CollectorError):
    """No source has that name, or it lacks what it needs: wrong usage."""


@dataclass(frozen=True, slots=True)
class CollectSpec:
    """Which source to run and how, as asked for on the command line. `speed` None is as fast as possible.

    `once` says that one look is wanted and no stream: old values may then be told, marked as such.
    """

    source: str
    file: Path | None = None
    speed: float | None = 1.0
    rename: str | None = None
    seed: int | None = None
    rate: float | None = None
    sheet: str | None = None
    cell_range: str | None = None
    record: Path | None = None
    replay_com: Path | None = None
    once: bool = False


class Source(Protocol):
    """A stream of candidate events. One that ends has nothing more to say; its collector then stops."""

    @property
    def name(self) -> str:
        """The source its events carry, or what to call it where they carry several."""

    @property
    def mode(self) -> Mode:
        """`live` and `mock` cannot wait for Redis and are spooled; `replay` and `file` are simply read later."""

    @property
    def problem(self) -> str | None:
        """What is wrong with the source just now, in one sentence, while it goes on."""

    def batches(self) -> AsyncIterator[Sequence[bytes]]:
        """Candidate events, each one JSON object. Raises SourceError when it cannot go on."""


SourceFactory = Callable[[CollectSpec, Instruments], Source]
"""Makes a source. Raises SourceError or UnknownSourceError with one sentence for what is missing."""
