"""Commands for whoever works on Thor: the whole test suite, everything that CI checks, audits, and the benchmarks."""

import argparse
import sys
from typing import Final

from thor_web.cli.options import Commands

__all__ = ["FORWARDED", "register"]


def register(commands: Commands) -> None:
    commands.add_parser("test", help="every test; with arguments only pytest with them", add_help=False)
    commands.add_parser("bench", help="the benchmarks, side by side with their peers", add_help=False)
    check = commands.add_parser("check", help="lint, types, import rules, formatting, generated docs")
    check.set_defaults(handler=_check)
    audit = commands.add_parser("audit", help="known faults of what Thor depends on, its licences and sources")
    audit.add_argument("--all", action="store_true", help="fail also where the advisories cannot be reached")
    audit.set_defaults(handler=_audit)
    docs = commands.add_parser("docs", help="write the files that are made from tables in the code")
    docs.set_defaults(handler=_docs)


def _check(_: argparse.Namespace) -> int:
    from thor_web.cli.checks import run_checks

    return run_checks()


def _audit(arguments: argparse.Namespace) -> int:
    from thor_web.cli.audits import run_audits

    return run_audits(all_of_them=arguments.all)


def _docs(_: argparse.Namespace) -> int:
    import subprocess

    from thor_web.cli.checkout import npm, require_checkout, tool_environment
    from thor_web.cli.pages import write_pages

    root = require_checkout()
    for name in write_pages(root):
        sys.stdout.write(f"wrote {name}\n")
    # The dashboard's types follow from the OpenAPI document that was just written.
    argv = [npm(), "run", "--silent", "api"]
    return subprocess.run(argv, cwd=root / "frontend", env=tool_environment(), check=False).returncode


def _test(arguments: argparse.Namespace) -> int:
    from thor_web.cli.suite import run_suite

    return run_suite(arguments.arguments)


def _bench(arguments: argparse.Namespace) -> int:
    import subprocess
    import sys

    from thor_web.cli.checkout import require_checkout
    from thor_web.cli.options import require_core

    root = require_checkout()
    require_core()
    # A process of its own: what is measured shares nothing with this one.
    return subprocess.run([sys.executable, "-m", "benchmarks", *arguments.arguments], cwd=root, check=False).returncode


FORWARDED: Final = {"bench": _bench, "test": _test}
