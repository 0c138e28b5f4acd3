"""Commands about where quotes come from: the Excel template."""

import argparse
import sys
from pathlib import Path

from thor_web.cli.options import Commands, require_core

__all__ = ["register"]


def register(commands: Commands) -> None:
    excel = commands.add_parser("excel", help="a workbook that thinkorswim fills")
    actions = excel.add_subparsers(title="actions", dest="action", metavar="ACTION", required=True)
    template = actions.add_parser("template", help="write a workbook with the RTD formulas of every instrument")
    template.add_argument("file", nargs="?", type=Path, default=Path("RTD_TOS.xlsx"), metavar="FILE.xlsx")
    template.add_argument("--symbols", metavar="ES,YM", help="only these, separated by commas")
    template.set_defaults(handler=_template)


def _template(arguments: argparse.Namespace) -> int:
    require_core()
    from collectors.excel_template import SHEET, write_template
    from collectors.instruments import load_instruments

    wanted = None
    if arguments.symbols is not None:
        wanted = [symbol.strip().upper() for symbol in arguments.symbols.split(",") if symbol.strip()]
    symbols = write_template(arguments.file, load_instruments(), wanted)
    sys.stdout.write(
        f"{arguments.file}: {len(symbols)} instruments on the sheet {SHEET}. Open it in Excel beside thinkorswim.\n"
    )
    return 0
