"""Which strategies there are: those of Thor, those of installed packages, and for development a module's own.

A package registers a class under the entry point group `thor.strategies`.
"""

import importlib
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Final

from thor_web.thordata.backtest.builtin import BUILT_IN
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.parameters import check_parameters
from thor_web.thordata.backtest.strategy import Strategy

__all__ = ["ENTRY_POINT_GROUP", "find_strategy", "make_strategy", "strategies"]

ENTRY_POINT_GROUP: Final = "thor.strategies"


def strategies() -> dict[str, type[Strategy] | BacktestError]:
    """Every registered strategy by name; one that cannot be loaded is its error."""
    found: dict[str, type[Strategy] | BacktestError] = {kind.name: kind for kind in BUILT_IN}
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        try:
            found.setdefault(entry.name, _checked(entry.load(), entry.value))
        except Exception as error:  # noqa: BLE001 - somebody else's code
            found.setdefault(entry.name, BacktestError("strategy_broken", f"{entry.value}: {error}"))
    return found


def find_strategy(name: str, *, modules: bool = False) -> type[Strategy]:
    """The strategy of a name, with `modules` also of `module:Class`. Raises BacktestError."""
    if modules and ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return _checked(getattr(importlib.import_module(module), attribute), name)
        except (ImportError, AttributeError) as error:
            raise BacktestError("unknown_strategy", f"{name} cannot be loaded: {error}") from error
    known = strategies()
    found = known.get(name)
    if found is None:
        raise BacktestError("unknown_strategy", f"there is no strategy {name[:60]!r}; known are {', '.join(known)}")
    if isinstance(found, BacktestError):
        raise found
    return found


def make_strategy(name: str, values: Mapping[str, object], *, modules: bool = False) -> Strategy:
    """A strategy with its parameters checked. Raises BacktestError."""
    kind = find_strategy(name, modules=modules)
    return kind(check_parameters(kind.parameters, values))


def _checked(kind: object, place: str) -> type[Strategy]:
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise BacktestError("strategy_broken", f"{place} is no strategy class")
    if missing := sorted(getattr(kind, "__abstractmethods__", ())):
        raise BacktestError("strategy_broken", f"{place} does not say its {missing[0]}")
    return kind
