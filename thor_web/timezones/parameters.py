"""Markets and instants as a request names them. Whatever is absurd is a Problem with a code."""

from datetime import UTC, datetime
from typing import Final

from thor_web.problems import Problem
from thor_web.timezones.interface import UnknownMarketError, market_of
from thor_web.timezones.services.instants import seconds

__all__ = ["INSTANT_LENGTH", "MARKETS_LENGTH", "MARKET_LENGTH", "instant_of", "market_named", "markets_named"]

MOST_MARKETS: Final = 50
MARKET_LENGTH: Final = 32
MARKETS_LENGTH: Final = 1_024
INSTANT_LENGTH: Final = 40


def market_named(word: str) -> str:
    """The market of a name, an alias or an instrument's symbol."""
    _require_short("market", word, MARKET_LENGTH)
    try:
        return market_of(word)
    except UnknownMarketError as error:
        raise Problem(404, error.code, str(error)) from error


def markets_named(text: str) -> list[str]:
    """The markets of names that commas separate, each once."""
    _require_short("markets", text, MARKETS_LENGTH)
    names = [name for name in text.split(",") if name.strip()]
    if not 1 <= len(names) <= MOST_MARKETS:
        raise Problem(400, "bad_parameter", f"markets: name 1 to {MOST_MARKETS} of them.")
    return list(dict.fromkeys(market_named(name) for name in names))


def instant_of(text: str) -> datetime:
    """An instant in ISO 8601 with a zone; now where the text is empty."""
    if not text:
        return datetime.now(UTC)
    _require_short("at", text, INSTANT_LENGTH)
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
        seconds(found)
    except (ValueError, OverflowError) as error:
        raise Problem(400, "bad_instant", f"An instant is ISO 8601 with a zone, was {text!r} ({error}).") from None
    return found


def _require_short(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise Problem(400, "bad_parameter", f"{name}: has at most {most} characters.")
