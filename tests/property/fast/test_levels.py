"""Levels against a slow reference, however the events are cut into batches and whoever goes on with what was kept."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from thor_fast import LevelWatch, parse_batch

Known = dict[str, tuple[bool | None, int | None]]
LIMIT = Decimal("100.000000001")
STEP = Decimal("0.000000001")
START_MS = 1_700_000_000_000


@dataclass
class Reference:
    """One level, in so many words."""

    side: str
    rearm: Decimal
    cooldown_ms: int
    armed: bool | None = None
    fired_ms: int | None = None

    def takes(self, price: Decimal, at_ms: int) -> bool:
        """Whether this price is told."""
        behind = LIMIT - price if self.side == "above" else price - LIMIT
        if behind < 0:
            was_armed, self.armed = self.armed is True, False
            cool = self.fired_ms is None or at_ms - self.fired_ms >= self.cooldown_ms
            if was_armed and cool:
                self.fired_ms = at_ms
            return was_armed and cool
        if behind > (0 if self.armed is None else self.rearm):
            self.armed = True
        return False


def watch(side: str, rearm: Decimal, cooldown_ms: int, known: Known) -> LevelWatch:
    made = LevelWatch()
    options: dict[str, Any] = {"measure": "last", "since_ms": 0, "once": False}
    made.add(7, "ES", side=side, limit=LIMIT, rearm=rearm, cooldown_ms=cooldown_ms, known=known, **options)
    return made


@given(
    side=st.sampled_from(["above", "below"]),
    rearm=st.integers(0, 3),
    cooldown_ms=st.integers(0, 5),
    moves=st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 3), st.booleans()), max_size=60),
)
def test_it_tells_what_the_reference_tells(
    side: str, rearm: int, cooldown_ms: int, moves: list[tuple[int, int, bool]]
) -> None:
    reference = Reference(side, rearm * STEP, cooldown_ms)
    current = watch(side, rearm * STEP, cooldown_ms, {})
    at_ms = START_MS
    for steps, wait_ms, dies in moves:
        at_ms += wait_ms
        price = LIMIT + steps * STEP
        event = (
            f'{{"symbol":"ES","ts":{at_ms},"source":"TOS","last":{price},"bid":null,"ask":null,'
            '"lastSize":null,"bidSize":null,"askSize":null}'
        )
        batch, _ = parse_batch([event.encode()])
        told = [(rule, value) for rule, _, value in current.observe(batch, [f"{at_ms}-0"])]
        assert told == ([(7, price)] if reference.takes(price, at_ms) else [])
        if dies:
            current = watch(side, rearm * STEP, cooldown_ms, current.standings(7))
