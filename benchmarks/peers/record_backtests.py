"""Records what vectorbt, backtrader and backtesting.py make of the suite's bars.

Run it with `python -m benchmarks.peers.record_backtests`.

They want other versions of shared packages than Thor's tools, so the suite compares Thor with this record, which names
the versions that made it. The benchmarks compare with the engines themselves.
"""

import json
from importlib.metadata import version
from typing import Any, Final

from benchmarks.inputs import ROOT
from benchmarks.peers.backtest_environment import add_peers
from tests.unit.fast.peer_bars import CASH, FEE_RATE, SLIPPAGE_RATE, bars, held_at

RECORD: Final = ROOT / "tests" / "golden" / "peer_backtests.json"


def changes() -> list[int]:
    """1 where a bar's open buys, -1 where it sells."""
    held = held_at()
    return [int(now) - int(before) for before, now in zip([False, *held[:-1]], held, strict=True)]


def frame(capital: bool) -> Any:
    import pandas as pd

    names = ["open", "high", "low", "close"]
    made = pd.DataFrame(bars(), columns=[name.capitalize() if capital else name for name in names])
    made.index = pd.date_range("2020-01-01", periods=len(made), freq="1min")
    return made


def by_vectorbt() -> dict[str, Any]:
    import numpy as np
    import vectorbt as vbt

    table, moved = frame(capital=False), np.array(changes())
    made = vbt.Portfolio.from_signals(
        table["close"], moved > 0, moved < 0, price=table["open"], size=1.0, fees=FEE_RATE, slippage=SLIPPAGE_RATE,
        init_cash=CASH, freq="1min", size_type="amount",
    )  # fmt: skip
    trades = made.trades.records
    closed = trades[trades["status"] == 1]
    return {
        "equity": [float(value) for value in made.value()],
        "profits": [float(value) for value in closed["pnl"]],
        "fees": float(made.orders.records["fees"].sum()),
    }


def by_backtrader() -> dict[str, Any]:
    import backtrader as bt

    moved = changes()
    equity: list[float] = []
    profits: list[float] = []

    class Cross(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            at = len(self) - 1
            equity.append(float(self.broker.getvalue()))
            if at + 1 < len(moved) and moved[at + 1] > 0:
                self.buy(size=1)
            elif at + 1 < len(moved) and moved[at + 1] < 0:
                self.close()

        def notify_trade(self, trade: Any) -> None:
            if trade.isclosed:
                profits.append(float(trade.pnlcomm))

    cerebro = bt.Cerebro(stdstats=False)
    table = frame(capital=False)
    table["volume"] = 0.0
    cerebro.adddata(bt.feeds.PandasData(dataname=table))
    cerebro.addstrategy(Cross)
    cerebro.broker.setcash(CASH)
    cerebro.broker.setcommission(commission=FEE_RATE)
    # `slip_match` would take the bar's high or low instead of a worse price beyond it: only `slip_out` slips in full.
    cerebro.broker.set_slippage_perc(SLIPPAGE_RATE, slip_open=True, slip_match=True, slip_out=True)
    cerebro.run()
    return {"equity": equity, "profits": profits}


def by_backtesting_py() -> dict[str, Any]:
    from backtesting import Backtest, Strategy

    moved = changes()

    class Cross(Strategy):  # type: ignore[misc]
        def init(self) -> None:
            self.at = 0

        def next(self) -> None:
            at = len(self.data) - 1
            if at + 1 < len(moved) and moved[at + 1] > 0:
                self.buy(size=1)
            elif at + 1 < len(moved) and moved[at + 1] < 0:
                self.position.close()

    test = Backtest(frame(capital=True), Cross, cash=CASH, commission=FEE_RATE, spread=SLIPPAGE_RATE)
    found = test.run()
    return {
        "equity": [float(value) for value in found["_equity_curve"]["Equity"]],
        "entries": [float(value) for value in found["_trades"]["EntryPrice"]],
        "exits": [float(value) for value in found["_trades"]["ExitPrice"]],
    }


def main() -> None:
    """Write the record."""
    add_peers()
    works = {"vectorbt": by_vectorbt, "backtrader": by_backtrader, "backtesting": by_backtesting_py}
    names = (*works, "numpy", "pandas")
    record = {"versions": {name: version(name) for name in names}} | {name: work() for name, work in works.items()}
    RECORD.write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
