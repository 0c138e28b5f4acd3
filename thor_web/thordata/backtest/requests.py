"""Bodies of requests turned into what a worker can be asked for; not yet checked against instruments and strategies."""

from collections.abc import Mapping
from typing import Any

from thor_web.thordata.backtest.asked import PatternsSpecification, SweepSpecification
from thor_web.thordata.backtest.specification import RunSpecification, bad

__all__ = ["patterns_of_request", "run_of", "sweep_of"]


def run_of(body: Mapping[str, Any]) -> RunSpecification:
    """A run: its options stand beside strategy, symbols, span and parameters. Raises BacktestError."""
    document = dict(body)
    options = document.pop("options", None) or {}
    if not isinstance(options, Mapping):
        raise bad("options is an object")
    return RunSpecification.from_json(dict(options) | document)


def sweep_of(body: Mapping[str, Any]) -> SweepSpecification:
    """A sweep: a run with a grid, and how it is judged. Raises BacktestError."""
    document = dict(body)
    grid, judging = document.pop("grid", None), document.pop("judging", None)
    return SweepSpecification.from_json({"specification": run_of(document).to_json(), "grid": grid, "options": judging})


def patterns_of_request(body: Mapping[str, Any]) -> PatternsSpecification:
    """An analysis of patterns. Raises BacktestError."""
    return PatternsSpecification.from_json(body)
