"""Strategies on minute bars: the cross of two means with costs and its equity curve, beside other engines.

The series is a seeded random walk on a quarter-point grid. Fee 2e-5 and slippage 1e-5 of the value; decided at a close,
filled at the next open. Every peer must give the same final equity before it is timed, to 1e-6.
"""

import random
from array import array
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from benchmarks.measure import Contender, Measured, Sampler, compare, timed
from thor_fast import (
    BacktestBars,
    BacktestContract,
    BacktestRules,
    BarSeries,
    Broker,
    Column,
    SeenBar,
    play_strategy,
    return_figures,
    returns_of,
)

__all__ = ["mean_cross", "mean_cross_slow_peers", "python_strategy", "sweep", "with_figures"]

BARS: Final = 1_800_000
FEW: Final = 50_000
FAST, SLOW = 20, 100
CASH: Final = 1_000_000.0
COSTS: Final[dict[str, Any]] = {"fee_rate": 2e-5, "slippage_rate": 1e-5}
QUARTER: Final = 250_000_000
COMBINATIONS: Final = 1_000


@cache
def ticks(count: int) -> tuple["array[int]", "array[int]"]:
    """Opens and closes in nanos."""
    chosen = random.Random(7)
    closes = array("q", bytes(8 * count))
    opens = array("q", bytes(8 * count))
    price = 19_200
    steps = chosen.choices((-3, -2, -1, 0, 1, 2, 3), k=count)
    gaps = chosen.choices((-1, 0, 0, 1), k=count)
    for at in range(count):
        opens[at] = (price + gaps[at]) * QUARTER
        price = max(400, price + steps[at])
        closes[at] = price * QUARTER
    return opens, closes


@cache
def series(count: int) -> BarSeries:
    opens, closes = ticks(count)
    return BarSeries(open=opens, high=closes, low=closes, close=closes)


def run(count: int) -> Column:
    """Thor's equity curve."""
    prepared = series(count)
    return prepared.trade(prepared.mean_cross(FAST, SLOW), cash=CASH, **COSTS)[0]


def points(count: int) -> tuple[Any, Any]:
    """Opens and closes as numpy arrays of doubles."""
    import numpy as np

    return tuple(np.frombuffer(column, dtype=np.int64) / 1e9 for column in ticks(count))  # type: ignore[return-value]


def signals(count: int) -> tuple[Any, Any]:
    """Where vectorised peers enter and leave: the position wanted at a close is taken at the next bar."""
    import numpy as np

    _, closes = ticks(count)
    steps = np.frombuffer(closes, dtype=np.int64) // QUARTER
    sums = np.concatenate([[0], np.cumsum(steps)])
    wanted = np.zeros(count, dtype=bool)
    fast = sums[SLOW:] - sums[SLOW - FAST : -FAST]
    slow = sums[SLOW:] - sums[:-SLOW]
    wanted[SLOW - 1 :] = fast * SLOW > slow * FAST
    held = np.concatenate([[False], wanted[:-1]])
    before = np.concatenate([[False], held[:-1]])
    return held & ~before, ~held & before


def portfolio(count: int) -> Any:
    """vectorbt's run of it, as its documentation recommends: compiled, from signals, at given prices."""
    import vectorbt as vbt

    opens, closes = points(count)
    entries, exits = signals(count)
    return vbt.Portfolio.from_signals(
        closes, entries, exits, price=opens, size=1.0, fees=COSTS["fee_rate"], slippage=COSTS["slippage_rate"],
        init_cash=CASH, freq="1min", size_type="amount",
    )  # fmt: skip


def close_to(found: float, wanted: float) -> None:
    assert abs(found - wanted) <= 1e-6 * abs(wanted), (found, wanted)


def thor_run(count: int = BARS) -> Contender:
    def prepare() -> Sampler:
        series(count)
        return timed(lambda: run(count), count)

    return Contender("Thor", prepare)


