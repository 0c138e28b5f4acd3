"""From the grid of a quote sheet to candidate events: which column is what, which row is whom, what a zero means.

Columns are found by their headers and may stand anywhere. Only symbols of the registry are read, so that account
figures and other tables on the same sheet stay out. Pure: where the grid came from and when is told by the caller.
Reading a workbook is sources/excel_file.py, reading one cell is cells.py.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from collectors.cells import CellError, read_count, read_percent, read_price
from collectors.errors import CollectorError
from collectors.instruments import Instrument, Instruments, Resolution

__all__ = ["Finding", "GridError", "GridReading", "GridRow", "map_grid"]

NEAR_ZERO_TICKS: Final = 100
"""A zero is a price only where the row's other prices are this near: crude oil in 2020, not a row still loading."""
LARGEST_VOLUME: Final = 2**53

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
_QUOTE_SIZES: Final = ("lastSize", "bidSize", "askSize")
_DAY_PRICES: Final = ("open", "high", "low", "close", "high52", "low52")
_STOCK_TYPES: Final = frozenset({"stock", "stocks", "equity", "equities", "etf", "option", "options"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Cells = Mapping[str, object]


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
    members: str

    def candidate(self, ts_us: int) -> bytes:
        """The row as a candidate event of that instant (microseconds UTC)."""
        ts = (_EPOCH + timedelta(microseconds=ts_us)).isoformat(timespec="microseconds")
        return f'{{"v":1,"symbol":"{self.symbol}","ts":"{ts}",{self.members}}}'.encode()


@dataclass(frozen=True, slots=True)
class GridReading:
    """What a grid says: its rows in sheet order, and what was left out or looked odd."""

    rows: tuple[GridRow, ...]
    findings: tuple[Finding, ...]

    def candidates(self, ts_us: int) -> list[bytes]:
        """Every row as a candidate event of that instant."""
        return [row.candidate(ts_us) for row in self.rows]


def map_grid(
    grid: Sequence[Sequence[object]],
    instruments: Instruments,
    *,
    source: str,
    publish_as: str | None = None,
    stale: bool = False,
) -> GridReading:
    """Read every row whose symbol the registry knows. Raises GridError where no header row is found.

    `source` says whose names the sheet uses, and the events carry it unless `publish_as` names another.

    A cell that cannot be read spoils its row if it is a price or a size: the row becomes a candidate that is then
    refused by name. In a cell of the day's figures it is left out and becomes a finding.
    """
    header_row, columns = _find_headers(grid)
    rows: dict[str, GridRow] = {}
    findings: list[Finding] = []
    for number, raw in enumerate(grid[header_row + 1 :], start=header_row + 2):
        cells = {field: raw[column] for field, column in columns.items() if column < len(raw)}
        name = cells.get("symbol")
        if not isinstance(name, str) or not name.strip():
            continue
        resolution = instruments.resolve(source, name)
        if resolution is None:
            findings.append(Finding(number, name.strip(), "unknown_symbol", "not in the registry"))
            continue
        symbol = resolution.instrument.symbol
        problem = _why_not(resolution.instrument, cells, taken=symbol in rows)
        if problem is not None:
            findings.append(Finding(number, symbol, *problem))
            continue
        reader = _RowReader(resolution, cells, number)
        row = reader.read(publish_as or source, stale=stale)
        findings.extend(reader.findings)
        if row is not None:
            rows[symbol] = row
    return GridReading(tuple(rows.values()), tuple(findings))


def _find_headers(grid: Sequence[Sequence[object]]) -> tuple[int, dict[str, int]]:
    for number, raw in enumerate(grid):
        columns: dict[str, int] = {}
        for column, header in enumerate(raw):
            field = _FIELD_OF_HEADER.get(_plain(header))
            if field is not None:
                columns.setdefault(field, column)
        if "symbol" not in columns and raw and _plain(raw[0]) == "":
            columns["symbol"] = 0
        if "symbol" in columns and not columns.keys().isdisjoint(_QUOTE_PRICES) and len(columns) > 2:
            return number, columns
    raise GridError("The sheet has no row of headers that names a symbol and a last, bid or ask.")


def _plain(header: object) -> str:
    if not isinstance(header, str):
        return "" if header is None else str(header)
    return "".join(character for character in header.casefold() if character.isalnum())


def _why_not(instrument: Instrument, cells: Cells, *, taken: bool) -> tuple[str, str] | None:
    if taken:
        return "duplicate_symbol", "an earlier row already gives this symbol"
    kind = _plain(cells.get("type"))
    if kind in _STOCK_TYPES and instrument.asset_class != "equity":
        return "other_asset_class", f"the row is a {kind}, the symbol is a {instrument.asset_class} here"
    return None


class _RowReader:
    """Reads the cells of one row and says what they mean together."""

    def __init__(self, resolution: Resolution, cells: Cells, number: int) -> None:
        self.findings: list[Finding] = []
        self._resolution = resolution
        self._instrument = resolution.instrument
        self._cells = cells
        self._number = number

    def read(self, source: str, *, stale: bool) -> GridRow | None:
        volume = self._day_figure("volume")
        prices, spoilt = self._quote_prices()
        day = {field: self._day_figure(field) for field in _DAY_PRICES}
        self._drop_false_zeros(prices, day, volume)
        if not spoilt and all(prices[field] is None for field in _QUOTE_PRICES):
            self._find("no_values", "neither last nor bid nor ask yet")
            return None
        sizes = self._sizes(prices, spoilt)
        meta = self._meta(prices, day, volume, stale=stale)
        members: dict[str, object] = {"source": source, **prices, **sizes, **spoilt, "meta": meta}
        return GridRow(self._instrument.symbol, _json(members)[1:-1])

    def _quote_prices(self) -> tuple[dict[str, Decimal | None], dict[str, str]]:
        prices: dict[str, Decimal | None] = dict.fromkeys(_QUOTE_PRICES)
        spoilt: dict[str, str] = {}
        for field in _QUOTE_PRICES:
            try:
                prices[field] = read_price(self._cells.get(field))
            except CellError as error:
                spoilt[field] = str(self._cells.get(field))
                self._find("unreadable", f"{field}: {error}")
        return prices, spoilt

    def _sizes(self, prices: Mapping[str, Decimal | None], spoilt: dict[str, str]) -> dict[str, int | None]:
        sizes: dict[str, int | None] = dict.fromkeys(_QUOTE_SIZES)
        for field, price in zip(_QUOTE_SIZES, _QUOTE_PRICES, strict=True):
            try:
                size = read_count(self._cells.get(field))
            except CellError as error:
                spoilt[field] = str(self._cells.get(field))
                self._find("unreadable", f"{field}: {error}")
            else:
                # A size beside no price is the sheet's zero for "nothing yet".
                sizes[field] = size if prices[price] is not None else None
        return sizes

    def _day_figure(self, field: str) -> Decimal | None:
        value = self._cells.get(field)
        try:
            if field == "volume":
                count = read_count(value, largest=LARGEST_VOLUME)
                return None if count is None else Decimal(count)
            return read_percent(value) if field == "changePercent" else read_price(value)
        except CellError as error:
            self._find("unreadable", f"{field}: {error}")
            return None

    def _drop_false_zeros(
        self,
        prices: dict[str, Decimal | None],
        day: dict[str, Decimal | None],
        volume: Decimal | None,
    ) -> None:
        """After the daily reset, and while the sheet loads, zero says "nothing yet"."""
        believed = (
            volume is not None
            and volume > 0
            and any(price is not None and price != 0 for price in prices.values())
            and all(price is None or price <= NEAR_ZERO_TICKS * self._instrument.tick for price in prices.values())
        )
        if believed:
            return
        for figures in (prices, day):
            for field, price in figures.items():
                if price == 0:
                    figures[field] = None

    def _meta(
        self,
        prices: Mapping[str, Decimal | None],
        day: Mapping[str, Decimal | None],
        volume: Decimal | None,
        *,
        stale: bool,
    ) -> dict[str, object]:
        flags = list(_book_flags(prices))
        change = self._net_change(prices["last"])
        last, close = prices["last"], day["close"]
        if change is None and last is not None and close is not None:
            change = last - close
            flags.append("net_change_computed")
        found: dict[str, object] = {
            "precision": self._instrument.precision,
            "contract": self._resolution.contract,
            "stale": stale or None,
            "volume": volume,
            "netChange": change,
            "changePercent": self._day_figure("changePercent"),
            **day,
            "flags": flags or None,
        }
        return {field: value for field, value in found.items() if value is not None}

    def _net_change(self, last: Decimal | None) -> Decimal | None:
        """The source's own figure: it need not be last minus close, which are updated at other times."""
        change = self._day_figure("netChange")
        # No change beside no last price is a row still loading, not an unchanged market.
        return None if change == 0 and last is None else change

    def _find(self, code: str, message: str) -> None:
        self.findings.append(Finding(self._number, self._instrument.symbol, code, message))


def _book_flags(prices: Mapping[str, Decimal | None]) -> Iterator[str]:
    """The cells of a row do not change together, so a book may look impossible for a moment: say so, drop nothing."""
    last, bid, ask = (prices[field] for field in _QUOTE_PRICES)
    if bid is None or ask is None:
        return
    if bid > ask:
        yield "crossed"
    elif bid == ask:
        yield "locked"
    elif last is not None and not bid <= last <= ask:
        yield "last_outside"


def _json(value: object) -> str:
    """JSON with decimals written digit for digit, which the standard encoder cannot do."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(key)}:{_json(member)}" for key, member in value.items()) + "}"
    return json.dumps(value)
