"""What can go wrong with a backtest, as data: a stable code, one sentence, and the event it happened at."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

__all__ = ["BACKTEST_CODES", "BacktestError"]

BACKTEST_CODES: Final = MappingProxyType(
    {
        "unknown_strategy": "No strategy is registered under that name.",
        "unknown_parameter": "The strategy has no parameter of that name.",
        "bad_parameter": "A parameter is not of its type or outside its range.",
        "bad_specification": "The run's own options are wrong: symbols, dates, costs or rules.",
        "unknown_symbol": "The instrument registry does not know the symbol.",
        "no_data": "The lake holds nothing of these symbols in this span.",
        "strategy_failed": "The strategy raised an error.",
        "strategy_broken": "A strategy of an entry point cannot be loaded.",
        "time_limit": "The run took longer than it may.",
        "memory_limit": "The run needed more memory than it may.",
        "worker_lost": "The process that played the run ended without a word.",
        "cancelled": "The run was cancelled.",
        "unknown_run": "There is no run of that number.",
        "unknown_sweep": "There is no sweep of that number.",
        "unknown_patterns": "There is no analysis of patterns of that number.",
        "not_sealed": "Nothing of the symbol was sealed on that trade date.",
        "unknown_schedule": "There is no schedule of that number.",
        "bad_schedule": "The schedule contradicts itself, or its name is taken.",
        "other_data": "A worker of a sweep reads another lake, or runs other code, than whoever asked.",
        "no_cluster": "The Dask cluster cannot be reached, or lost too many workers.",
        "missing_extra": "Something asked for needs packages that are not installed.",
        "not_finished": "The run has no result yet.",
        "internal": "A fault of Thor's own.",
    }
)


@dataclass(frozen=True)
class BacktestError(Exception):
    """A backtest that cannot be made. `position` and `ts_us` name the event where there is one."""

    code: str
    message: str
    position: int | None = None
    ts_us: int | None = None

    def __str__(self) -> str:
        where = "" if self.position is None else f" (event {self.position})"
        return f"{self.message}{where}"

    def to_json(self) -> dict[str, Any]:
        """The error as JSON values."""
        return {"code": self.code, "message": self.message, "position": self.position, "ts_us": self.ts_us}
