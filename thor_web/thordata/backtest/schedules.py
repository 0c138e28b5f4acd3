"""What a trigger of the world clock asks for on a session: the words it runs, and the span that the session gives."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from collectors.instruments import load_instruments
from thor_web.thordata.backtest.asked import PatternsSpecification, SweepSpecification
from thor_web.thordata.backtest.contracts import session_span
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.requests import patterns_of_request, run_of, sweep_of
from thor_web.thordata.backtest.specification import RunSpecification, bad, check_symbols, check_whole

__all__ = ["asked_on", "scheduled_document", "words_of_schedule"]

SESSION: Final = "{session_date}"
"""What the world clock puts the trade date of the occurrence in place of."""
ACTION_WORD: Final = "ask"
MOST_TRADE_DATES: Final = 260
Schedulable = RunSpecification | SweepSpecification | PatternsSpecification
READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Schedulable]]] = MappingProxyType(
    {"run": run_of, "sweep": sweep_of, "patterns": patterns_of_request}
)


def words_of_schedule(kind: str, body: Mapping[str, Any], *, trade_dates: int, name: str) -> list[str]:
    """The words of `thor backtest` that put it into the queue on a session. `body` has no span."""
    document = {"kind": kind, "name": name, "trade_dates": trade_dates, "body": dict(body)}
    return [ACTION_WORD, json.dumps(document, sort_keys=True), "--session", SESSION]


def scheduled_document(words: Sequence[str]) -> dict[str, Any] | None:
    """What such words were made of; None for other words."""
    if len(words) < 2 or words[0] != ACTION_WORD:
        return None
    try:
        found = json.loads(words[1])
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def asked_on(document: Mapping[str, Any], session: date) -> Schedulable:
    """What is to be played, over the span of the newest trade dates up to a session, checked. Raises BacktestError.

    The trade dates are those of the first symbol's market.
    """
    kind, body = document.get("kind"), document.get("body")
    if not isinstance(kind, str) or kind not in READERS or not isinstance(body, Mapping):
        raise bad(f"kind is one of {', '.join(READERS)}, body an object")
    if {"start", "end"} & set(body):
        raise bad("the session gives start and end")
    symbols, count = body.get("symbols"), document.get("trade_dates", 1)
    check_whole(count, "trade_dates", 1)
    if count > MOST_TRADE_DATES or not isinstance(symbols, list):
        raise bad(f"symbols is a list, trade_dates at most {MOST_TRADE_DATES}")
    instruments = load_instruments()
    check_symbols(symbols, instruments)
    start, end = _span(instruments[symbols[0]].market, session, count)
    asked = READERS[kind](dict(body) | {"start": start.isoformat(), "end": end.isoformat()})
    return asked.checked(instruments)


def _span(market: str, session: date, count: int) -> tuple[datetime, datetime]:
    opens, closes = session_span(market, session)
    day, left = session, count - 1
    while left and (session - day).days < MOST_TRADE_DATES * 2:
        day -= timedelta(days=1)
        try:
            opens, _ = session_span(market, day)
        except BacktestError:  # no trade date
            continue
        left -= 1
    return opens, closes
