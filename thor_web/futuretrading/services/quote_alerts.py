"""Alert rules against the events of the unified stream: crossings by the core's levels, signals by its transitions.

Told at the edge only, and never of what a source calls stale. Whoever drains this keeps what it gives together with
the position it has reached.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import orjson
from thor_fast.recording import Transition

from thor_fast import LevelWatch, QuoteBatch
from thor_web.futuretrading.services.configuration import Configuration
from thor_web.futuretrading.services.enrichment import Enricher
from thor_web.timezones.interface import COMPOSITE, Notice, QuoteRule, RuleNews, UnknownMarketError, market_of

__all__ = ["QuoteAlerts"]

MEASURES: Final = {"threshold": "last", "change": "change_percent"}
Known = dict[str, tuple[bool | None, int | None]]


class QuoteAlerts:
    """The rules that are on, with where the prices of each stand."""

    def __init__(self, rules: Sequence[QuoteRule] = (), former: "QuoteAlerts | None" = None) -> None:
        """Go on with `former`, as far as its rules are the same; of the others what was kept is known."""
        self._rules = {rule.id: rule for rule in rules}
        self._known: dict[int, Known] = {}
        self._changed: set[int] = set()
        self._notices: dict[int, list[Notice]] = {}
        self._spent: set[int] = set()
        self._events: list[tuple[QuoteBatch, Sequence[str]]] = []
        self._watch = LevelWatch()
        self._markets: dict[str, str] = {}
        for rule in rules:
            self._known[rule.id] = former.known(rule) if former and former.has(rule) else _known(rule.known)
        if former is not None:
            # Of another version nothing goes on but what it has to tell still.
            same = {rule.id for rule in rules if former.has(rule)}
            self._events = former._events
            self._notices = {number: told for number, told in former._notices.items() if number in self._rules}
            self._spent = former._spent & same
            self._changed = former._changed.union(former._watch.take_changed()) & same
        self._signalled = [rule for rule in rules if rule.kind == "signal"]

    @property
    def versions(self) -> frozenset[tuple[int, int]]:
        """Each rule with its version."""
        return frozenset((rule.id, rule.version) for rule in self._rules.values())

    @property
    def has_crossed(self) -> bool:
        """Something is to be told that need not wait."""
        return bool(self._notices)

    def has(self, rule: QuoteRule) -> bool:
        """Whether it is among the rules, in that version."""
        mine = self._rules.get(rule.id)
        return mine is not None and mine.version == rule.version

    def known(self, rule: QuoteRule) -> Known:
        """Where the prices of a rule stand now."""
        return self._known[rule.id] | self._watch.standings(rule.id)

    def watch(self, configuration: Configuration) -> None:
        """Watch the levels of the rules; one that names no symbol means every instrument."""
        self._markets = {it.symbol: _market(it.market) for it in configuration.instruments}
        for rule in self._rules.values():
            if rule.kind not in MEASURES or rule.limit is None or rule.id in self._spent:
                continue
            for symbol in rule.symbols or self._markets:
                if symbol != COMPOSITE:  # the clock looks at it
                    self._watch.add(
                        rule.id,
                        symbol,
                        measure=MEASURES[rule.kind],
                        side=rule.side,
                        limit=rule.limit,
                        rearm=rule.rearm,
                        cooldown_ms=rule.cooldown_s * 1_000,
                        since_ms=rule.since_ms,
                        once=rule.once,
                        known=self._known[rule.id],
                    )

    def observe(self, batch: QuoteBatch, ids: Sequence[str], enricher: Enricher) -> None:
        """Take events in that the enricher has taken in."""
        if not self._rules:
            return
        for number, row, value in self._watch.observe(batch, ids):
            rule = self._rules[number]
            record = orjson.loads(enricher(batch[row], ids[row]))
            what = _crossing(rule, record, value)
            self._tell(rule, record["symbol"], what, record, value=value, entry_id=ids[row])
        if self._signalled:
            self._events.append((batch, ids))

    def drain(self, transitions: Sequence[Transition], enricher: Enricher, paused: frozenset[str]) -> list[RuleNews]:
        """What is to be kept now. `paused` are the markets that nothing is told of, the empty name all of them."""
        for transition in transitions if self._signalled else ():
            self._signal(transition, enricher)
        self._events = []
        changed = self._changed.union(self._watch.take_changed(), self._notices)
        news = []
        for number in sorted(changed & self._rules.keys()):
            told = [it for it in self._notices.get(number, ()) if "" not in paused and it.market not in paused]
            rule = self._rules[number]
            news.append(RuleNews(rule, told, self.known(rule), spent=number in self._spent))
        self._notices, self._changed = {}, set()
        return news

    def _signal(self, it: Transition, enricher: Enricher) -> None:
        """A signal that nothing stood before is no change: nobody knows where it came from."""
        wanted = [rule for rule in self._signalled if self._wants(rule, it)]
        if it["previous"] is None or not wanted:
            return
        entry_id = f"{it['position'][0]}-{it['position'][1]}"
        record = self._record(entry_id, enricher)
        if record is None or "STALE" in record["marks"]:
            return
        for rule in wanted:
            self._known[rule.id][it["symbol"]] = (None, it["position"][0])
            self._changed.add(rule.id)
            value = Decimal(it["signal_weight"]) if it["symbol"] == COMPOSITE else it["last"]
            self._tell(rule, it["symbol"], _becoming(it), record, value=value, entry_id=entry_id)

    def _wants(self, rule: QuoteRule, it: Transition) -> bool:
        if rule.id in self._spent or it["position"][0] < rule.since_ms or it["signal"] not in rule.signals:
            return False
        if rule.symbols and it["symbol"] not in rule.symbols:
            return False
        told_ms = self._known[rule.id].get(it["symbol"], (None, None))[1]
        return told_ms is None or it["position"][0] - told_ms >= rule.cooldown_s * 1_000

    def _record(self, entry_id: str, enricher: Enricher) -> dict[str, Any] | None:
        for batch, ids in reversed(self._events):
            if entry_id in ids:
                found: dict[str, Any] = orjson.loads(enricher(batch[ids.index(entry_id)], entry_id))
                return found
        return None

    def _tell(
        self,
        rule: QuoteRule,
        symbol: str,
        what: str,
        record: Mapping[str, Any],
        *,
        value: Decimal | None,
        entry_id: str,
    ) -> None:
        mark = " ".join(record["marks"])
        at = datetime.fromisoformat(record["updated_at"]).astimezone(UTC)
        stands = f"It stands at {record['display']['last'] or 'no price'}"
        if symbol == COMPOSITE:
            stands = f"{record['symbol']} tipped it"
        notice = Notice(
            key=f"{rule.id}.{rule.version}:{rule.kind}:{symbol}:{entry_id}",
            rule_id=rule.id,
            kind=rule.kind,
            severity=rule.severity,
            market=self._markets.get(symbol, ""),
            symbol=symbol,
            title=f"{what} ({mark})" if mark else what,
            text=f"{rule.name}. {stands}, by {record['source']} at {at:%Y-%m-%d %H:%M:%S}Z.",
            rule_version=rule.version,
            event_id=entry_id,
            value=value,
            mark=mark,
        )
        self._notices.setdefault(rule.id, []).append(notice)
        if rule.once:
            self._spent.add(rule.id)


def _known(kept: Mapping[str, Any]) -> Known:
    """What this process has kept; whatever else stands there is the clock's."""
    return {name: (value[0], value[1]) for name, value in kept.items() if isinstance(value, list) and len(value) == 2}


def _market(name: str) -> str:
    try:
        return market_of(name)
    except UnknownMarketError:
        return ""  # no maintenance is of it


def _crossing(rule: QuoteRule, record: Mapping[str, Any], value: Decimal) -> str:
    limit = f"{(rule.limit or Decimal(0)).normalize():f}"
    if rule.kind == "change":
        return f"{record['symbol']} has changed by {value.normalize():+f} %, {rule.side} {limit} %"
    return f"{record['symbol']} is {rule.side} {limit}"


def _becoming(it: Transition) -> str:
    words = {name: name.replace("_", " ").lower() for name in (it["signal"], it["previous"] or "")}
    return f"{it['symbol']} has become {words[it['signal']]}, after {words[it['previous'] or '']}"
