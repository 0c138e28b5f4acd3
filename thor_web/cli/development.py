"""Commands for whoever works on Thor: the whole test suite, and everything that CI checks."""

import argparse
from typing import Final

from thor_web.cli.options import Commands

__all__ = ["FORWARDED", "register"]


def register(commands: Commands) -> None:
    commands.add_parser("test", help="every test; with arguments only pytest with them", add_help=False)
    check = commands.add_parser("check", help="lint, types, import rules, formatting, generated docs")
    check.set_defaults(handler=_check)


def _check(_: argparse.Namespace) -> int:
    from thor_web.cli.checks import run_checks

    return run_checks()


def _test(arguments: argparse.Namespace) -> int:
    from thor_web.cli.suite import run_suite

    return run_suite(arguments.arguments)


FORWARDED: Final = {"test": _test}
