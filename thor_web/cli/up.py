"""`thor up`: everything on one machine."""

import argparse
import os

from thor_web.cli.options import Commands, add_state, require_core, speed, state_folder

__all__ = ["register"]


def register(commands: Commands) -> None:
    parser = commands.add_parser("up", help="run everything on this machine, until Ctrl-C")
    parser.add_argument("--port", type=_port, default=8000, help="port of the dashboard (default: 8000)")
    add_state(parser)
    parser.add_argument(
        "--source",
        metavar="mock|replay:FILE|none|…",
        help="where quotes come from, several separated by commas (default: DATA_PROVIDER, else mock)",
    )
    parser.add_argument(
        "--speed", default="1", type=_speed_text, metavar="X|max", help="speed of a replay (default: 1)"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open the dashboard in a browser")
    parser.set_defaults(handler=_up, refuse=parser.error)


def _up(arguments: argparse.Namespace) -> int:
    require_core()
    from thor_web.runtime.composition import SourceChoice
    from thor_web.runtime.up import UpOptions, run_up

    wanted = arguments.source or os.environ.get("DATA_PROVIDER") or "mock"
    try:
        sources = SourceChoice.parse_all(wanted, speed=arguments.speed)
    except ValueError as error:
        arguments.refuse(str(error))
    run_up(
        UpOptions(
            state=state_folder(arguments),
            port=arguments.port,
            sources=sources,
            open_browser=not (arguments.no_browser or os.environ.get("CI")),
        )
    )
    return 0


def _port(text: str) -> int:
    value = int(text)
    if not 1 <= value <= 65_535:
        raise argparse.ArgumentTypeError(f"a port is between 1 and 65535, was {text}")
    return value


def _speed_text(text: str) -> str:
    try:
        speed(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a speed is max or a number above 0, was {text!r}") from None
    return text
