"""The `thor` command: reads the command line, runs one handler, turns whatever goes wrong into one sentence.

Every handler imports its own code when it runs, so that `thor --help` loads none of it. Exit status: 0 done, 2 wrong
usage, 1 anything else. `THOR_DEBUG=1` adds the traceback of an unexpected fault.
"""

import argparse
import os
import sys
import traceback
from collections.abc import Sequence

from thor_web.cli import (
    accounts,
    backtest,
    development,
    history,
    inspection,
    management,
    market,
    processes,
    providers,
    safety,
    sources,
    storage,
    up,
)
from thor_web.cli.faults import sentence_of

__all__ = ["build_parser", "main"]

GROUPS = (
    up,
    processes,
    providers,
    sources,
    market,
    storage,
    history,
    backtest,
    inspection,
    safety,
    accounts,
    development,
    management,
)


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command; each group of commands adds its own."""
    parser = argparse.ArgumentParser(
        prog="thor",
        description="Live quotes, signals, ticks and backtests.",
        epilog="`thor COMMAND --help` tells a command's options.",
    )
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", required=True)
    for group in GROUPS:
        group.register(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = _forwarded(words) or build_parser().parse_args(words)
    try:
        status: int = arguments.handler(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of a pipe has seen enough; Python must not complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - the one place where a fault becomes a sentence
        if os.environ.get("THOR_DEBUG", "").lower() in {"1", "true", "yes"}:
            traceback.print_exc()
        for line in getattr(error, "details", ()):
            sys.stderr.write(f"  {line}\n")
        sys.stderr.write(f"thor: {sentence_of(error)}\n")
        return 1
    return status


def _forwarded(words: Sequence[str]) -> argparse.Namespace | None:
    """Commands whose options belong to another program are not read by our parser."""
    for group in (development, management):
        if words and words[0] in group.FORWARDED:
            return argparse.Namespace(handler=group.FORWARDED[words[0]], arguments=list(words[1:]))
    return None


if __name__ == "__main__":
    sys.exit(main())
