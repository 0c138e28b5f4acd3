"""The audit of a strategy: does it look ahead, does it repeat itself, and how much of the past does it need?

A column of targets is made again from what was known at an instant: whatever it says of that instant or an earlier one
must be what the whole run said. A difference is looked at once more with another future of the same length, which tells
values apart from the mere end of the data. Every change of the target is then made again from a window of the rows
before it alone: the window it takes is the warm-up that live needs. Only rows that differ without the future accuse; a
strategy that remembers, or that needs a long warm-up, is told so and not accused.

A strategy that is asked event by event is never handed the future; it is played again on the beginning of the data and
must have the same equity there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, cast

import polars as pl

from thor_web.thordata.backtest.columns import KEEP
from thor_web.thordata.backtest.cuts import (
    chosen_cuts,
    known_until,
    spread_over,
    with_another_future,
    within_window,
)
from thor_web.thordata.backtest.diagnosis import Finding
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.market_data import BarData, TickData
from thor_web.thordata.backtest.playing import play, whole_targets
from thor_web.thordata.backtest.strategy import Strategy, TargetStrategy, Terms

__all__ = ["Audit", "AuditOptions", "audit", "options_for"]

WINDOWS: Final = (16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096)
"""Rows a symbol."""
MEASURED: Final = 64
"""At so many changes the shortest window is looked for; the others are tried with the longest one alone."""
EXAMPLES: Final = 10
CHEAP_ROWS: Final = 4_000_000
CHEAP_EVENTS: Final = 50_000


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """How much is looked at. `cuts` are instants at which the future is taken away, `changes` changes of the target."""

    cuts: int = 64
    changes: int = 2_000
    seed: int = 1


def options_for(strategy: Strategy, rows: int) -> AuditOptions:
    """What fits beside a run: it costs a few runs more at the most."""
    if isinstance(strategy, TargetStrategy):
        return AuditOptions(cuts=max(2, min(16, CHEAP_ROWS // max(1, rows))), changes=64)
    return AuditOptions(cuts=2 if rows <= CHEAP_EVENTS else 0, changes=0)


@dataclass(slots=True)
class Audit:
    """What was found. `verdict` is clean, look_ahead, not_repeatable, or nothing_decided where there is no decision."""

    method: str
    rows: int
    decisions: int = 0
    cuts: int = 0
    differing_cuts: int = 0
    windows: int = 0
    beyond_windows: int = 0
    warm_up: int | None = None
    undecided: int = 0
    repeatable: bool = True
    only_the_end: bool = True
    reach_s: float = 0.0
    early: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        if not self.repeatable:
            return "not_repeatable"
        if self.differing_cuts:
            return "look_ahead"
        return "clean" if self.decisions else "nothing_decided"

    def to_json(self) -> dict[str, Any]:
        """The audit as JSON values."""
        return {
            "verdict": self.verdict,
            "method": self.method,
            "rows": self.rows,
            "decisions": self.decisions,
            "cuts": self.cuts,
            "differing_cuts": self.differing_cuts,
            "windows": self.windows,
            "beyond_windows": self.beyond_windows,
            "warm_up": self.warm_up,
            "findings": [finding.to_json() for finding in self.findings()],
            "examples": self.examples,
        }

    def findings(self) -> Iterator[Finding]:
        """What a reader should know, the gravest first."""
        if not self.repeatable:
            yield Finding("not_repeatable", "the same data gave two different answers", 2, 1)
        elif self.differing_cuts:
            what = "where the data ends" if self.only_the_end else "what happens after it"
            text = (
                f"at {self.differing_cuts} of {self.cuts} instants a decision depends on {what}; what was decided "
                f"earlier than that instant changed too, up to {self.reach_s:g} s before it"
            )
            yield Finding("look_ahead", text, self.differing_cuts, 0)
        if self.beyond_windows:
            text = (
                f"{self.beyond_windows} of {self.windows} decisions need more than {WINDOWS[-1]} rows of the past: the "
                "strategy remembers, so a start in the middle of a market decides differently for a while"
            )
            yield Finding("long_memory", text, self.beyond_windows, 0)
        if self.early:
            text = (
                f"{self.early} decisions fell within the first {self.warm_up} rows of a symbol, which is what the "
                "strategy needs to know before it decides as it will later"
            )
            yield Finding("decided_in_warm_up", text, self.early, 0)
        if self.undecided:
            text = f"{self.undecided} instants could not be judged: {self.failures[0]}"
            yield Finding("fails_on_less_data", text, self.undecided, 0)
        if not self.decisions:
            yield Finding("nothing_decided", "the strategy decided nothing, so nothing could be audited", 0, 1)


def audit(
    make: Callable[[], Strategy],
    data: TickData | BarData,
    terms: Terms,
    options: AuditOptions,
    *,
    progress: Callable[[float], None] | None = None,
) -> Audit:
    """Audit a strategy on data. `make` gives it anew for each try. Raises BacktestError where it fails on the whole."""
    say = progress or (lambda _share: None)
    if isinstance(make(), TargetStrategy):
        return _Columns(make, data, options, say).run()
    return _by_events(make, data, terms, options, say)


@dataclass(slots=True)
class _Columns:
    """The audit of a column of targets."""

    make: Callable[[], Strategy]
    data: TickData | BarData
    options: AuditOptions
    say: Callable[[float], None]
    whole: pl.Series = field(init=False)
    found: Audit = field(init=False)
    symbols: int = field(init=False)

    def targets(self, data: TickData | BarData) -> pl.Series:
        """The column on some data, with what is kept as null."""
        strategy = cast("TargetStrategy", self.make())
        column = whole_targets(strategy.targets(data), data.frame.height)
        return column.replace(KEEP, None) if column.null_count() < len(column) else column

    def run(self) -> Audit:
        self.whole = self.targets(self.data)
        self.symbols = max(1, len(self.data.symbols))
        changes = self._changes()
        self.found = Audit("targets", self.data.frame.height, decisions=len(changes))
        self.found.repeatable = self.targets(self.data).equals(self.whole, null_equal=True)
        if not self.found.repeatable:
            return self.found
        half = min(self.options.cuts // 2, len(changes))
        times = self.data.times_us
        cuts = chosen_cuts(times, changes, count=half, others=self.options.cuts - half, seed=self.options.seed)
        for done, cut in enumerate(cuts):
            self.say(done / (len(cuts) + 1))
            self._without_future(cut)
        self._windows(changes)
        return self.found

    def _changes(self) -> list[int]:
        """Rows at which what is to be held changes."""
        frame = pl.DataFrame({"symbol": self.data.frame["symbol"], "target": self.whole})
        held = pl.col("target").forward_fill().over("symbol").fill_null(0)
        frame = frame.with_columns(held=held)
        changed = pl.col("held") != pl.col("held").shift(1).over("symbol").fill_null(0)
        return frame.select(changed.arg_true()).to_series().to_list()

    def _tried(self, data: TickData | BarData) -> pl.Series | None:
        """The column on less data; None where the strategy fails on it, which is counted and accuses nobody."""
        try:
            return self.targets(data)
        except Exception as error:  # noqa: BLE001 - somebody else's code, on data it was not tried with
            self.found.undecided += 1
            self.found.failures.append(f"{type(error).__name__}: {error}"[:200])
            return None

    def _without_future(self, cut: int) -> bool:
        """Whether a decision up to the cut is another one without what comes after it."""
        known = self._tried(known_until(self.data, cut))
        if known is None:
            return False
        self.found.cuts += 1
        wrong = self._differing(known, cut)
        if not len(wrong):
            return False
        self.found.differing_cuts += 1
        other = self._tried(with_another_future(self.data, cut))
        if other is None or len(self._differing(other.head(cut), cut)):
            self.found.only_the_end = False
        self._remember(known, cut, wrong)
        return True

    def _differing(self, column: pl.Series, cut: int) -> pl.Series:
        return column.head(cut).ne_missing(self.whole.head(cut)).arg_true()

    def _remember(self, known: pl.Series, cut: int, wrong: pl.Series) -> None:
        times = self.data.times_us
        at = int(wrong[0])
        self.found.reach_s = max(self.found.reach_s, (times[cut - 1] - times[at]) / 1e6)
        if len(self.found.examples) < EXAMPLES:
            last = int(wrong[-1])
            self.found.examples.append(
                {
                    "row": last,
                    "symbol": self.data.frame["symbol"][last],
                    "ts_us": int(times[last]),
                    "known_until_us": int(times[cut - 1]),
                    "decided": self.whole[last],
                    "without_future": known[last],
                }
            )

    def _windows(self, changes: list[int]) -> None:
        """Every change again from the rows before it alone."""
        times = self.data.times_us
        cuts = chosen_cuts(times, changes, count=self.options.changes, others=0, seed=self.options.seed)
        measured = set(spread_over(cuts, MEASURED))
        doubtful: list[int] = []
        needs: dict[int, int] = {}
        for cut in cuts:
            if not self._agrees(cut, WINDOWS[-1]):
                doubtful.append(cut)
            elif cut in measured:
                needs[cut] = self._shortest(cut)
        self.found.windows = len(cuts)
        remembers = [cut for cut in spread_over(doubtful, self.options.cuts) if not self._without_future(cut)]
        self.found.beyond_windows = len(doubtful) if remembers else 0
        if needs and not doubtful:
            self.found.warm_up = self._exact(needs)
            self.found.early = sum(row < self.found.warm_up * self.symbols for row in changes)

    def _agrees(self, cut: int, window: int) -> bool:
        """Whether a window says of the cut's instant what the whole said; one from the beginning does."""
        rows = window * self.symbols
        if rows >= cut:
            return True
        column = self._tried(within_window(self.data, cut, rows))
        if column is None:
            return True
        times = self.data.times_us
        first = int(times.head(cut).search_sorted(times[cut - 1], side="left"))
        count = min(cut - first, rows)
        return column.tail(count).equals(self.whole.slice(cut - count, count), null_equal=True)

    def _shortest(self, cut: int) -> int:
        """The shortest window that agrees, and all longer ones with it."""
        best = WINDOWS[-1]
        for window in reversed(WINDOWS[:-1]):
            if not self._agrees(cut, window):
                break
            best = window
        return best

    def _exact(self, needs: dict[int, int]) -> int:
        """The shortest window with which those changes agree that need the longest."""
        enough = max(needs.values())
        hardest = spread_over([cut for cut, need in needs.items() if need == enough], EXAMPLES)
        short = enough // 2 if enough > WINDOWS[0] else 0
        while enough - short > 1:
            middle = (enough + short) // 2
            if all(self._agrees(cut, middle) for cut in hardest):
                enough = middle
            else:
                short = middle
        return enough


