"""Commands that look and change nothing: status, trace, doctor, settings."""

import argparse
import sys
from typing import TYPE_CHECKING

from thor_web.cli.options import Commands, add_state, find_servers, state_folder
from thor_web.cli.output import print_json, print_table

if TYPE_CHECKING:
    from thor_web.runtime.state import StateFolder

__all__ = ["register"]


def register(commands: Commands) -> None:
    for name, text, handler in (
        ("status", "what runs, streams and lag, stored ticks, freshness", _status),
        ("trace", "the way of one event: when it was where", _trace),
        ("doctor", "what is wrong here and how to mend it", _doctor),
        ("settings", "every setting with its value, secrets masked", _settings),
    ):
        parser = commands.add_parser(name, help=text)
        add_state(parser)
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        if name == "status":
            parser.add_argument("--watch", action="store_true", help="show it anew each second, until Ctrl-C")
        if name == "trace":
            parser.add_argument("event", metavar="ID", help="a stream message's id, or SOURCE:ID of a source's entry")
        if name == "doctor":
            parser.add_argument("--mend", action="store_true", help="mend what can be mended without a loss")
        parser.set_defaults(handler=handler)


def _status(arguments: argparse.Namespace) -> int:
    state = find_servers(arguments)
    from thor_web.runtime.status import read_status, summary_rows

    if arguments.watch:
        return _watch(state)
    document = read_status(state)
    if arguments.json:
        print_json(document)
    else:
        print_table(("what", "is"), summary_rows(document), title="Thor")
    return 0


def _watch(state: "StateFolder") -> int:
    """The table, drawn over itself each second; what cannot be reached just now is said in it."""
    import time

    from rich.live import Live
    from rich.text import Text

    from thor_web.runtime.errors import ThorError
    from thor_web.runtime.live_status import live_table
    from thor_web.runtime.status import read_status

    before = None
    with Live(Text("…"), screen=sys.stdout.isatty(), auto_refresh=False) as live:
        while True:
            try:
                document = read_status(state)
                live.update(live_table(document, before), refresh=True)
                before = document
            except ThorError as error:
                live.update(Text(str(error), style="red"), refresh=True)
            time.sleep(1)


def _trace(arguments: argparse.Namespace) -> int:
    find_servers(arguments)
    import asyncio

    from collectors.bus import Bus
    from thor_web.runtime.event_path import EventPath, follow_event
    from thor_web.thordata.settings import StorageSettings

    settings = StorageSettings()

    async def follow() -> EventPath:
        bus = Bus.from_url(settings.redis_url.get_secret_value())
        try:
            return await follow_event(bus, settings.conninfo(), arguments.event)
        finally:
            await bus.close()

    document = asyncio.run(follow()).to_json()
    if arguments.json:
        print_json(document)
        return 0
    rows = [
        (step["step"], step["at"] or "-", "-" if step["after_ms"] is None else f"{step['after_ms']:.3f}", step["what"])
        for step in document["steps"]
    ]
    title = f"{document['trace']}: {document['symbol']}, number {document['seq']}"
    print_table(("step", "at", "after, ms", "what"), rows, title=title)
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    from thor_web.runtime.doctor import examine, mend

    state = state_folder(arguments)
    for sentence in mend(state) if arguments.mend else ():
        sys.stderr.write(f"{sentence}\n")
    findings = examine(state)
    if arguments.json:
        print_json([finding.to_json() for finding in findings])
    else:
        for finding in findings:
            advice = "" if finding.fine or not finding.mend else f"\n         {finding.mend}"
            sys.stdout.write(f"{'ok  ' if finding.fine else 'WRONG'} {finding.what}: {finding.found}{advice}\n")
    return 0 if all(finding.fine for finding in findings) else 1


def _settings(arguments: argparse.Namespace) -> int:
    find_servers(arguments)
    from thor_web.cli.settings_table import settings_rows

    rows = settings_rows()
    if arguments.json:
        print_json([row.to_json() for row in rows])
    else:
        print_table(("setting", "value", "default", "what"), [row.cells() for row in rows])
    return 0
