"""The instrument registry: the rows of instruments.toml as values, and which symbol a source's own name means.

A raw name becomes a canonical symbol here, once, at the edge; nothing further in strips a slash. Reading the file
is asked for by the caller: importing this module reads nothing.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, cast

import thor_fast
from collectors.errors import CollectorError

__all__ = [
    "AssetClass",
    "Display",
    "Instrument",
    "InstrumentError",
    "Instruments",
    "Resolution",
    "StatValues",
    "load_instruments",
    "register",
]

REGISTRY_FILE: Final = Path(__file__).with_name("instruments.toml")
BARE_NAME_IS_A_STOCK: Final = frozenset({"SCHWAB"})
"""Sources for which `ES` is Eversource Energy and only `/ES` is the future."""

Display = int | Literal["32nds"]
AssetClass = Literal["future", "index", "equity"]
Unit = Literal["points", "ticks", "1/32", "0.01"]

_ASSET_CLASSES: Final = ("future", "index", "equity")
_UNITS: Final = ("points", "ticks", "1/32", "0.01")
_SYMBOL: Final = re.compile(r"[A-Z0-9$][A-Z0-9.$_/-]{0,31}")
_SOURCE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,15}")
_MARKET: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_REQUIRED: Final = (
    "symbol",
    "name",
    "asset_class",
    "exchange",
    "market",
    "tick",
    "tick_value",
    "multiplier",
    "display",
    "preferred",
)
_OPTIONAL: Final = ("names", "aliases", "category", "stat_values", "target")
_STAT_VALUES: Final = ("buy", "strong_buy", "weight", "unit", "inverse")
# "/ES", "//ES", "/ES:XCME", "ES:XCME", "/ESZ25", "/ESZ25:XCME": a root, perhaps a contract month, perhaps a venue.
_FUTURE_NAME: Final = re.compile(
    r"(?P<slash>/{0,2})(?P<root>[A-Z0-9]{1,3}?)(?P<contract>[FGHJKMNQUVXZ]\d{2})?(?::(?P<venue>[A-Z]{4}))?"
)


class InstrumentError(CollectorError):
    """A row of the registry is wrong: `row` names it, `field` the part of it."""

    def __init__(self, row: str, field: str, message: str) -> None:
        super().__init__(f"instruments.toml, {row}: {message}")
        self.row = row
        self.field = field


@dataclass(frozen=True, slots=True)
class StatValues:
    """What a net change of an instrument says, in `unit`; the sell side mirrors the buy side. See instruments.toml."""

    buy: Decimal
    strong_buy: Decimal
    weight: Decimal
    unit: Unit
    inverse: bool


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable thing. `tick` is in points, `tick_value` and `multiplier` in USD."""

    symbol: str
    name: str
    asset_class: AssetClass
    exchange: str
    market: str
    tick: Decimal
    tick_value: Decimal
    multiplier: Decimal
    display: Display
    preferred: str
    names: Mapping[str, str]
    aliases: tuple[str, ...]
    category: str | None
    stat_values: StatValues | None
    target: Decimal | None
    order: int

    @property
    def precision(self) -> int:
        """Decimal places that show every tick exactly: the display's own, or the tick's where it shows fractions."""
        if isinstance(self.display, int):
            return self.display
        return max(0, -cast("int", self.tick.normalize().as_tuple().exponent))


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a raw name means. `contract` is the contract month where the name carried one ("ESZ25")."""

    instrument: Instrument
    contract: str | None = None


class Instruments:
    """The registry in display order. Frozen once made."""

    def __init__(self, rows: tuple[Instrument, ...]) -> None:
        self._rows = rows
        self._by_symbol = MappingProxyType({row.symbol: row for row in rows})
        self._by_source_name: dict[tuple[str, str], Instrument] = {}
        self._by_alias: dict[str, Instrument] = {}
        for row in rows:
            for alias in row.aliases:
                self._claim_alias(row, alias)
            for source, name in row.names.items():
                self._claim_name(row, source, name)

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._by_symbol

    def __getitem__(self, symbol: str) -> Instrument:
        """The instrument of a canonical symbol. Raises KeyError."""
        return self._by_symbol[symbol]

    def get(self, symbol: str) -> Instrument | None:
        """The instrument of a canonical symbol, None where it is not in the registry."""
        return self._by_symbol.get(symbol)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Canonical symbols in display order."""
        return tuple(row.symbol for row in self._rows)

    def resolve(self, source: str, raw: str, asset_class: AssetClass | None = None) -> Resolution | None:
        """Which instrument a source means by its own name, None where the registry does not know it.

        The letter case and the spacing of a name carry no meaning at any source of ours. A bare root is the
        future, because the registry says so, except at the sources where it is the stock of that ticker, and where
        the asset class says that another kind of thing is meant.
        """
        name = _plain(raw)
        found = self._by_source_name.get((source, name))
        if found is None and source not in BARE_NAME_IS_A_STOCK:
            found = self._by_symbol.get(name)
            if found is not None and asset_class not in {None, found.asset_class}:
                return None
            found = found or self._by_alias.get(name)
        if found is None:
            resolution = self._resolve_future(name, bare_allowed=source not in BARE_NAME_IS_A_STOCK)
        else:
            resolution = Resolution(found)
        if resolution is None or asset_class is None:
            return resolution
        # The sheet calls $DXY an index and the registry a future; a stock is never either.
        same_kind = (asset_class == "equity") == (resolution.instrument.asset_class == "equity")
        return resolution if same_kind else None

    def _resolve_future(self, name: str, *, bare_allowed: bool) -> Resolution | None:
        match = _FUTURE_NAME.fullmatch(name)
        if match is None or not (match["slash"] or (match["venue"] and bare_allowed)):
            return None
        row = self._by_symbol.get(match["root"])
        if row is None or row.asset_class != "future":
            return None
        if match["venue"] and not self._trades_at(row, match["venue"]):
            return None
        contract = match["contract"]
        return Resolution(row, f"{row.symbol}{contract}" if contract else None)

    @staticmethod
    def _trades_at(row: Instrument, venue: str) -> bool:
        venues = {name.rpartition(":")[2].upper() for name in row.names.values() if ":" in name}
        return venue in venues

    def _claim_alias(self, row: Instrument, alias: str) -> None:
        plain = _plain(alias)
        holder = self._by_symbol.get(plain) or self._by_alias.get(plain)
        if holder is not None:
            raise InstrumentError(row.symbol, "aliases", f"the alias {alias!r} already means {holder.symbol}")
        self._by_alias[plain] = row

    def _claim_name(self, row: Instrument, source: str, name: str) -> None:
        key = (source, _plain(name))
        holder = self._by_source_name.get(key)
        if holder is not None:
            raise InstrumentError(row.symbol, "names", f"the {source} name {name!r} already means {holder.symbol}")
        self._by_source_name[key] = row