def _by_events(
    make: Callable[[], Strategy],
    data: TickData | BarData,
    terms: Terms,
    options: AuditOptions,
    say: Callable[[float], None],
) -> Audit:
    """The audit of a strategy that is asked event by event: its beginning must not depend on what follows."""
    found = Audit("orders", data.frame.height)
    if not options.cuts:
        found.decisions = 1
        found.method = "by construction"
        return found
    whole = play(make(), data, terms)
    fills = whole.fills()
    found.decisions = len(fills["ts_us"])
    rows = [int(row) for row in data.times_us.search_sorted(pl.Series(list(fills["ts_us"]), dtype=pl.Int64))]
    last = data.frame.height - 1
    half = options.cuts // 2
    cuts = chosen_cuts(
        data.times_us,
        [min(row, last) for row in rows],
        count=half,
        others=options.cuts - half,
        seed=options.seed,
    )
    equity = pl.Series(whole.equity, dtype=pl.Float64)
    found.repeatable = pl.Series(play(make(), data, terms).equity, dtype=pl.Float64).equals(equity)
    for done, cut in enumerate(cuts if found.repeatable else ()):
        say(done / len(cuts))
        try:
            known = pl.Series(play(make(), known_until(data, cut), terms).equity, dtype=pl.Float64)
        except BacktestError as error:
            found.undecided += 1
            found.failures.append(str(error)[:200])
            continue
        found.cuts += 1
        wrong = (known != equity.head(cut)).arg_true()
        if len(wrong):
            found.differing_cuts += 1
            found.only_the_end = False
            at = int(wrong[0])
            found.reach_s = max(found.reach_s, (data.times_us[cut - 1] - data.times_us[at]) / 1e6)
            known_until_us = int(data.times_us[cut - 1])
            found.examples.append({"row": at, "ts_us": int(data.times_us[at]), "known_until_us": known_until_us})
    return found
