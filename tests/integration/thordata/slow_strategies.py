"""Strategies that never return, want everything, or fail."""

import itertools

from thor_fast import Broker, SeenBar
from thor_web.thordata.backtest.strategy import EventStrategy


class Never(EventStrategy):
    name = "never"
    summary = "Thinks for ever."

    def on_bar(self, bar: SeenBar, broker: Broker) -> int | None:
        for _ in itertools.count():
            pass
        return None


class Greedy(EventStrategy):
    name = "greedy"
    summary = "Wants all memory."

    def on_bar(self, bar: SeenBar, broker: Broker) -> int | None:
        self.hoard = bytearray(8 << 30)
        return None


class Fails(EventStrategy):
    name = "fails"
    summary = "Fails at the first bar."

    def on_bar(self, bar: SeenBar, broker: Broker) -> int | None:
        raise RuntimeError("no")
