"""The phases of a market and the steps by which a day's hours are written. Facts and their text form; no dates."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from thor_fast import MARKET_PHASES

__all__ = ["CLOSED", "HALT", "OPEN_PHASES", "PHASES", "HoursError", "Step", "hours_from_text", "hours_to_text"]

CLOSED: Final = "closed"
HALT: Final = "halt"
PHASES: Final = tuple(MARKET_PHASES)
OPEN_PHASES: Final = frozenset(name for name, is_open in MARKET_PHASES.items() if is_open)
"""Both mean open; `regular` is the word of a market that also has pre and post."""

DAY_S: Final = 86_400
STEP: Final = re.compile(r"(-?)([0-2]\d):([0-5]\d)(?::([0-5]\d))? ([a-z]+)")


class HoursError(ValueError):
    """Hours that contradict themselves or cannot be read."""


@dataclass(frozen=True, slots=True)
class Step:
    """From this moment of a trade date on the market is in this phase.

    `at_s` is local seconds after midnight of the trade date; negative on the evening before.
    """

    at_s: int
    phase: str


@lru_cache(maxsize=4096)
def hours_from_text(text: str) -> tuple[Step, ...] | None:
    """Read `-17:00 open 16:00 closed` (a `-` is the evening before), or None for the word `closed` alone.

    Raises HoursError.
    """
    words = " ".join(text.split())
    if words == CLOSED:
        return None
    steps: list[Step] = []
    end = 0
    for match in STEP.finditer(words):
        if words[end : match.start()].strip():
            break
        end = match.end()
        before, hours, minutes, seconds, phase = match.groups()
        at_s = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
        steps.append(Step(at_s - DAY_S if before else at_s, phase))
    if not steps or words[end:].strip():
        raise HoursError(f"hours are `closed` or steps such as `09:30 open 16:00 closed`, was {text.strip()!r}")
    _check(steps)
    return tuple(steps)


def _check(steps: list[Step]) -> None:
    for step in steps:
        if step.phase not in PHASES:
            raise HoursError(f"a phase is one of {', '.join(PHASES)}, was {step.phase!r}")
        if not -DAY_S <= step.at_s <= DAY_S:
            raise HoursError("a time is between -00:00 and 24:00")
    for one, other in pairwise(steps):
        if other.at_s <= one.at_s:
            raise HoursError(f"the step to {other.phase!r} is not later than the one to {one.phase!r} before it")
        if other.phase == one.phase:
            raise HoursError(f"two steps in a row lead to {one.phase!r}")
        if one.phase == CLOSED:
            raise HoursError("`closed` ends a day's hours: a break within them is `lunch` or `halt`")
    if len(steps) < 2 or steps[-1].phase != CLOSED:
        raise HoursError("hours end with a step to `closed`")
    if not any(step.phase in OPEN_PHASES for step in steps):
        raise HoursError("hours without an `open` or `regular` phase are `closed`")


def hours_to_text(steps: tuple[Step, ...] | None) -> str:
    """What `hours_from_text` reads."""
    if steps is None:
        return CLOSED
    return " ".join(f"{_time(step.at_s)} {step.phase}" for step in steps)


def _time(at_s: int) -> str:
    sign, rest = ("-", at_s + DAY_S) if at_s < 0 else ("", at_s)
    text = f"{sign}{rest // 3600:02d}:{rest % 3600 // 60:02d}"
    return f"{text}:{rest % 60:02d}" if rest % 60 else text
