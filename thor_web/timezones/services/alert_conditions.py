"""When an alert is raised: from what markets, feeds, runs and prices are, to notices that a key makes unique.

Pure: whoever calls this has looked everything up, and enters what comes back at most once by its key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final, Literal

from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.instants import seconds, utc_text
from thor_web.timezones.services.phases import OPEN_PHASES

__all__ = [
    "COMPOSITE",
    "KINDS",
    "QUOTE_KINDS",
    "AlertRule",
    "Feed",
    "Kind",
    "MissedRun",
    "Notice",
    "Side",
    "horizon_notices",
    "lost_notices",
    "missed_notices",
    "stale_notices",
    "threshold_notices",
    "transition_notices",
]

Kind = Literal[
    "opens", "closes", "stale_feed", "source_lost", "missed_trigger", "horizon", "threshold", "change", "signal"
]
QUOTE_KINDS: Final[tuple[Kind, ...]] = ("threshold", "change", "signal")
"""Kinds that `thor signals` decides, which sees every event; of the composite a threshold is decided here."""
KINDS: Final[tuple[Kind, ...]] = (
    *("opens", "closes", "stale_feed", "source_lost", "missed_trigger", "horizon"),
    *QUOTE_KINDS,
)
COMPOSITE: Final = "TOTAL"
"""The composite of all symbols, among the symbols that a threshold or a signal may name."""
Side = Literal["above", "below"]

HORIZON_DAYS: Final = 60
LOST_AFTER_S: Final = 10
"""So long a source may say nothing, where its rule does not say otherwise."""
ENDED: Final = frozenset({"finished", "stopped"})
UNHEARD: Final = frozenset({"missing", "login_needed"})
WARM_UP_S: Final = 60
"""A feed may need this long after an open before it is called stale."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """What an operator wants to be told. `markets` empty: those of the instruments; `symbols` empty: all of theirs.

    `limit` is the price of a threshold, or the seconds of silence that make a feed stale or a source lost. `side` is
    the one that a crossing leads to. `sources` empty: all that are heard.
    """

    id: int
    name: str
    kind: Kind
    severity: str = "info"
    markets: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    limit: Decimal | None = None
    side: Side = "above"
    sources: tuple[str, ...] = ()
    version: int = 1


@dataclass(frozen=True, slots=True)
class Feed:
    """The newest quote of a symbol: its market, its last price, when it came.

    One without a market belongs to several, or to none that is known: only a threshold that names it looks at it.
    """

    symbol: str
    market: str
    last: Decimal | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class MissedRun:
    """A trigger's run that was missed or has failed."""

    id: int
    trigger: str
    market: str
    due_at: datetime
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told once. `key` is the same for the same thing, whoever noticed it.

    `rule_version`, `event_id`, `value` and `mark` (MOCK, REPLAY, DELAYED) say what a rule on quotes saw.
    """

    key: str
    rule_id: int | None
    kind: str
    severity: str
    market: str
    symbol: str
    title: str
    text: str
    rule_version: int | None = None
    event_id: str = ""
    value: Decimal | None = None
    mark: str = ""


def transition_notices(clock: Clock, rule: AlertRule, markets: Iterable[str], since: int, until: int) -> list[Notice]:
    """Openings or closings by the calendar in (since, until]."""
    found: list[Notice] = []
    for name in markets:
        market = clock.market(name)
        if market.timeline.never_closes:
            continue
        before = market.scheduled(since).phase
        for at, phase in market.changes(since + 1, until + 1):
            opened, was_open = phase in OPEN_PHASES, before in OPEN_PHASES
            before = phase
            if opened == was_open or opened != (rule.kind == "opens"):
                continue
            reading = market.scheduled(at)
            until_text = utc_text(reading.next_transition) or "further notice"
            why = f" ({reading.exception.name})" if reading.exception else ""
            word = "open" if opened else "closed"
            title = f"{market.calendar.title} is {word}{why}"
            found.append(
                _notice(rule, f"{name}:{at}", title, f"Since {utc_text(at)}, until {until_text}.", market=name)
            )
    return found


def stale_notices(clock: Clock, rule: AlertRule, feeds: Iterable[Feed], now: datetime) -> list[Notice]:
    """Symbols whose market is really open and whose last quote is too old. One notice a silence."""
    limit_s = float(rule.limit or 30)
    found: list[Notice] = []
    for feed in feeds:
        market = clock.market(feed.market)
        reading, halt = market.reading(seconds(now))
        if not reading.is_open or halt is not None or seconds(now) - reading.since < WARM_UP_S:
            continue
        silent_s = (now - feed.received_at).total_seconds()
        if silent_s <= limit_s:
            continue
        title = f"{feed.symbol} is silent while {market.calendar.title} is open"
        text = (
            f"The last quote came {feed.received_at:%Y-%m-%d %H:%M:%S}Z, {silent_s:.0f} s ago. "
            f"The calendar says open until {utc_text(reading.next_transition) or 'further notice'}."
        )
        # A feed that is silent over a close is silent anew at the next open.
        key = f"{feed.symbol}:{seconds(feed.received_at)}:{reading.trade_day}"
        found.append(_notice(rule, key, title, text, market=feed.market, symbol=feed.symbol))
    return found


def lost_notices(
    rule: AlertRule, statuses: Mapping[str, str], known: Mapping[str, str], silent: dict[str, datetime], now: datetime
) -> tuple[list[Notice], dict[str, str]]:
    """Sources that were heard and are heard no more, and what is known of each now: `heard`, `lost` or `ended`.

    `statuses` is what each source says, as `/api/providers` has it; one that says nothing is not in it. `silent` keeps
    since when one has not been heard, and is brought up to date. What ends because it is told to is not lost.
    """
    found: list[Notice] = []
    after = dict(known)
    for source in statuses.keys() | known.keys():
        if rule.sources and source not in rule.sources:
            continue
        status = statuses.get(source, "missing")
        if status not in UNHEARD:
            after[source] = "ended" if status in ENDED else "heard"
        if status not in UNHEARD or known.get(source) != "heard":
            silent.pop(source, None)
            continue
        since = silent.setdefault(source, now)
        if (now - since).total_seconds() < float(rule.limit if rule.limit is not None else LOST_AFTER_S):
            continue
        after[source] = "lost"
        why = "It has to be logged in anew." if status == "login_needed" else "Its collector says nothing any more."
        title, text = f"The source {source} is lost", f"Not heard since {since:%Y-%m-%d %H:%M:%S}Z. {why}"
        found.append(_notice(rule, f"{source}:{seconds(since)}", title, text, market=""))
    return found, after


def missed_notices(rule: AlertRule, runs: Iterable[MissedRun]) -> list[Notice]:
    """Runs that were missed or failed."""
    return [
        _notice(
            rule,
            str(run.id),
            f"Trigger {run.trigger} was {run.state}",
            f"Due {run.due_at:%Y-%m-%d %H:%M:%S}Z. {run.reason}".strip(),
            market=run.market,
        )
        for run in runs
    ]


def horizon_notices(clock: Clock, rule: AlertRule, markets: Iterable[str], today: date) -> list[Notice]:
    """Calendars that are verified for less than sixty days from today. One notice a horizon."""
    found: list[Notice] = []
    for name in markets:
        through = clock.market(name).calendar.verified_through
        left = (through - today) // timedelta(days=1)
        if left < HORIZON_DAYS:
            title = f"The calendar of {clock.market(name).calendar.title} is verified through {through} only"
            text = "After that date its answers rest on the ordinary week: bring the calendar file up to date."
            found.append(_notice(rule, f"{name}:{through}", title, text, market=name))
    return found


def threshold_notices(
    rule: AlertRule, feeds: Iterable[Feed], sides: Mapping[str, Side]
) -> tuple[list[Notice], dict[str, Side]]:
    """Prices that crossed to the rule's side since `sides` were taken, and the sides now. On the limit is neither.

    A symbol seen for the first time only takes its side: nobody knows where it came from.
    """
    found: list[Notice] = []
    now: dict[str, Side] = dict(sides)
    if rule.limit is None:
        return found, now
    for feed in feeds:
        if feed.last is None or feed.last == rule.limit:
            continue
        side: Side = "above" if feed.last > rule.limit else "below"
        before = sides.get(feed.symbol)
        now[feed.symbol] = side
        if before is not None and before != side and side == rule.side:
            title = f"{feed.symbol} is {side} {rule.limit.normalize():f}"
            text = f"It stands at {feed.last.normalize():f} since {feed.received_at:%Y-%m-%d %H:%M:%S}Z."
            key = f"{feed.symbol}:{side}:{feed.received_at.isoformat()}"
            found.append(_notice(rule, key, title, text, market=feed.market, symbol=feed.symbol))
    return found, now


def _notice(rule: AlertRule, key: str, title: str, text: str, *, market: str, symbol: str = "") -> Notice:
    return Notice(
        key=f"{rule.id}:{rule.kind}:{key}",
        rule_id=rule.id,
        kind=rule.kind,
        severity=rule.severity,
        market=market,
        symbol=symbol,
        title=title,
        text=text,
        rule_version=rule.version,
    )