def vectorbt_run(count: int, use: Callable[[Any], Any], name: str) -> Contender:
    def prepare() -> Sampler:
        close_to(float(portfolio(count).value().iloc[-1]), run(count)[-1])
        entries = signals(count)
        arrays = points(count)
        import vectorbt as vbt

        def work() -> Any:
            made = vbt.Portfolio.from_signals(
                arrays[1], *entries, price=arrays[0], size=1.0, fees=COSTS["fee_rate"],
                slippage=COSTS["slippage_rate"], init_cash=CASH, freq="1min", size_type="amount",
            )  # fmt: skip
            return use(made)

        return timed(work, count)

    return Contender(name, prepare)


def memory_pass() -> Contender:
    """One pass over the two columns: what reading them costs at the least."""

    def prepare() -> Sampler:
        opens, closes = points(BARS)
        return timed(lambda: (opens.sum(), closes.sum()), BARS)

    return Contender("numpy sum of both columns", prepare)


def mean_cross() -> list[Measured]:
    """The whole series, signals and equity."""
    peers = {"vectorbt": vectorbt_run(BARS, lambda it: it.value(), "vectorbt from_signals + value")}
    return compare("sma", "ns/bar", thor_run(), peers=peers, limit=memory_pass(), rounds=5)


def backtesting_py() -> Contender:
    """Its spread is charged on entry only: so only the entry slips, and Thor is compared with the exit's put back."""

    def prepare() -> Sampler:
        import pandas as pd
        from backtesting import Backtest, Strategy

        opens, closes = points(FEW)
        index = pd.date_range("2020-01-01", periods=FEW, freq="1min")
        frame = pd.DataFrame({"Open": opens, "High": closes, "Low": closes, "Close": closes}, index=index)
        frame["High"] = frame[["Open", "Close"]].max(axis=1)
        frame["Low"] = frame[["Open", "Close"]].min(axis=1)
        entries, exits = signals(FEW)

        class Cross(Strategy):  # type: ignore[misc]
            def init(self) -> None:
                self.at = 0

            def next(self) -> None:
                at = len(self.data) - 1
                if at + 1 < FEW and entries[at + 1]:
                    self.buy(size=1)
                elif at + 1 < FEW and exits[at + 1]:
                    self.position.close()

        def work() -> Any:
            test = Backtest(frame, Cross, cash=CASH, commission=COSTS["fee_rate"], spread=0.0, trade_on_close=False)
            return test.run()

        without = {"fee_rate": COSTS["fee_rate"]}
        prepared = series(FEW)
        equity = prepared.trade(prepared.mean_cross(FAST, SLOW), cash=CASH, **without)[0]
        close_to(float(work()["_equity_curve"]["Equity"].iloc[-2]), equity[-2])
        return timed(work, FEW)

    return Contender("backtesting.py", prepare)


def backtrader() -> Contender:
    """Cheat-on-open is off: orders of one bar are filled at the next open, as Thor does."""

    def prepare() -> Sampler:
        import backtrader as bt
        import pandas as pd

        opens, closes = points(FEW)
        index = pd.date_range("2020-01-01", periods=FEW, freq="1min")
        frame = pd.DataFrame(
            {"open": opens, "high": closes, "low": closes, "close": closes, "volume": 0.0}, index=index
        )
        frame["high"], frame["low"] = frame[["open", "close"]].max(axis=1), frame[["open", "close"]].min(axis=1)
        entries, exits = signals(FEW)

        class Cross(bt.Strategy):  # type: ignore[misc]
            def next(self) -> None:
                at = len(self) - 1
                if at + 1 < FEW and entries[at + 1]:
                    self.buy(size=1)
                elif at + 1 < FEW and exits[at + 1]:
                    self.close()

        def work() -> float:
            cerebro = bt.Cerebro(stdstats=False)
            cerebro.adddata(bt.feeds.PandasData(dataname=frame))
            cerebro.addstrategy(Cross)
            cerebro.broker.setcash(CASH)
            cerebro.broker.setcommission(commission=COSTS["fee_rate"])
            cerebro.broker.set_slippage_perc(COSTS["slippage_rate"], slip_open=True, slip_match=True, slip_out=True)
            cerebro.run()
            return float(cerebro.broker.getvalue())

        close_to(work(), run(FEW)[-1])
        return timed(work, FEW)

    return Contender("backtrader", prepare)


