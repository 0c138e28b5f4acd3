"""The template that a new user opens: right suffixes, and headers that the collector reads."""

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from collectors.errors import CollectorError
from collectors.excel_template import COLUMNS, SHEET, write_template
from collectors.grid import map_grid
from collectors.instruments import Instruments


def written(path: Path) -> list[list[Any]]:
    workbook = load_workbook(path)
    rows = [list(row) for row in workbook[SHEET].iter_rows(values_only=True)]
    workbook.close()
    return rows


def test_each_instrument_has_its_formulas_with_thinkorswim_s_own_name(tmp_path: Path, instruments: Instruments) -> None:
    path = tmp_path / "book.xlsx"
    assert write_template(path, instruments) == list(instruments.symbols)
    headers, *rows = written(path)
    by_symbol = {str(row[1]): row for row in rows}
    last, volume = headers.index("Last"), headers.index("Volume")
    assert by_symbol["ES"][last] == '=RTD("tos.rtd",,"LAST","/ES:XCME")'
    assert by_symbol["GC"][last] == '=RTD("tos.rtd",,"LAST","/GC:XCEC")'
    assert by_symbol["VX"][last] == '=RTD("tos.rtd",,"LAST","/VX:XCBF")'
    assert by_symbol["ZB"][volume] == '=RTD("tos.rtd",,"VOLUME","/ZB:XCBT")'
    assert by_symbol["DX"][:2] == ["Index", "DX"]
    assert by_symbol["DX"][last] == '=RTD("tos.rtd",,"LAST","$DXY")'


def test_the_collector_reads_every_column_and_row_of_it(tmp_path: Path, instruments: Instruments) -> None:
    write_template(tmp_path / "book.xlsx", instruments)
    headers, *rows = written(tmp_path / "book.xlsx")
    filled = [[*row[:3], *(100.0 for _ in COLUMNS)] for row in rows]
    reading = map_grid([headers, *filled], instruments, source="TOS")
    assert [row.symbol for row in reading.rows] == list(instruments.symbols)
    for figure in (b'"high52":100.0', b'"lastSize":100', b'"volume":100', b'"netChange":100.0', b'"close":100.0'):
        assert figure in reading.rows[0].members


def test_only_the_asked_for_symbols_are_written_and_no_file_is_overwritten(
    tmp_path: Path, instruments: Instruments
) -> None:
    path = tmp_path / "book.xlsx"
    assert write_template(path, instruments, ["ZB", "ES"]) == ["ZB", "ES"]
    with pytest.raises(CollectorError, match="already"):
        write_template(path, instruments)
    with pytest.raises(CollectorError, match="no symbol 'XX'"):
        write_template(tmp_path / "other.xlsx", instruments, ["XX"])
    with pytest.raises(CollectorError, match=r"\.xlsx"):
        write_template(tmp_path / "book.csv", instruments)