def load_instruments(path: Path = REGISTRY_FILE) -> Instruments:
    """Read and check the registry. Raises InstrumentError naming the row and the field."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InstrumentError("the file", "path", f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InstrumentError("the file", "syntax", f"is not TOML: {error}") from error
    rows = document.get("instrument")
    if not isinstance(rows, list) or not rows or set(document) != {"instrument"}:
        raise InstrumentError("the file", "instrument", "must hold [[instrument]] rows and nothing else")
    instruments: list[Instrument] = []
    for position, row in enumerate(rows, start=1):
        instrument = _Row(f"row {position}", row).read(order=position - 1)
        if any(instrument.symbol == earlier.symbol for earlier in instruments):
            raise InstrumentError(f"row {position}", "symbol", f"{instrument.symbol} is there twice")
        instruments.append(instrument)
    return Instruments(tuple(instruments))


def register(instruments: Instruments) -> None:
    """Tell the core how to show each symbol's prices. Safe to repeat."""
    for instrument in instruments:
        thor_fast.register_display(instrument.symbol, instrument.display)


def _plain(name: str) -> str:
    return " ".join(name.split()).upper()


class _Row:
    """Reads one row of the file, checking each field as it is taken."""

    def __init__(self, label: str, row: object) -> None:
        self._label = label
        if not isinstance(row, dict):
            raise InstrumentError(self._label, "instrument", "must be a table")
        self._fields: dict[str, object] = row
        if isinstance(row.get("symbol"), str):
            self._label = f"{label} ({row['symbol']})"

    def read(self, *, order: int) -> Instrument:
        self._check_keys()
        instrument = Instrument(
            symbol=self._text("symbol", _SYMBOL),
            name=self._text("name"),
            asset_class=self._asset_class(),
            exchange=self._text("exchange"),
            market=self._text("market", _MARKET),
            tick=self._positive("tick"),
            tick_value=self._positive("tick_value"),
            multiplier=self._positive("multiplier"),
            display=self._display(),
            preferred=self._text("preferred", _SOURCE),
            names=self._names(),
            aliases=self._aliases(),
            category=self._text("category") if "category" in self._fields else None,
            stat_values=self._stat_values(),
            target=self._positive("target") if "target" in self._fields else None,
            order=order,
        )
        if instrument.tick * instrument.multiplier != instrument.tick_value:
            raise self._error("tick_value", f"must be tick x multiplier = {instrument.tick * instrument.multiplier}")
        return instrument

    def _error(self, field: str, wanted: str) -> InstrumentError:
        return InstrumentError(self._label, field, f"{field} {wanted}, was {self._fields.get(field)!r}")

    def _check_keys(self) -> None:
        for field in _REQUIRED:
            if field not in self._fields:
                raise InstrumentError(self._label, field, f"{field} is missing")
        for field in self._fields:
            if field not in _REQUIRED and field not in _OPTIONAL:
                raise InstrumentError(self._label, field, f"{field} is not a field of an instrument")

    def _text(self, field: str, pattern: re.Pattern[str] | None = None) -> str:
        value = self._fields[field]
        if not isinstance(value, str) or not value.strip():
            raise self._error(field, "must be text")
        if pattern is not None and pattern.fullmatch(value) is None:
            raise self._error(field, f"must match {pattern.pattern}")
        return value

    def _asset_class(self) -> AssetClass:
        value = self._fields["asset_class"]
        if value not in _ASSET_CLASSES:
            raise self._error("asset_class", f"must be one of {', '.join(_ASSET_CLASSES)}")
        return value

    def _positive(self, field: str) -> Decimal:
        number = self._decimal(field)
        if number <= 0:
            raise self._error(field, "must be above 0")
        return number

    def _decimal(self, field: str) -> Decimal:
        value = self._fields[field]
        try:
            number = Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            raise self._error(field, "must be a decimal in quotes")
        return number

    def _stat_values(self) -> StatValues | None:
        value = self._fields.get("stat_values")
        if value is None:
            return None
        if not isinstance(value, dict) or not {"buy", "strong_buy", "weight"} <= value.keys() <= set(_STAT_VALUES):
            raise self._error("stat_values", "must have buy, strong_buy and weight, and may have unit and inverse")
        return _Row(self._label, {f"stat_values.{name}": given for name, given in value.items()})._read_stat_values()

    def _read_stat_values(self) -> StatValues:
        buy, strong_buy = self._positive("stat_values.buy"), self._positive("stat_values.strong_buy")
        if strong_buy <= buy:
            raise self._error("stat_values.strong_buy", f"must be above buy, {buy}")
        unit = self._fields.get("stat_values.unit", "points")
        if unit not in _UNITS:
            raise self._error("stat_values.unit", f"must be one of {', '.join(_UNITS)}")
        inverse = self._fields.get("stat_values.inverse", False)
        if not isinstance(inverse, bool):
            raise self._error("stat_values.inverse", "must be true or false")
        weight = self._decimal("stat_values.weight")
        if weight < 0 and not inverse:
            raise self._error("stat_values.weight", "must not be below 0 without inverse = true")
        return StatValues(buy=buy, strong_buy=strong_buy, weight=weight, unit=unit, inverse=inverse)

    def _display(self) -> Display:
        value = self._fields["display"]
        if value == "32nds":
            return "32nds"
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 9:
            raise self._error("display", 'must be 0 to 9 decimal places or "32nds"')
        return value

    def _names(self) -> Mapping[str, str]:
        value = self._fields.get("names", {})
        if not isinstance(value, dict):
            raise self._error("names", "must be a table of source to name")
        for source, name in value.items():
            if _SOURCE.fullmatch(source) is None or not isinstance(name, str) or not name.strip():
                raise self._error("names", "must map a source in capitals to a name")
        return MappingProxyType(dict(value))

    def _aliases(self) -> tuple[str, ...]:
        value = self._fields.get("aliases", [])
        if not isinstance(value, list) or not all(isinstance(alias, str) and alias.strip() for alias in value):
            raise self._error("aliases", "must be a list of names")
        return tuple(value)