def mean_cross_slow_peers() -> list[Measured]:
    """Engines that ask Python at every bar, on a shorter series; the cost is that of one bar."""
    peers = {"backtesting": backtesting_py(), "backtrader": backtrader()}
    return compare("sma", "ns/bar", thor_run(FEW), peers=peers, rounds=3)


def with_figures() -> list[Measured]:
    """The run and every figure of its returns, against vectorbt's stats."""

    def prepare() -> Sampler:
        return timed(lambda: return_figures(returns_of(run(FEW), start=CASH)), FEW)

    peers = {"vectorbt": vectorbt_run(FEW, lambda it: it.stats(), "vectorbt from_signals + stats")}
    return compare("sma-figures", "ns/bar", Contender("Thor", prepare), peers=peers, rounds=3)


@cache
def pairs() -> list[tuple[int, int]]:
    return [(fast, slow) for fast in range(5, 55, 2) for slow in range(60, 260, 5)][:COMBINATIONS]


def sweep() -> list[Measured]:
    """A thousand pairs with exact drawdowns on two threads; processor time a pair and bar, so a core's."""

    def thor() -> Sampler:
        prepared = series(BARS)
        few = pairs()[::200]
        rows = prepared.sweep_mean_cross(few, cash=CASH, threads=2, **COSTS)
        for at, (fast, slow) in enumerate(few):
            alone = prepared.trade(prepared.mean_cross(fast, slow), cash=CASH, **COSTS)[0]
            assert rows["equity"][at] == alone[-1]

        def work() -> Any:
            return prepared.sweep_mean_cross(pairs(), cash=CASH, threads=2, **COSTS)

        return timed(work, BARS * COMBINATIONS)

    def of_vectorbt() -> Sampler:
        use: Callable[[Any], Any] = lambda it: (it.final_value(), it.max_drawdown())  # noqa: E731
        return vectorbt_run(BARS, use, "").prepare()

    peers = {"vectorbt": Contender("vectorbt, one pair", of_vectorbt)}
    return compare("sweep", "ns/pair and bar", Contender("Thor", thor), peers=peers, rounds=3)


def python_strategy() -> list[Measured]:
    """The same rule in Python, bar by bar, against an engine that does no more than call it."""
    count = 200_000
    opens, closes = ticks(count)
    minute = 60_000_000
    bars = BacktestBars(
        ids=array("I", bytes(4 * count)),
        start_us=array("q", range(0, minute * count, minute)),
        end_us=array("q", range(minute, minute * (count + 1), minute)),
        open=opens, high=array("q", map(max, opens, closes)), low=array("q", map(min, opens, closes)), close=closes,
        volume=array("q", [-1]) * count,
    )  # fmt: skip
    contract = [BacktestContract("ES", multiplier=1, fee_rate=COSTS["fee_rate"], slippage_rate=COSTS["slippage_rate"])]
    rules = BacktestRules(cash=CASH)

    def strategy() -> Callable[[SeenBar, Broker], int | None]:
        kept: deque[float] = deque([0.0] * SLOW, maxlen=SLOW)
        brief = long = 0.0
        seen = 0

        def call(bar: SeenBar, _broker: Broker) -> int | None:
            nonlocal brief, long, seen
            close = bar.close
            brief += close - kept[SLOW - FAST]
            long += close - kept[0]
            kept.append(close)
            seen += 1
            return None if seen < SLOW else int(brief * SLOW > long * FAST)

        return call

    def thor() -> Sampler:
        close_to(play_strategy(bars, contract, rules, strategy()).equity[-1], run(count)[-1])
        return timed(lambda: play_strategy(bars, contract, rules, strategy()), count)

    peers = {"backtrader": backtrader()}
    return compare("python-strategy", "ns/bar", Contender("Thor", thor), peers=peers, rounds=3)
