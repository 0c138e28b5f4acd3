"""What a worker can be asked for: a run, a sweep, the patterns of markets. Plain values that wait in the registry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import Any, ClassVar, Final, Protocol, Self

from collectors.instruments import Instruments
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.grid import combinations_of, parse_values
from thor_web.thordata.backtest.specification import (
    RunSpecification,
    bad,
    check_symbols,
    check_whole,
    parse_instant,
    words_of,
)

__all__ = ["Asked", "PatternsSpecification", "SweepOptions", "SweepSpecification", "asked_from_json"]

MOST_FOLDS: Final = 20


class Asked(Protocol):
    """Anything that can wait in the queue."""

    @property
    def kind(self) -> str:
        """Which of the registry's kinds it is."""

    @property
    def strategy(self) -> str | None:
        """The strategy it plays, if it plays one."""

    def to_json(self) -> dict[str, Any]:
        """It as JSON values."""


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """How a sweep is judged and where it is played. `purge` and `embargo` periods beside a test train nobody.

    `threads` 0 are all processors. `dask` and `modules` are for whoever plays it here and now; they do not wait.
    """

    threads: int = 0
    dask: str | None = None
    folds: int = 6
    tests: int = 2
    purge: int = 1
    embargo: int = 1
    splits: int = 5
    modules: bool = False

    def to_json(self) -> dict[str, Any]:
        """What waits of them, as JSON values."""
        return {name: value for name, value in asdict(self).items() if name not in {"dask", "modules"}}

    def check(self) -> None:
        """Raises BacktestError `bad_specification`."""
        for name, least in (("threads", 0), ("folds", 2), ("tests", 1), ("purge", 0), ("embargo", 0), ("splits", 1)):
            check_whole(getattr(self, name), name, least)
        if self.folds > MOST_FOLDS or self.tests >= self.folds:
            raise bad(f"there are at most {MOST_FOLDS} folds, and fewer are tested on at once than there are")


@dataclass(frozen=True, slots=True)
class SweepSpecification:
    """Every combination of a grid: values by parameter, each a list, or a text like `5:55:10`."""

    kind: ClassVar[str] = "sweep"
    specification: RunSpecification
    grid: Mapping[str, Sequence[object]]
    options: SweepOptions = field(default_factory=SweepOptions)

    @property
    def strategy(self) -> str:
        return self.specification.strategy

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """A sweep from JSON values. Raises BacktestError `bad_specification` for what does not fit."""
        grid, options = document.get("grid"), document.get("options") or {}
        specification = document.get("specification")
        if not isinstance(grid, Mapping) or not isinstance(options, Mapping) or not isinstance(specification, Mapping):
            raise bad("specification, grid and options are objects")
        known = set(SweepOptions().to_json())
        if unknown := sorted(set(options) - known):
            raise bad(f"there is no option {unknown[0][:40]!r} of a sweep")
        values = {name: _values(name, given) for name, given in grid.items()}
        return cls(RunSpecification.from_json(specification), values, SweepOptions(**options))

    def to_json(self) -> dict[str, Any]:
        return {
            "specification": self.specification.to_json(),
            "grid": {name: list(values) for name, values in self.grid.items()},
            "options": self.options.to_json(),
        }

    def checked(self, instruments: Instruments) -> Self:
        """Itself. Raises BacktestError for what cannot be swept."""
        self.options.check()
        found = combinations_of(self.strategy, self.specification.parameters, self.grid)
        first = self.specification.to_json() | {"parameters": dict(found.values[0])}
        RunSpecification.from_json(first).checked(instruments)
        return self


def _values(name: str, given: object) -> Sequence[object]:
    if isinstance(given, str):
        return parse_values(given)
    if not isinstance(given, list):
        raise bad(f"the values of {name[:40]} are a list, or a text like 5:55:10")
    return given


@dataclass(frozen=True, slots=True)
class PatternsSpecification:
    """Patterns of some symbols over a span. `ahead` bars are the outcome, `length` bars make a breakout."""

    kind: ClassVar[str] = "patterns"
    symbols: tuple[str, ...]
    start: str
    end: str
    interval_s: int = 60
    source: str | None = None
    ahead: int = 5
    length: int = 20
    opening_s: int = 1_800

    @property
    def strategy(self) -> None:
        """There is none."""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """An analysis from JSON values. Raises BacktestError `bad_specification` for what does not fit."""
        values = words_of(document, {one.name for one in fields(cls)}, {"symbols", "start", "end"})
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"symbols": list(self.symbols)}

    def checked(self, instruments: Instruments) -> Self:
        """Itself. Raises BacktestError for what cannot be looked at."""
        check_symbols(self.symbols, instruments)
        for name in ("interval_s", "ahead", "length", "opening_s"):
            check_whole(getattr(self, name), name, 1)
        if self.length < 2:
            raise bad("length must be a whole number from 2")
        if self.source is not None and not isinstance(self.source, str):
            raise bad("source is the name of a source")
        if parse_instant(self.start, end=False) >= parse_instant(self.end, end=True):
            raise bad(f"the span is empty: {self.start} to {self.end}")
        return self


KINDS: Final[Mapping[str, Callable[[Mapping[str, Any]], Asked]]] = MappingProxyType(
    {
        "run": RunSpecification.from_json,
        "sweep": SweepSpecification.from_json,
        "patterns": PatternsSpecification.from_json,
    }
)


def asked_from_json(kind: str, document: Mapping[str, Any]) -> Asked:
    """What waits under a kind. Raises BacktestError."""
    if kind not in KINDS:
        raise BacktestError("bad_specification", f"a worker plays {', '.join(KINDS)}, not {kind[:40]!r}")
    return KINDS[kind](document)
