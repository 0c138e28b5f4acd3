"""Which source stands for a symbol where the configuration says otherwise than the symbol's row.

Only words are read here; who is live, and who stands in for whom, is decided by the merge policy in the core.
"""

import re
from collections.abc import Mapping
from typing import Final

from collectors.errors import CollectorError
from collectors.instruments import Instruments

__all__ = ["PreferenceError", "override_preferred"]

_WORD: Final = re.compile(r"(?:(?P<symbol>[A-Z0-9$][A-Z0-9.$_/-]{0,31})=)?(?P<source>[A-Z][A-Z0-9_]{0,15})")


class PreferenceError(CollectorError):
    """The setting cannot be read."""


def override_preferred(preferred: Mapping[str, str], text: str, instruments: Instruments) -> dict[str, str]:
    """`preferred` (symbol to source) with what PREFERRED_SOURCES says instead: `SCHWAB`, or `ES=SCHWAB,AAPL=SCHWAB`.

    A source alone is meant for every instrument that it has a name for: `SCHWAB` leaves VX and DX to thinkorswim. Of a
    source that no instrument has a name for, it is every instrument. A symbol's own word comes before a source alone.
    Raises PreferenceError with one sentence.
    """
    own: dict[str, str] = {}
    general: dict[str, str] = {}
    for word in filter(None, (part.strip().upper() for part in text.split(","))):
        found = _WORD.fullmatch(word)
        if found is None:
            raise PreferenceError(f"PREFERRED_SOURCES is written like SCHWAB or ES=SCHWAB,NQ=TOS, was {word!r}.")
        source, symbol = found["source"], found["symbol"]
        told, symbols = (general, _symbols_of(source, instruments)) if symbol is None else (own, [symbol])
        for each in symbols:
            if told.setdefault(each, source) != source:
                raise PreferenceError(f"PREFERRED_SOURCES names both {told[each]} and {source} for {each}.")
    return {**preferred, **general, **own}


def _symbols_of(source: str, instruments: Instruments) -> list[str]:
    named = [row.symbol for row in instruments if source in row.names]
    return named or list(instruments.symbols)
