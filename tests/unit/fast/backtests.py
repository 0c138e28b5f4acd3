"""Small markets for the tests of the backtest kernel: prices as they are written down, turned into its columns."""

from array import array
from collections.abc import Callable, Sequence
from typing import Any

from thor_fast import (
    BacktestBars,
    BacktestContract,
    BacktestQuotes,
    BacktestRules,
    BacktestRun,
    Broker,
    play_strategy,
    play_targets,
)

MISSING = -(2**63)
KEEP = -(2**31)
SECOND = 1_000_000

Quote = tuple[int, float | None, float | None, float | None, int, int]
"""Seconds, bid, ask, last, bid size, ask size."""


def nanos(price: float | None) -> int:
    return MISSING if price is None else round(price * 1_000_000_000)


def quotes_of(rows: Sequence[Quote], *, ids: Sequence[int] = (), contract: Sequence[int] = ()) -> BacktestQuotes:
    """Quotes of one instrument, or of those that `ids` names."""
    return BacktestQuotes(
        ids=array("I", ids or [0] * len(rows)),
        ts_us=array("q", [row[0] * SECOND for row in rows]),
        bid=array("q", [nanos(row[1]) for row in rows]),
        ask=array("q", [nanos(row[2]) for row in rows]),
        last=array("q", [nanos(row[3]) for row in rows]),
        bid_size=array("i", [row[4] for row in rows]),
        ask_size=array("i", [row[5] for row in rows]),
        contract=array("I", contract) if contract else None,
    )


def bars_of(rows: Sequence[tuple[float, float, float, float]], *, volume: int = -1, seconds: int = 60) -> BacktestBars:
    """Bars of one instrument: open, high, low, close, one behind the other."""
    count = len(rows)
    return BacktestBars(
        ids=array("I", [0] * count),
        start_us=array("q", [at * seconds * SECOND for at in range(count)]),
        end_us=array("q", [(at + 1) * seconds * SECOND for at in range(count)]),
        open=array("q", [nanos(row[0]) for row in rows]),
        high=array("q", [nanos(row[1]) for row in rows]),
        low=array("q", [nanos(row[2]) for row in rows]),
        close=array("q", [nanos(row[3]) for row in rows]),
        volume=array("q", [volume] * count),
    )


def contract(**options: Any) -> BacktestContract:
    return BacktestContract("ES", **({"multiplier": 50, "tick": 0.25} | options))


def follow(
    events: BacktestQuotes | BacktestBars,
    targets: Sequence[int],
    *,
    contracts: Sequence[BacktestContract] = (),
    **rules: Any,
) -> BacktestRun:
    """Contracts to hold after each event."""
    return play_targets(
        events, list(contracts) or [contract()], BacktestRules(**({"cash": 100_000} | rules)), array("i", targets)
    )


def script(
    events: BacktestQuotes | BacktestBars,
    steps: dict[int, Callable[[Broker], object]],
    *,
    contracts: Sequence[BacktestContract] = (),
    **rules: Any,
) -> BacktestRun:
    """What to do after the event of that number."""
    count = iter(range(len(events)))

    def call(_event: object, broker: Broker) -> None:
        step = steps.get(next(count))
        if step is not None:
            step(broker)

    chosen = list(contracts) or [contract()]
    return play_strategy(events, chosen, BacktestRules(**({"cash": 100_000} | rules)), call)


def fills_of(run: BacktestRun) -> list[tuple[float, int, float]]:
    """Seconds, contracts and price of each execution."""
    fills = run.fills()
    rows = zip(fills["ts_us"], fills["quantity"], fills["price"], strict=True)
    return [(ts_us / SECOND, quantity, price) for ts_us, quantity, price in rows]


def codes_of(run: BacktestRun) -> list[str]:
    return [code for *_, code in run.notes()]
