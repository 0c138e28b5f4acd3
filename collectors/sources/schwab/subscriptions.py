"""Which symbols are streamed, by which service and under which key; each is told to the core once."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from collectors.instruments import Instruments
from collectors.sources.base import UnknownSourceError
from collectors.symbols import SymbolName, Symbols
from thor_fast import SchwabFrames

__all__ = ["SOURCE", "Subscriptions"]

SOURCE: Final = "SCHWAB"
EQUITIES: Final = "LEVELONE_EQUITIES"
FUTURES: Final = "LEVELONE_FUTURES"
FUTURES_CHART: Final = "CHART_FUTURES"
MOST_SYMBOLS: Final = 500
CENT: Final = Decimal("0.01")


class Subscriptions:
    """The instruments of the registry that have a name at Schwab, and the further symbols that were asked for."""

    def __init__(self, instruments: Instruments, extra: Sequence[str] = ()) -> None:
        symbols = Symbols(instruments)
        wanted = [SymbolName(row.symbol, row.asset_class) for row in instruments if SOURCE in row.names]
        for raw in extra:
            name = symbols.normalise(SOURCE, raw)
            if name is None:
                raise UnknownSourceError(f"SCHWAB_SYMBOLS: {raw!r} is no symbol that Schwab streams.")
            if name not in wanted:
                wanted.append(name)
        if len(wanted) > MOST_SYMBOLS:
            raise UnknownSourceError(f"Schwab streams at most {MOST_SYMBOLS} symbols, {len(wanted)} are asked for.")
        self.keys: dict[str, list[str]] = {FUTURES: [], EQUITIES: [], FUTURES_CHART: []}
        self._instruments = instruments
        self._names: list[tuple[str, str, SymbolName]] = []
        for name in wanted:
            key = symbols.spell(SOURCE, name)
            if key is None:
                raise UnknownSourceError(f"SCHWAB_SYMBOLS: {name.symbol} has no name at Schwab.")
            for service in (FUTURES, FUTURES_CHART) if name.asset_class == "future" else (EQUITIES,):
                self.keys[service].append(key)
                self._names.append((service, key, name))

    @property
    def rest_symbols(self) -> list[str]:
        """Every key once, as REST takes them."""
        return [*self.keys[FUTURES], *self.keys[EQUITIES]]

    def new_frames(self) -> SchwabFrames:
        """A reader that knows all of them."""
        frames = SchwabFrames(SOURCE)
        for service, key, name in self._names:
            instrument = self._instruments.get(name.symbol)
            frames.subscribe(
                service,
                key,
                name.symbol,
                tick=CENT if instrument is None else instrument.tick,
                precision=2 if instrument is None else instrument.precision,
                contract=name.contract,
            )
        return frames
