"""`thor backtest ask`: what a schedule asks for on a session, put into the queue. Triggers of the world clock do it."""

import argparse
import json
import os
import sys
from typing import Any

from thor_web.cli.backtest_options import open_registry, prepare
from thor_web.cli.options import add_state
from thor_web.cli.output import print_json

__all__ = ["register_ask"]


def register_ask(actions: Any) -> None:
    """Add the action."""
    ask = actions.add_parser("ask", help="put what a schedule asks for into the queue")
    ask.add_argument("document", help="kind, body without a span, trade_dates, name: one JSON object")
    ask.add_argument("--session", metavar="D", required=True, help="the newest trade date of the span")
    ask.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(ask)
    ask.set_defaults(handler=_ask)


def _ask(arguments: argparse.Namespace) -> int:
    settings = prepare(arguments)
    from datetime import date

    from thor_web.runtime.errors import ThorError
    from thor_web.thordata.backtest.schedules import asked_on

    try:
        document, session = json.loads(arguments.document), date.fromisoformat(arguments.session)
    except ValueError as error:
        raise ThorError(f"A document is JSON, a session a trade date: {error}.") from None
    if not isinstance(document, dict):
        raise ThorError("A document is a JSON object.")
    asked = asked_on(document, session)
    with open_registry(settings) as runs:
        # The same occurrence may be tried more than once: it asks once.
        number = runs.add(
            asked, created_by=f"schedule {document.get('name', '')}", key=os.environ.get("THOR_TRIGGER_KEY")
        )
    print_json({"id": number, "kind": asked.kind}) if arguments.json else sys.stdout.write(f"{asked.kind} {number}\n")
    return 0
