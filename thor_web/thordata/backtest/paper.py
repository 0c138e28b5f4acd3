"""Paper mode: a strategy played on the market as it comes, by the backtests' kernel. Knows no stream and no clock.

Parts of the market one after the other give what all of it at once gives a backtest. A strategy of targets is asked for
the whole column each time; if an answer changes that was already played, the strategy looked ahead, and the run fails.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import polars as pl

from collectors.instruments import load_instruments
from thor_fast import BacktestRun, PaperSession, QuoteBatch
from thor_web.thordata.backtest.asked import PaperSpecification
from thor_web.thordata.backtest.columns import KEEP, column
from thor_web.thordata.backtest.contracts import contracts_of, rules_of, sessions_of, us
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.execution import Played, judged
from thor_web.thordata.backtest.live_signals import live_classifier
from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.paper_market import PaperMarket
from thor_web.thordata.backtest.periods import periods_of
from thor_web.thordata.backtest.playing import play, whole_targets
from thor_web.thordata.backtest.registry import make_strategy
from thor_web.thordata.backtest.strategy import EventStrategy, TargetStrategy, Terms
from thor_web.thordata.backtest.trial_key import Trials

__all__ = ["PaperRun"]

T = TypeVar("T")

MOST_EVENTS: Final = 5_000_000
"""Events that are kept for the figures and for strategies that want to see all of them."""


class PaperRun:
    """One run. The same events give the same result, in whatever parts they come."""

    def __init__(self, asked: PaperSpecification, *, modules: bool = False) -> None:
        instruments = load_instruments()
        self._asked = asked
        self._specification = specification = asked.specification.checked(instruments, modules=modules)
        self._strategy = make_strategy(specification.strategy, specification.parameters, modules=modules)
        self._terms = Terms(contracts_of(specification, instruments), rules_of(specification))
        self._session = PaperSession(self._terms.contracts, self._terms.rules)
        start, end = specification.span()
        self.market = PaperMarket(
            specification.symbols, live_classifier(), start_us=us(start), end_us=us(end),
            interval_s=specification.interval_s,
        )  # fmt: skip
        self._targets = pl.Series(dtype=pl.Int32)
        self._played = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing that comes can change it any more."""
        return self.market.ended or len(self.market) >= MOST_EVENTS

    def take(self, batch: QuoteBatch) -> None:
        """Play events of the stream. Raises BacktestError for a strategy that fails or looks ahead."""
        if len(batch) and not self.is_over:
            ticks = self.market.take(batch)
            self._play(ticks if self._strategy.feed == "ticks" else self.market.ended_bars())

    def _play(self, part: TickData | BarData | None) -> None:
        if part is None:
            return
        strategy, session = self._strategy, self._session
        if isinstance(strategy, EventStrategy):
            call: Callable[..., int | None] = strategy.on_bar if isinstance(part, BarData) else strategy.on_event
            _guarded(lambda: session.play_strategy(part.events, call), part, self._played)
        elif isinstance(strategy, TargetStrategy):
            targets = self._new_targets(strategy, part)
            session.play_targets(part.events, column(targets, missing=KEEP))
        self._played += part.times_us.len()

    def _new_targets(self, strategy: TargetStrategy, part: TickData | BarData) -> pl.Series:
        """The newest of all targets. Those of before must still be what they were."""
        data = self._data()
        count = data.times_us.len()
        targets = _guarded(lambda: whole_targets(strategy.targets(data), count), data, 0)
        if not targets.head(self._played).equals(self._targets, null_equal=True):
            first = targets.head(self._played).ne_missing(self._targets).arg_true()[0]
            raise BacktestError(
                "look_ahead", "a target that was already played has changed since", first, int(data.times_us[first])
            )
        self._targets = targets
        return targets.tail(part.times_us.len())

    def _data(self) -> TickData | BarData:
        return self.market.ticks() if self._strategy.feed == "ticks" else self.market.bars()

    def _run(self) -> BacktestRun:
        if isinstance(self._strategy, EventStrategy | TargetStrategy):
            return self._session.run()
        return play(self._strategy, self._data(), self._terms)  # one that the kernel plays as a whole

    def progress(self) -> str:
        """How far it is, in a few words."""
        return f"{len(self.market)} events, {self._played} played"

    def result(self, trials: Callable[[str], Trials] | None = None) -> dict[str, Any]:
        """The result as JSON values, as that of a backtest. Raises BacktestError `no_data` where nothing came.

        Bars that have not ended are played as they are, as a backtest does with its last ones: it is over then.
        """
        if self._strategy.feed != "ticks":
            self._play(self.market.ended_bars(all_of_them=True))
        if not self._played:
            raise BacktestError("no_data", "nothing of these symbols came through the stream in this span")
        start, end = self._specification.span()
        ticks, data, run = self.market.ticks(), self._data(), self._run()
        market = load_instruments()[self._specification.symbols[0]].market
        periods = periods_of(data.times_us, closes_us=[closes for _, _, closes in sessions_of(market, start, end)])
        played = Played(self._specification, self._strategy, ticks, data, run, periods)
        tried = trials(ticks.manifest.digest) if trials else Trials()
        found = judged(played, load_instruments(), tried)
        found["caveats"] = [*found["caveats"], *self._caveats()]
        return found | {"paper": {"after": self._asked.after, **self.market.seen()}}

    def _caveats(self) -> list[str]:
        said = ["Orders met the quotes that came; none of them was there to be seen by anybody else."]
        if self.market.late:
            said.append(f"{self.market.late} events came after later ones and were taken when they came.")
        if len(self.market) >= MOST_EVENTS:
            said.append(f"It ended after {MOST_EVENTS:,} events, which is as many as are kept.")
        return said


def _guarded(call: Callable[[], T], data: TickData | BarData, before: int) -> T:
    """What a strategy answers; what it raises as data, with the event it happened at."""
    try:
        return call()
    except (BacktestError, MemoryError):
        raise
    except Exception as error:  # a strategy may raise whatever it likes
        position = getattr(error, "backtest_position", None)
        at = None if position is None else int(data.times_us[position])
        place = None if position is None else before + position
        raise BacktestError("strategy_failed", f"{type(error).__name__}: {error}", place, at) from error
