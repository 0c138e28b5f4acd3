"""The bars and the rule that Thor and its peers are compared on: a seeded walk on a quarter-point grid."""

import random

__all__ = ["CASH", "COUNT", "FAST", "FEE_RATE", "SLIPPAGE_RATE", "SLOW", "bars", "held_at"]

COUNT, FAST, SLOW = 3_000, 10, 40
CASH = 1_000_000.0
FEE_RATE, SLIPPAGE_RATE = 2e-5, 1e-5


def bars() -> list[tuple[float, float, float, float]]:
    """Open, high, low and close, each a multiple of a quarter."""
    chosen = random.Random(23)
    price, rows = 19_200, []
    for _ in range(COUNT):
        opened = price + chosen.choice((-1, 0, 0, 1))
        price = opened + chosen.randint(-4, 4)
        high, low = max(opened, price) + chosen.randint(0, 2), min(opened, price) - chosen.randint(0, 2)
        rows.append(tuple(value / 4 for value in (opened, high, low, price)))
    return rows  # type: ignore[return-value]  # four of each


def held_at() -> list[bool]:
    """Whether a contract is held during each bar: the short mean was above the long one at the close before it."""
    closes = [round(row[3] * 4) for row in bars()]
    wanted = [
        at + 1 >= SLOW and sum(closes[at + 1 - FAST : at + 1]) * SLOW > sum(closes[at + 1 - SLOW : at + 1]) * FAST
        for at in range(COUNT)
    ]
    return [False, *wanted[:-1]]
