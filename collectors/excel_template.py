"""A workbook for a new user: one row an instrument, filled by thinkorswim through RTD as soon as Excel opens it.

The headers are those that grid.py reads; the symbols carry the exchange suffixes that thinkorswim wants. Which topic
answers is experience: VOLUME is right, TOTAL_VOLUME answers N/A; $DXY has no slash.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from collectors.errors import CollectorError
from collectors.instruments import Instrument, Instruments

__all__ = ["COLUMNS", "SHEET", "write_template"]

SOURCE: Final = "TOS"
SHEET: Final = "LiveData"
COLUMNS: Final = (
    ("Close", "CLOSE"),
    ("Open", "OPEN"),
    ("NetChange", "NET_CHANGE"),
    ("High", "HIGH"),
    ("Low", "LOW"),
    ("Volume", "VOLUME"),
    ("Bid", "BID"),
    ("Last", "LAST"),
    ("Ask", "ASK"),
    ("BidSize", "BID_SIZE"),
    ("AskSize", "ASK_SIZE"),
    ("LastSize", "LAST_SIZE"),
    ("52High", "52HIGH"),
    ("52Low", "52LOW"),
)
"""Header and RTD topic of each column behind Type, Symbol and Description."""

_NOTES: Final = (
    "1. Start thinkorswim and log in. Excel and thinkorswim must run as the same Windows user.",
    "2. If the cells stay blank or #N/A: close this workbook, open an empty one, type one RTD formula into it, then",
    "    open this one again. Excel 2013 and newer start the RTD server only then.",
    "3. Leave this workbook open, and start: thor collect excel_live",
    "4. Excel refreshes RTD cells every 2000 ms. EXCEL_RTD_THROTTLE_MS=100 lets thor lower that; Excel keeps it.",
    "Rows, columns and other tables may be added anywhere: headers and symbols are looked for by name.",
)


def write_template(path: Path, instruments: Instruments, symbols: Sequence[str] | None = None) -> list[str]:
    """Write the workbook; the symbols in it. Raises CollectorError for an unknown symbol or where the file is there."""
    chosen = list(instruments) if symbols is None else [_known(instruments, symbol) for symbol in symbols]
    rows = [(row, row.names[SOURCE]) for row in chosen if SOURCE in row.names]
    if not rows:
        raise CollectorError("None of these symbols has a name at thinkorswim.")
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = SHEET
    sheet.append(["Type", "Symbol", "Description", *(header for header, _ in COLUMNS)])
    for instrument, name in rows:
        kind = "Index" if name.startswith("$") else "Futures"
        formulas = [f'=RTD("tos.rtd",,"{topic}","{name}")' for _, topic in COLUMNS]
        sheet.append([kind, instrument.symbol, instrument.name, *formulas])
    for column in range(1, len(COLUMNS) + 4):
        sheet.cell(1, column).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(column)].width = 24 if column == 3 else 11
    sheet.freeze_panes = "C2"
    notes = workbook.create_sheet("Read me")
    for line in _NOTES:
        notes.append([line])
    _save(workbook, path)
    return [instrument.symbol for instrument, _ in rows]


def _known(instruments: Instruments, symbol: str) -> Instrument:
    instrument = instruments.get(symbol)
    if instrument is None:
        raise CollectorError(f"There is no symbol {symbol!r}; there are {', '.join(instruments.symbols)}.")
    return instrument


def _save(workbook: Workbook, path: Path) -> None:
    if path.suffix.lower() != ".xlsx":
        raise CollectorError(f"A template is an .xlsx file, was {path.name!r}.")
    try:
        with path.open("xb") as file:
            workbook.save(file)
    except FileExistsError as error:
        raise CollectorError(f"There is a file {path} already; it is left as it is.") from error
    except OSError as error:
        raise CollectorError(f"The file {path} cannot be written: {error.strerror}.") from error
