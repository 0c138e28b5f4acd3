"""The benchmarks of the backtest kernel: each by the name that `--only` takes."""

from collections.abc import Callable
from typing import Final

from benchmarks import backtest_bars, backtest_figures, backtest_ticks
from benchmarks.measure import Measured
from benchmarks.peers.backtest_environment import add_peers

__all__ = ["BENCHMARKS"]


def with_peers(work: Callable[[], list[Measured]]) -> Callable[[], list[Measured]]:
    """The same, once the peers can be imported."""

    def inner() -> list[Measured]:
        add_peers()
        return work()

    return inner


BENCHMARKS: Final[dict[str, Callable[[], list[Measured]]]] = {
    name: with_peers(work)
    for name, work in {
        "sma": backtest_bars.mean_cross,
        "sma-slow-peers": backtest_bars.mean_cross_slow_peers,
        "sma-figures": backtest_bars.with_figures,
        "sweep": backtest_bars.sweep,
        "python-strategy": backtest_bars.python_strategy,
        "ticks": backtest_ticks.ladder,
        "figures": backtest_figures.ten,
        "monte-carlo": backtest_figures.monte_carlo,
        "overfitting": backtest_figures.overfitting,
    }.items()
}
