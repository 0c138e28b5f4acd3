"""What the actions of `thor backtest` share: the options of a run, the registry, a line of progress."""

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from thor_web.cli.options import find_servers, require_core
from thor_web.cli.output import print_json

if TYPE_CHECKING:
    from thor_web.thordata.backtest.asked import Asked
    from thor_web.thordata.backtest.runs import Runs
    from thor_web.thordata.backtest.specification import RunSpecification
    from thor_web.thordata.settings import StorageSettings

__all__ = [
    "add_span",
    "add_specification",
    "clear_progress",
    "held",
    "number_from_one",
    "open_registry",
    "prepare",
    "queue",
    "show_progress",
    "span_of",
    "specification_of",
]

COMMAND_LINE: Final = "command line"
RENEW_S: Final = 5.0
OPTIONS: Final = (
    ("--cash", "cash", str, "money at the start (100000)"),
    ("--fee", "fee", str, "fee a contract and side (2.50)"),
    ("--fee-rate", "fee_rate", str, "fee as a share of the value (0)"),
    ("--slippage", "slippage_ticks", str, "ticks of slippage on market and stop orders (0 on ticks, 1 on bars)"),
    ("--latency-us", "latency_us", int, "how long an order travels, in microseconds (1000; ticks only)"),
    ("--flat-before-close", "flat_before_close_s", int, "seconds before the close to be flat"),
    ("--interval", "interval_s", int, "length of a bar in seconds (60)"),
    ("--margin", "initial_margin", str, "margin a contract (0)"),
    ("--maintenance", "maintenance_margin", str, "maintenance margin a contract (0)"),
    ("--participation", "participation", str, "most of a bar's volume, as a share (0: no limit)"),
    ("--source", "source", str, "only this source's ticks"),
    ("--seed", "seed", int, "of everything random (1)"),
)


def add_specification(parser: argparse.ArgumentParser) -> None:
    """What is to be played on what, for every action that plays something."""
    parser.add_argument("strategy", help="a name from `thor backtest strategies`, or module:Class")
    add_span(parser)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the strategy")
    for flag, name, kind, text in OPTIONS:
        parser.add_argument(flag, dest=name, type=kind, help=text)
    parser.add_argument(
        "--touch", dest="fills_at_touch", action="store_true", help="resting limits fill when traded at"
    )


def add_span(parser: argparse.ArgumentParser) -> None:
    """Which symbols, and when."""
    parser.add_argument("--from", dest="start", metavar="TS", help="first instant, or a UTC day")
    parser.add_argument("--to", dest="end", metavar="TS", help="instant behind the last, or a UTC day, included")
    parser.add_argument("--session", metavar="D", help="the first symbol's trade date instead of --from and --to")
    parser.add_argument("--symbols", required=True, metavar="ES,NQ", help="symbols separated by commas")


def number_from_one(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, was {text!r}")
    return int(text)


def specification_of(arguments: argparse.Namespace) -> "RunSpecification":
    """What the options ask for, not yet checked. Raises ThorError, BacktestError."""
    from thor_web.runtime.errors import ThorError
    from thor_web.thordata.backtest.specification import RunSpecification

    parameters: dict[str, str] = {}
    for pair in arguments.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ThorError(f"A parameter is NAME=VALUE, was {pair!r}.")
        parameters[name] = value
    symbols, start, end = span_of(arguments)
    named = {name: getattr(arguments, name) for _, name, _, _ in OPTIONS}
    document = {name: value for name, value in named.items() if value is not None} | {
        "strategy": arguments.strategy,
        "symbols": symbols,
        "start": start,
        "end": end,
        "parameters": parameters,
        "fills_at_touch": arguments.fills_at_touch,
    }
    return RunSpecification.from_json(document)


def span_of(arguments: argparse.Namespace) -> tuple[list[str], str, str]:
    """The symbols, and the span as text: as it was asked for, or that of a trade date. Raises ThorError."""
    from datetime import date

    from collectors.instruments import load_instruments
    from thor_web.runtime.errors import ThorError
    from thor_web.thordata.backtest.contracts import session_span

    symbols = [symbol.strip().upper() for symbol in arguments.symbols.split(",") if symbol.strip()]
    if arguments.session is None:
        if arguments.start is None or arguments.end is None:
            raise ThorError("A run needs --from and --to, or --session.")
        return symbols, arguments.start, arguments.end
    if arguments.start is not None or arguments.end is not None:
        raise ThorError("--session takes the place of --from and --to.")
    instrument = load_instruments().get(symbols[0]) if symbols else None
    try:
        day = date.fromisoformat(arguments.session)
    except ValueError:
        raise ThorError(f"A trade date is like 2026-11-23, was {arguments.session!r}.") from None
    if instrument is None:
        raise ThorError("--session needs a symbol of the registry.")
    opens, closes = session_span(instrument.market, day)
    return symbols, opens.isoformat(), closes.isoformat()


def show_progress() -> Callable[[str, float], None]:
    """A line on a terminal, nothing elsewhere."""

    def show(work: str, share: float) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{work} {share:.0%}" if share else f"\r\033[K{work}")
            sys.stderr.flush()

    return show


def clear_progress() -> None:
    """Take the line of progress away."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")


def prepare(arguments: argparse.Namespace) -> "StorageSettings":
    """The settings, with the servers found and the core there."""
    require_core()
    find_servers(arguments)
    from thor_web.thordata.settings import StorageSettings

    return StorageSettings()


def open_registry(settings: "StorageSettings") -> "Runs":
    """A session with the registry of runs. Raises psycopg.OperationalError."""
    from thor_web.thordata.backtest.runs import Runs

    return Runs.connect(settings.conninfo())


def queue(settings: "StorageSettings", asked: "Asked", *, as_json: bool) -> int:
    """Leave something to a worker and say its number."""
    with open_registry(settings) as runs:
        number = runs.add(asked, created_by=COMMAND_LINE, modules=True)
    print_json({"id": number, "state": "queued"}) if as_json else sys.stdout.write(f"{asked.kind} {number} waits\n")
    return 0


@dataclass(frozen=True, slots=True)
class Held:
    """A number of the registry that this process has taken, and the name under which it did."""

    number: int
    worker: str


@contextmanager
def held(settings: "StorageSettings", runs: "Runs", asked: "Asked", *, rerun_of: int | None = None) -> Iterator[Held]:
    """Something played here, in the registry from its beginning; whatever ends it is kept with its reason."""
    from thor_web.thordata.backtest.errors import BacktestError

    worker = f"{COMMAND_LINE} {os.getpid()}"
    number = runs.add(asked, created_by=COMMAND_LINE, modules=True, rerun_of=rerun_of, worker=worker)
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(settings, Held(number, worker), ended), daemon=True)
    keeper.start()
    try:
        yield Held(number, worker)
    except BacktestError as error:
        runs.fail(number, worker, error)
        raise
    except KeyboardInterrupt:
        runs.fail(number, worker, BacktestError("cancelled", "interrupted at the command line"))
        raise
    finally:
        ended.set()
        keeper.join()


def _keep(settings: "StorageSettings", claim: Held, ended: threading.Event) -> None:
    """Renew the lease, so that no worker takes what is at work here."""
    from psycopg import OperationalError

    while not ended.wait(RENEW_S):
        try:
            with open_registry(settings) as runs:
                runs.renew(claim.number, claim.worker)
        except OperationalError:  # its return is waited for
            continue
