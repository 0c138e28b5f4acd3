"""Commands that need no server: one read of a provider, and the world clock's answer for an instant."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from thor_web.cli.options import Commands, add_state, find_servers, require_core
from thor_web.cli.output import print_json, print_table

__all__ = ["register"]

QUOTE_COLUMNS = ("symbol", "last", "change", "bid", "ask", "signal", "source", "ts")


def register(commands: Commands) -> None:
    quotes = commands.add_parser("quotes", help="one read of a provider, with signals")
    quotes.add_argument("--provider", default="mock", metavar="P", help="which provider to read (default: mock)")
    quotes.add_argument("--file", type=Path, metavar="F", help="the file of a provider that reads one")
    quotes.add_argument("--symbols", type=_symbols, metavar="ES,YM", help="only these, separated by commas")
    quotes.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(quotes)
    quotes.set_defaults(handler=_quotes)

    session = commands.add_parser("session", help="whether a market is open at an instant, and until when")
    session.add_argument(
        "market",
        nargs="?",
        default=None,
        metavar="MARKET|all",
        help="a market or a symbol (default: the default market)",
    )
    session.add_argument("--at", type=_instant, metavar="TS", help="ISO 8601 with a zone (default: now)")
    session.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(session)
    session.set_defaults(handler=_session)


def _quotes(arguments: argparse.Namespace) -> int:
    require_core()
    find_servers(arguments)
    from thor_web.futuretrading.providers import read_once
    from thor_web.thor_project.configuration import ServerSettings

    read = read_once(arguments.provider, file=arguments.file, symbols=arguments.symbols, settings=ServerSettings())
    if arguments.json:
        print_json({"rows": read.rows, "total": read.total})
    else:
        print_table(QUOTE_COLUMNS, [[_shown(row, name) for name in QUOTE_COLUMNS] for row in read.rows])
        sys.stdout.write(_total_line(read.total) + "\n")
    return 0


def _total_line(total: dict[str, Any]) -> str:
    suppressed = ", not strong because too few are live" if total["suppressed"] else ""
    missing = f"; no signal: {', '.join(total['missing'])}" if total["missing"] else ""
    return (
        f"TOTAL {total['signal'] or '-'}{suppressed}: sum {total['signal_weight_sum']}, score {total['score']}, "
        f"{total['n_used']} of {total['n_expected']} symbols, {total['n_live']} live{missing}"
    )


def _shown(record: dict[str, Any], name: str) -> str:
    """A field as the dashboard shows it, or as it is."""
    display = record.get("display")
    value = display.get(name) if isinstance(display, dict) else None
    value = record.get(name) if value is None else value
    return "" if value is None else str(value)


def _session(arguments: argparse.Namespace) -> int:
    require_core()
    find_servers(arguments)
    from thor_web.thor_project.configuration import ServerSettings
    from thor_web.timezones.interface import market_names, session_state

    at = arguments.at or datetime.now(UTC)
    wanted = arguments.market or ServerSettings().default_market
    if wanted == "all":
        states = [session_state(name, at).to_json() for name in market_names()]
        document: Any = states
    else:
        document = session_state(wanted, at).to_json()
        states = [document]
    if arguments.json:
        print_json(document)
        return 0
    for state in states:
        sys.stdout.write(_session_line(state) + "\n")
    return 0


def _session_line(state: dict[str, Any]) -> str:
    word = "open" if state["is_open"] else "closed"
    phase = f" ({state['phase'].replace('_', ' ')})" if state["phase"] not in {"open", "regular", "closed"} else ""
    until = f" until {state['next_transition_at']}" if state["next_transition_at"] else ""
    reason = f" ({state['reason']})" if state["reason"] else ""
    doubt = "" if state["confidence"] == "verified" else ", not verified"
    return f"{state['market']} is {word}{phase}{until}{reason}, trade date {state['trade_date']}{doubt}"


def _symbols(text: str) -> list[str]:
    return [symbol.strip().upper() for symbol in text.split(",") if symbol.strip()]


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"an instant is ISO 8601, was {text!r}") from None
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"an instant needs a zone, such as Z, was {text!r}")
    return instant.astimezone(UTC)
