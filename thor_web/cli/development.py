"""Commands for whoever works on Thor: the whole test suite, and everything that CI checks."""

import argparse
import sys
from typing import Final

from thor_web.cli.options import Commands

__all__ = ["FORWARDED", "register"]


def register(commands: Commands) -> None:
    commands.add_parser("test", help="every test; with arguments only pytest with them", add_help=False)
    check = commands.add_parser("check", help="lint, types, import rules, formatting, generated docs")
    check.set_defaults(handler=_check)
    docs = commands.add_parser("docs", help="write the pages of docs/ that are made from tables in the code")
    docs.set_defaults(handler=_docs)


def _check(_: argparse.Namespace) -> int:
    from thor_web.cli.checks import run_checks

    return run_checks()


def _docs(_: argparse.Namespace) -> int:
    from thor_web.cli.checkout import require_checkout
    from thor_web.cli.pages import write_pages

    for name in write_pages(require_checkout()):
        sys.stdout.write(f"wrote {name}\n")
    return 0


def _test(arguments: argparse.Namespace) -> int:
    from thor_web.cli.suite import run_suite

    return run_suite(arguments.arguments)


FORWARDED: Final = {"test": _test}
