"""What came of something a worker was asked for, as the registry keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from thor_web.thordata.backtest.sweep import Swept

__all__ = ["Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished document with what is looked up by. `trials` are a sweep's, by key and Sharpe ratio."""

    document: Mapping[str, Any]
    data_hash: str
    code: str
    digest: str
    sharpe: float | None = None
    trial: str | None = None
    combinations: int | None = None
    trials: Sequence[tuple[str, float | None]] = ()

    @classmethod
    def of_run(cls, result: Mapping[str, Any]) -> Self:
        """Of a run or a paper run."""
        return cls(
            result, result["data"]["hash"], result["code"]["digest"], result["digest"],
            sharpe=result["figures"]["sharpe_period"]["value"], trial=result["trial"],
        )  # fmt: skip

    @classmethod
    def of_sweep(cls, swept: Swept) -> Self:
        """Of a sweep."""
        document = swept.document
        return cls(
            document, document["data"]["hash"], document["code"]["digest"], document["digest"],
            combinations=document["combinations"], trials=[(key, sharpe) for key, sharpe, _ in swept.trials],
        )  # fmt: skip

    @classmethod
    def of_patterns(cls, found: Mapping[str, Any]) -> Self:
        """Of patterns."""
        return cls(found, found["data_hash"], found["code"]["digest"], found["digest"])
