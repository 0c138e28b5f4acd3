"""The state machine of a deployment window. Pure: states in, the next state and the reason out.

    planned → armed → active → baking → done
                 ↘ blocked        ↘ rolled back
    planned, armed, blocked → expired          any that is live → rolled back by the kill switch

Unknown means no: a calendar that is not verified, a health nobody knows and a window nobody saw begin all deny.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from thor_web.timezones.services.clock import Clock, UnknownMarketError
from thor_web.timezones.services.instants import instant, seconds
from thor_web.timezones.services.schedule import busy_spans, open_spans

__all__ = [
    "FINAL_STATES",
    "LIVE_STATES",
    "STATES",
    "Decision",
    "DeploymentState",
    "Surroundings",
    "Window",
    "decide",
    "problem_with",
]

DeploymentState = Literal["planned", "armed", "active", "baking", "done", "rolled_back", "expired", "blocked"]
STATES: Final[tuple[DeploymentState, ...]] = (
    "planned",
    "armed",
    "active",
    "baking",
    "done",
    "rolled_back",
    "expired",
    "blocked",
)
FINAL_STATES: Final[frozenset[DeploymentState]] = frozenset({"done", "rolled_back", "expired"})
LIVE_STATES: Final[frozenset[DeploymentState]] = frozenset({"active", "baking", "done"})
"""In these the feature is on."""
MARGIN: Final = timedelta(minutes=5)
"""A rollback must be over this long before the next open."""


@dataclass(frozen=True, slots=True)
class Window:
    """What an operator planned. `quiet_s`: how long after activation no market may open.

    `required_state`: all_closed (no open phase), all_quiet (no pre or post either), or any.
    """

    feature: str
    opens_at: datetime
    closes_at: datetime
    markets: tuple[str, ...]
    required_state: str
    quiet_s: int
    bake_s: int
    rollback_deadline: datetime
    state: DeploymentState
    since: datetime
    armed: bool
    killed: bool
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else counts now. `healthy` None: nobody knows."""

    maintenance: str | None
    healthy: bool | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The state from now on and why."""

    state: DeploymentState
    reason: str


def decide(window: Window, clock: Clock, surroundings: Surroundings, now: datetime) -> Decision | None:
    """The next state, None where it stays as it is. Called again until nothing changes."""
    state = window.state
    if window.killed:
        return _killed(state)
    if state in FINAL_STATES:
        return None
    if state in LIVE_STATES:
        return _while_live(window, surroundings, now)
    if now >= window.closes_at:
        return Decision("expired", "the window ended without it: nothing is activated late")
    if state == "planned":
        return Decision("armed", "armed by an operator") if window.armed else None
    return _before_activation(window, clock, surroundings, now)


def _killed(state: DeploymentState) -> Decision | None:
    if state in LIVE_STATES:
        return Decision("rolled_back", "the kill switch")
    return None if state in FINAL_STATES else Decision("expired", "called off before it began")


def _before_activation(window: Window, clock: Clock, surroundings: Surroundings, now: datetime) -> Decision | None:
    if now < window.opens_at:
        return None
    fault = denial(window, clock, surroundings, now)
    if fault is None:
        return Decision("active", "inside the window, and every condition holds")
    if window.state == "armed":
        return Decision("blocked", fault)
    return None


def denial(window: Window, clock: Clock, surroundings: Surroundings, now: datetime) -> str | None:
    """Why it may not be activated now, None where it may."""
    if surroundings.maintenance is not None:
        return f"maintenance is on: {surroundings.maintenance}"
    if surroundings.healthy is not True:
        return (
            "the health before the change is not good" if surroundings.healthy is False else "the health is not known"
        )
    if window.rollback_deadline <= now:
        return "the rollback deadline has passed"
    return market_denial(window, clock, now)


def market_denial(window: Window, clock: Clock, now: datetime) -> str | None:
    """What of the markets speaks against it, None where nothing does."""
    at = seconds(now)
    until = max(at + window.quiet_s, seconds(window.rollback_deadline + MARGIN))
    spans_of = busy_spans if window.required_state == "all_quiet" else open_spans
    for name in window.markets:
        try:
            market = clock.market(name)
        except UnknownMarketError:
            return f"there is no market {name}"
        if not market.scheduled(at).verified:
            return f"the calendar of {name} is not verified for now"
        if window.required_state == "any":
            continue
        reading, halt = market.reading(at)
        if halt is not None:
            return f"{name} is halted: nobody knows when it opens"
        busy = spans_of(market, at, until)
        if busy and busy[0][0] <= at:
            return f"{name} is {reading.phase}"
        if busy:
            return f"{name} opens at {instant(busy[0][0]):%Y-%m-%d %H:%M}Z, before the rollback would be over"
    return None


def _while_live(window: Window, surroundings: Surroundings, now: datetime) -> Decision | None:
    good = window.confirmed or surroundings.healthy is True
    if surroundings.healthy is False:
        return Decision("rolled_back", "the health check failed")
    if window.state == "active":
        return Decision("baking", "the health check passed") if good else _deadline(window, now)
    if (now - window.since).total_seconds() >= window.bake_s and good:
        return Decision("done", f"healthy for {window.bake_s} s")
    return _deadline(window, now)


def _deadline(window: Window, now: datetime) -> Decision | None:
    if now >= window.rollback_deadline:
        return Decision("rolled_back", "not proved healthy by the rollback deadline")
    return None


def problem_with(window: Window, clock: Clock) -> str | None:
    """What contradicts itself in a plan, None where nothing does."""
    baked_by = window.opens_at + timedelta(seconds=window.bake_s)
    faults = (
        (window.closes_at <= window.opens_at, "The window would end before it begins."),
        (window.rollback_deadline <= window.opens_at, "The rollback deadline lies before the window."),
        (window.rollback_deadline < baked_by, "The rollback deadline comes before the change can have baked."),
    )
    fault = next((text for wrong, text in faults if wrong), None)
    return fault or _problem_with_markets(window, clock)


def _problem_with_markets(window: Window, clock: Clock) -> str | None:
    if window.required_state == "any":
        return None
    spans_of = busy_spans if window.required_state == "all_quiet" else open_spans
    for name in window.markets:
        market = clock.market(name)
        opens = spans_of(market, seconds(window.opens_at), seconds(window.rollback_deadline + MARGIN))
        if opens:
            at = f"{instant(opens[0][0]):%Y-%m-%d %H:%M}Z"
            return f"{name} opens at {at}: the rollback deadline must lie 5 minutes before."
        if not market.scheduled(seconds(window.opens_at)).verified:
            return f"The calendar of {name} is not verified then: unknown means no."
    return None
