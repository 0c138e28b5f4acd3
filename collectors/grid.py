"""From the grid of a quote sheet to candidate events: which column is what, and which row is whom.

Columns are found by their headers and may stand anywhere. Only symbols of the registry are read, so that account
figures and other tables on the same sheet stay out. What a row's cells mean is decided in the core
(`thor_fast.RowReader`); where the grid came from and when is told by the caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from collectors.errors import CollectorError
from collectors.instants import iso_from_us
from collectors.instruments import AssetClass, Instruments, Resolution
from thor_fast import RowReader

__all__ = ["Finding", "GridError", "GridReading", "GridRow", "SheetReader", "map_grid"]

_HEADERS: Final = {
    "symbol": ("symbol", "ticker"),
    "type": ("type", "assettype"),
    "last": ("last", "price", "lastprice"),
    "bid": ("bid", "bidprice"),
    "ask": ("ask", "askprice"),
    "lastSize": ("lastsize",),
    "bidSize": ("bidsize",),
    "askSize": ("asksize",),
    "volume": ("volume", "vol", "totalvolume"),
    "netChange": ("netchange", "change", "num", "netchng"),
    "changePercent": ("perc", "changepercent", "percentchange", "percchange"),
    "open": ("open",),
    "high": ("high", "24high", "worldhigh"),
    "low": ("low", "24low", "worldlow"),
    "close": ("close", "previousclose", "prevclose"),
    "high52": ("52wkhigh", "52weekhigh", "52high", "high52"),
    "low52": ("52wklow", "52weeklow", "52low", "low52"),
}
_FIELD_OF_HEADER: Final = MappingProxyType({header: field for field, headers in _HEADERS.items() for header in headers})
_QUOTE_PRICES: Final = ("last", "bid", "ask")
_STOCK_TYPES: Final = frozenset({"stock", "stocks", "equity", "equities", "etf", "option", "options"})

Row = Sequence[object]


class GridError(CollectorError):
    """The grid has no row of headers that names a symbol and a price."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a row worth telling its owner. `row` counts from 1 in the grid; `code` is stable."""

    row: int
    symbol: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """One instrument's row. Two readings of a row that says the same are equal: when it was read is not part of it."""

    symbol: str
    members: bytes

    def candidate(self, ts_us: int) -> bytes:
        """The row as a candidate event of that instant (microseconds UTC)."""
        return b'{"v":1,"symbol":"%b","ts":"%b",%b}' % (self.symbol.encode(), iso_from_us(ts_us).encode(), self.members)


@dataclass(frozen=True, slots=True)
class GridReading:
    """What a grid says: its rows in sheet order, and what was left out or looked odd."""

    rows: tuple[GridRow, ...]
    findings: tuple[Finding, ...]

    def candidates(self, ts_us: int) -> list[bytes]:
        """Every row as a candidate event of that instant."""
        return [row.candidate(ts_us) for row in self.rows]


def map_grid(
    grid: Sequence[Row],
    instruments: Instruments,
    *,
    source: str,
    publish_as: str | None = None,
    stale: bool = False,
) -> GridReading:
    """Read a grid once; see SheetReader."""
    return SheetReader(instruments, source=source, publish_as=publish_as, stale=stale).read(grid)


