"""`thor manage`: Django's own commands, on the servers of the state folder."""

import argparse
import os
from typing import Final

from thor_web.cli.options import Commands, find_servers, require_core

__all__ = ["FORWARDED", "register"]


def register(commands: Commands) -> None:
    commands.add_parser("manage", help="Django's management commands", add_help=False)


def _manage(arguments: argparse.Namespace) -> int:
    words: list[str] = arguments.arguments
    state = None
    if words[:1] == ["--state"] and len(words) > 1:
        state, words = words[1], words[2:]
    require_core()
    find_servers(argparse.Namespace(state=state))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor_web.thor_project.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(["thor manage", *words])
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 0


FORWARDED: Final = {"manage": _manage}
