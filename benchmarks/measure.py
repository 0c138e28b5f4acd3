"""Timing in turns: processor time of each contender, one sample each a round, medians at the end.

Thor comes first. A contender that cannot take part says why and the others go on without it. A yardstick runs along:
what Python takes to format a float, beside what it took where the budgets in nanoseconds were set. That is the
machine's pace, 1.0 there and 2.0 where everything takes twice as long.
"""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Final

__all__ = ["Absent", "Contender", "Figures", "Measured", "compare", "race", "timed"]

ROUNDS: Final = 7
YARDSTICK_NS: Final = 188.0
SAMPLE_NS: Final = 20_000_000

Sampler = Callable[[], float]


class Absent(Exception):  # noqa: N818 - it names a state
    """Why a contender cannot take part."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Someone who does the work. `prepare` proves that its answer is right and gives a sampler of ns a unit."""

    name: str
    prepare: Callable[[], Sampler]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a race gave: the median of each contender, or why there is none."""

    medians: dict[str, float]
    absent: dict[str, str]
    pace: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One comparison. All figures are costs in `unit`: less is better."""

    name: str
    thor: float
    peer: float | None
    peer_name: str
    unit: str
    limit: float | None = None
    note: str = ""
    pace: float = 1.0


def timed(work: Callable[[], object], units: int) -> Sampler:
    """Samples of processor time a unit; every result is dropped before the next is made."""

    def spend(loops: int) -> int:
        started = time.process_time_ns()
        for _ in repeat(None, loops):
            work()
        return time.process_time_ns() - started

    spend(1)
    loops = max(1, SAMPLE_NS // max(1, spend(1)))
    return lambda: spend(loops) / loops / units


def race(contenders: Sequence[Contender], rounds: int = ROUNDS) -> Figures:
    """One sample of each in turn, `rounds` times. Raises what a wrong answer raises."""
    samplers: dict[str, Sampler] = {}
    absent: dict[str, str] = {}
    for contender in contenders:
        try:
            samplers[contender.name] = contender.prepare()
        except ImportError as error:
            absent[contender.name] = f"{error.name} is not installed"
        except Absent as error:
            absent[contender.name] = str(error)
    samples: dict[str, list[float]] = {name: [] for name in samplers}
    yardstick, taken = _yardstick(), []
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, sampler in samplers.items():
                samples[name].append(sampler())
            taken.append(yardstick())
    finally:
        gc.enable()
    medians = {name: statistics.median(values) for name, values in samples.items()}
    return Figures(medians, absent, statistics.median(taken) / YARDSTICK_NS)


def _yardstick() -> Sampler:
    floats = [4_700 + at / 4 for at in range(1_000)]
    return timed(lambda: [f"{value:.2f}" for value in floats], len(floats))


def compare(
    work: str,
    unit: str,
    thor: Contender,
    *,
    peers: dict[str, Contender],
    limit: Contender | None = None,
    rounds: int = ROUNDS,
) -> list[Measured]:
    """A race of Thor, its peers and the limit, which may be a peer too: one comparison a peer, named `work-key`.

    Without Thor itself there is nothing to compare: then every comparison says why.
    """
    contenders = {contender.name: contender for contender in (thor, *peers.values(), *([limit] if limit else []))}
    figures = race(list(contenders.values()), rounds)
    floor = figures.medians.get(limit.name) if limit else None
    own = figures.medians.get(thor.name, float("nan"))
    rows = [
        Measured(
            name=f"{work}-{key}",
            thor=own,
            peer=figures.medians.get(peer.name) if thor.name in figures.medians else None,
            peer_name=peer.name,
            unit=unit,
            limit=floor,
            note=figures.absent.get(thor.name, figures.absent.get(peer.name, "")),
            pace=figures.pace,
        )
        for key, peer in peers.items()
    ]
    if limit and floor is None:
        rows = [replace(row, note=row.note or figures.absent[limit.name]) for row in rows]
    return rows