class SheetReader:
    """Reads one sheet again and again; a row whose cells are as they were costs one comparison.

    `source` says whose names the sheet uses, and the events carry it unless `publish_as` names another.

    A cell that cannot be read spoils its row if it is a price or a size: the row becomes a candidate that is then
    refused by name. In a cell of the day's figures it is left out and becomes a finding.
    """

    def __init__(
        self, instruments: Instruments, *, source: str, publish_as: str | None = None, stale: bool = False
    ) -> None:
        self._instruments = instruments
        self._source = source
        self._publish_as = publish_as or source
        self._stale = stale
        self._header: Row | None = None
        self._header_row = 0
        self._columns: dict[str, int] = {}
        self._readers: dict[tuple[str, str | None], RowReader] = {}
        self._known: dict[int, _KnownRow] = {}

    def read(self, grid: Sequence[Row]) -> GridReading:
        """Every row whose symbol the registry knows. Raises GridError where no header row is found."""
        self._find_headers(grid)
        rows: dict[str, GridRow] = {}
        findings: list[Finding] = []
        for number, raw in enumerate(grid[self._header_row + 1 :], start=self._header_row + 2):
            known = self._known.get(number)
            if known is None or known.raw != raw:
                known = self._known[number] = self._read_row(number, raw)
            if known.symbol in rows:
                text = "an earlier row already gives this symbol"
                findings.append(Finding(number, known.symbol, "duplicate_symbol", text))
                continue
            findings.extend(known.findings)
            if known.row is not None:
                rows[known.symbol] = known.row
        return GridReading(tuple(rows.values()), tuple(findings))

    def _read_row(self, number: int, raw: Row) -> "_KnownRow":
        name = self._cell(raw, "symbol")
        if not isinstance(name, str) or not name.strip():
            return _KnownRow(raw)
        asset_class = self._asset_class(raw)
        resolution = self._instruments.resolve(self._source, name, asset_class)
        if resolution is None:
            finding = Finding(number, name.strip(), *self._why_unknown(name, asset_class))
            return _KnownRow(raw, findings=(finding,))
        symbol = resolution.instrument.symbol
        members, found = self._reader(resolution).read(raw)
        findings = tuple(Finding(number, symbol, code, message) for code, message in found)
        return _KnownRow(raw, symbol, None if members is None else GridRow(symbol, members), findings)

    def _cell(self, raw: Row, field: str) -> object:
        column = self._columns.get(field)
        return raw[column] if column is not None and column < len(raw) else None

    def _asset_class(self, raw: Row) -> AssetClass | None:
        # What else a sheet may call its rows (Futures, Index) leaves the name to decide.
        return "equity" if _plain(self._cell(raw, "type")) in _STOCK_TYPES else None

    def _why_unknown(self, name: str, asset_class: AssetClass | None) -> tuple[str, str]:
        other = self._instruments.resolve(self._source, name)
        if other is None:
            return "unknown_symbol", "not in the registry"
        return "other_asset_class", f"the row is an {asset_class}, the symbol is a {other.instrument.asset_class} here"

    def _reader(self, resolution: Resolution) -> RowReader:
        instrument = resolution.instrument
        key = instrument.symbol, resolution.contract
        reader = self._readers.get(key)
        if reader is None:
            figures = {field: at for field, at in self._columns.items() if field not in {"symbol", "type"}}
            reader = self._readers[key] = RowReader(
                figures,
                source=self._publish_as,
                precision=instrument.precision,
                tick=instrument.tick,
                contract=resolution.contract,
                stale=self._stale,
            )
        return reader

    def _find_headers(self, grid: Sequence[Row]) -> None:
        if self._header is not None and self._header_row < len(grid) and grid[self._header_row] == self._header:
            return
        for number, raw in enumerate(grid):
            columns = _columns_of(raw)
            if columns is not None:
                self._header, self._header_row, self._columns = raw, number, columns
                self._readers = {}
                self._known = {}
                return
        self._header = None
        raise GridError("The sheet has no row of headers that names a symbol and a last, bid or ask.")


@dataclass(frozen=True, slots=True)
class _KnownRow:
    """What a row said when its cells were these."""

    raw: Row
    symbol: str = ""
    row: GridRow | None = None
    findings: tuple[Finding, ...] = ()


def _columns_of(raw: Row) -> dict[str, int] | None:
    """Where each figure stands, None where the row is no row of headers."""
    columns: dict[str, int] = {}
    for column, header in enumerate(raw):
        field = _FIELD_OF_HEADER.get(_plain(header))
        if field is not None:
            columns.setdefault(field, column)
    if "symbol" not in columns and raw and _plain(raw[0]) == "":
        columns["symbol"] = 0
    if "symbol" in columns and not columns.keys().isdisjoint(_QUOTE_PRICES) and len(columns) > 2:
        return columns
    return None


def _plain(header: object) -> str:
    if not isinstance(header, str):
        return "" if header is None else str(header)
    return "".join(character for character in header.casefold() if character.isalnum())
