"""`thor backtest parity`: were the signals of a trade date, as sealed live, those of the replayed day?"""

import argparse
from typing import Any

from thor_web.cli.backtest_options import open_registry, prepare
from thor_web.cli.options import add_state
from thor_web.cli.output import print_json, print_table

__all__ = ["register_parity"]


def register_parity(actions: Any) -> None:
    """Add the action."""
    parity = actions.add_parser("parity", help="the signals shown live against those of the replayed day")
    parity.add_argument("--session", metavar="D", required=True, help="trade date of each symbol's own market")
    parity.add_argument("--symbols", default="", metavar="ES,NQ", help="symbols separated by commas (all sealed ones)")
    parity.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(parity)
    parity.set_defaults(handler=_parity)


def _parity(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from datetime import date

    from thor_web.runtime.errors import ThorError
    from thor_web.thordata.backtest.live_parity import keep_seals, seal_day

    try:
        day = date.fromisoformat(arguments.session)
    except ValueError:
        raise ThorError(f"A trade date is like 2026-11-23, was {arguments.session!r}.") from None
    symbols = [symbol.strip().upper() for symbol in arguments.symbols.split(",") if symbol.strip()]
    with open_registry(settings) as runs:
        seals = seal_day(runs.connection, settings.lake_folder(), symbols, day)
        keep_seals(runs.connection, seals)
    if arguments.json:
        print_json([seal.to_json() for seal in seals])
    else:
        rows = [
            (
                seal.symbol, seal.source, seal.live_count, seal.engine_count, seal.unshown,
                "equal" if seal.match else seal.difference,
            )
            for seal in seals
        ]  # fmt: skip
        print_table(("symbol", "source", "sealed", "in the lake", "not shown", "chains"), rows)
    return 0 if all(seal.match for seal in seals) else 1
