"""`thor backtest paper`: a strategy on the live market, with the orders and fills of the backtests' own kernel."""

import argparse
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

from thor_web.cli.backtest_options import add_specification, open_registry, prepare, specification_of
from thor_web.cli.options import add_state
from thor_web.cli.output import print_json

if TYPE_CHECKING:
    from thor_web.thor_project.configuration import ServerSettings

__all__ = ["register_paper"]


def register_paper(actions: Any) -> None:
    """Add the action."""
    paper = actions.add_parser("paper", help="play a strategy on the live market")
    add_specification(paper, needed=False)
    paper.add_argument("--resume", type=int, metavar="ID", help="go on with a paper run that was stopped")
    paper.add_argument("--json", action="store_true", help="print one JSON document")
    add_state(paper)
    paper.set_defaults(handler=_paper)


def _paper(arguments: argparse.Namespace) -> int:
    from thor_web.cli.logs import configure_logs

    configure_logs("paper")
    prepare(arguments)
    from thor_web.cli.loop import run_until_asked
    from thor_web.runtime.errors import ThorError
    from thor_web.thor_project.configuration import ServerSettings

    if (arguments.resume is None) == (arguments.strategy is None):
        raise ThorError("A paper run is a strategy with its symbols, or --resume ID.")
    settings = ServerSettings()
    number: list[int] = []
    run_until_asked(lambda: _play(settings, arguments, number))
    with open_registry(settings) as runs:
        status = runs.status(number[0])
    if arguments.json:
        print_json(status)
    elif status["state"] == "running":
        sys.stdout.write(f"paper run {number[0]} stands still: --resume {number[0]} goes on with it\n")
    else:
        sys.stdout.write(f"paper run {number[0]} is {status['state']}: thor backtest report {number[0]}\n")
    return 0 if status["state"] in {"done", "running"} else 1


async def _play(settings: "ServerSettings", arguments: argparse.Namespace, said: list[int]) -> None:
    from collectors.bus import Bus
    from collectors.instruments import load_instruments
    from thor_web.runtime.errors import ThorError
    from thor_web.thordata.backtest.asked import PaperSpecification
    from thor_web.thordata.backtest.errors import BacktestError
    from thor_web.thordata.backtest.paper_process import Taken, play_paper, stream_place

    worker = f"{socket.gethostname()}:{os.getpid()} paper"
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    try:
        with open_registry(settings) as runs:
            if arguments.resume is None:
                from_now = arguments.start is None and arguments.session is None
                _fill_span(arguments)
                specification = specification_of(arguments).checked(load_instruments(), modules=True)
                after = await stream_place(bus, None if from_now else specification.span()[0])
                asked = PaperSpecification(specification, after)
                number = runs.add(asked, created_by="command line", modules=True, worker=worker)
            else:
                number = arguments.resume
                if runs.status(number)["kind"] != "paper" or (claim := runs.claim(worker, run=number)) is None:
                    raise ThorError(f"Run {number} is no paper run that stands still.")
                if not isinstance(claim.asked, PaperSpecification):
                    raise ThorError(f"Run {number} is no paper run.")
                asked = claim.asked
        said.append(number)
        sys.stderr.write(f"paper run {number}: `thor backtest cancel {number}` ends it, Ctrl-C lets it stand still\n")
        try:
            await play_paper(bus, Taken(lambda: open_registry(settings), number, worker, asked), modules=True)
        except BacktestError as error:
            with open_registry(settings) as runs:
                runs.fail(number, worker, error)
            raise
    finally:
        await bus.close()


def _fill_span(arguments: argparse.Namespace) -> None:
    """From now, to the close of the first symbol's session that is on or comes next, unless told. Raises ThorError."""
    from datetime import UTC, datetime, timedelta

    from collectors.instruments import load_instruments
    from thor_web.runtime.errors import ThorError
    from thor_web.thordata.backtest.contracts import sessions_of, us

    if arguments.session is not None:
        return
    now = datetime.now(UTC)
    if arguments.start is None:
        arguments.start = now.isoformat()
    if arguments.end is None:
        instrument = load_instruments().get(arguments.symbols.split(",")[0].strip().upper())
        if instrument is None:
            raise ThorError("A paper run needs --symbols of the registry.")
        closes = [closes for _, _, closes in sessions_of(instrument.market, now, now + timedelta(days=10))]
        later = [at for at in closes if at > us(now)]
        if not later:
            raise ThorError("That market has no session within days: say --to.")
        arguments.end = datetime.fromtimestamp(later[0] / 1e6, UTC).isoformat()
