"""Commands that keep data safe: backup and restore."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

from thor_web.cli.options import Commands, add_state, find_servers, require_core
from thor_web.cli.output import print_json

__all__ = ["register"]


def register(commands: Commands) -> None:
    for name, text, handler in (
        ("backup", "write everything that cannot be had again to a new folder; nothing is stopped for it", _backup),
        ("restore", "bring a backup into an empty database and lake, and compare it", _restore),
    ):
        parser = commands.add_parser(name, help=text)
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        add_state(parser)
        if name == "backup":
            parser.add_argument("--without-lake", action="store_true", help="leave the Parquet files out")
        parser.add_argument("--json", action="store_true", help="print the manifest as one JSON document")
        parser.set_defaults(handler=handler)


def _backup(arguments: argparse.Namespace) -> int:
    require_core()
    find_servers(arguments)
    from thor_web.runtime.backup import back_up
    from thor_web.thordata.settings import StorageSettings

    tell = _quiet if arguments.json else _tell
    manifest = back_up(StorageSettings(), arguments.folder.absolute(), lake=not arguments.without_lake, tell=tell)
    if arguments.json:
        print_json(asdict(manifest))
    else:
        rows = sum(table.rows for table in manifest.tables)
        _tell(f"{arguments.folder}: {rows} rows, {len(manifest.files)} files, {manifest.pending} events not stored yet")
    return 0


def _restore(arguments: argparse.Namespace) -> int:
    require_core()
    find_servers(arguments)
    from thor_web.runtime.restore import restore
    from thor_web.thordata.settings import StorageSettings

    manifest = restore(StorageSettings(), arguments.folder.absolute(), tell=_quiet if arguments.json else _tell)
    if arguments.json:
        print_json(asdict(manifest))
    return 0


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _quiet(_text: str) -> None:
    return
