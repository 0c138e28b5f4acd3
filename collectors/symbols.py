"""One normalisation of symbols at the edge: from (source, raw name, asset class) to the canonical symbol, and back.

A bare root belongs to the future only where the registry says so; a stock with the same ticker is canonical as
`ES.US`. A share class stands behind a dot (`BRK.B`), an index behind a dollar (`$SPX`). A future that has no row in
the registry has no canonical symbol: it is added there. Nothing further in strips a slash or a suffix.
"""

import re
from dataclasses import dataclass
from typing import Final

from collectors.instruments import AssetClass, Instrument, Instruments

__all__ = ["SymbolName", "Symbols"]

STOCK_MARK: Final = ".US"
"""What tells a stock from the future whose root is the same."""

_INDEX: Final = re.compile(r"[$^.]?(?P<root>[A-Z][A-Z0-9]{0,15})(?:\.X)?")
# A ticker, perhaps a share class behind whatever separator the source uses, perhaps our own mark.
_STOCK: Final = re.compile(r"(?P<ticker>[A-Z][A-Z0-9]{0,9})(?:[./-](?P<share>[A-Z]{1,2}))?(?P<mark>\.US)?")
_CONTRACT: Final = re.compile(r"(?P<root>[A-Z0-9]{1,3})(?P<month>[FGHJKMNQUVXZ]\d{2})")
_SHARE_CLASS_SEPARATOR: Final = {"TOS": "/", "SCHWAB": "/"}
_DOLLAR_INDEX_SOURCES: Final = frozenset({"SCHWAB"})
"""Sources that call an index `$SPX`; bare and `.X` forms answer nothing there."""


@dataclass(frozen=True, slots=True)
class SymbolName:
    """A canonical symbol with what kind of thing it is and, of a future, which contract month (`ESZ25`) was named."""

    symbol: str
    asset_class: AssetClass
    contract: str | None = None


class Symbols:
    """The rules over one registry."""

    def __init__(self, instruments: Instruments) -> None:
        self._instruments = instruments

    def normalise(self, source: str, raw: str, asset_class: AssetClass | None = None) -> SymbolName | None:
        """The canonical name of what a source calls `raw`. None for a future that the registry does not hold.

        Without an asset class the form of the name decides: a slash is a future, `$`, `^` or a leading dot an index,
        a bare root of the registry its future (except at sources whose bare names are stocks), the rest a stock.
        """
        known = self._instruments.resolve(source, raw, asset_class)
        if known is not None:
            return SymbolName(known.instrument.symbol, known.instrument.asset_class, known.contract)
        name = " ".join(raw.split()).upper()
        if asset_class == "future" or name.startswith("/"):
            return None
        if asset_class == "index" or (asset_class is None and name[:1] in {"$", "^", "."}):
            index = _INDEX.fullmatch(name)
            return None if index is None else SymbolName(f"${index['root']}", "index")
        return self._stock(name)

    def spell(self, source: str, name: SymbolName) -> str | None:
        """What the source calls it. None where it has no name there: VX and DX are at no source but thinkorswim."""
        instrument = self._instruments.get(name.symbol)
        if instrument is not None and instrument.asset_class == name.asset_class:
            return self._spell_registered(source, instrument, name.contract)
        if name.asset_class == "future":
            return None
        if name.asset_class == "index":
            spelled = name.symbol if source in _DOLLAR_INDEX_SOURCES else name.symbol.removeprefix("$")
        else:
            ticker, dot, share = name.symbol.removesuffix(STOCK_MARK).partition(".")
            spelled = f"{ticker}{_SHARE_CLASS_SEPARATOR.get(source, '.')}{share}" if dot else ticker
        # An index called RT would be taken for the future that older sheets call so: better no name than another's.
        return spelled if self.normalise(source, spelled, name.asset_class) == name else None

    @staticmethod
    def _spell_registered(source: str, instrument: Instrument, contract: str | None) -> str | None:
        named = instrument.names.get(source)
        if named is None or contract is None or instrument.asset_class != "future":
            return named
        month = _CONTRACT.fullmatch(contract)
        if month is None or not named.startswith("/"):
            return None
        _, colon, venue = named.partition(":")
        return f"/{contract}{colon}{venue}"

    def _stock(self, name: str) -> SymbolName | None:
        stock = _STOCK.fullmatch(name)
        if stock is None:
            return None
        ticker, share = stock["ticker"], stock["share"]
        if share == STOCK_MARK[1:]:
            share = None
        if share is not None:
            return SymbolName(f"{ticker}.{share}", "equity")
        holder = self._instruments.get(ticker)
        taken = holder is not None and holder.asset_class != "equity"
        return SymbolName(f"{ticker}{STOCK_MARK}" if taken else ticker, "equity")
