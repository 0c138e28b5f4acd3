"""Which providers a Thor is configured to run: `DATA_PROVIDER` or `--source` as values, and what each one needs.

A provider is chosen by configuration alone; no request can name one, nor a file, a sheet or a pace.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from collectors.errors import CollectorError
from collectors.sources.registry import SOURCES

__all__ = ["FILE_PROVIDERS", "PROVIDER_SOURCES", "Provider", "ProviderChoiceError", "parse_providers"]

FILE_PROVIDERS: Final = frozenset({"replay", "json", "excel_file"})
"""Providers that read a file, which must be named."""
PROVIDER_SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {"mock": "MOCK", "excel_live": "TOS", "excel_file": "TOS", "json": "JSON", "schwab": "SCHWAB", "replay": "REPLAY"}
)
"""The source that a provider's events carry, or what health calls it."""


class ProviderChoiceError(CollectorError, ValueError):
    """The text names no provider, or one without its file."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider that is wanted: its kind, and the file or workbook where it was given one."""

    kind: str
    file: Path | None = None

    @property
    def source(self) -> str:
        """The source that its events carry."""
        return PROVIDER_SOURCES.get(self.kind, self.kind.upper())


def parse_providers(text: str) -> tuple[Provider, ...]:
    """Read `excel_live,schwab`, `replay:day.jsonl.gz` or `none`. Raises ProviderChoiceError with one sentence."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if words == ["none"] or not words:
        return ()
    found: list[Provider] = []
    for word in words:
        kind, colon, name = word.partition(":")
        if kind not in SOURCES:
            raise ProviderChoiceError(f"a source is one of {', '.join(SOURCES)} or none, was {word!r}")
        if kind in FILE_PROVIDERS and not name:
            raise ProviderChoiceError(f"{kind} needs its file: {kind}:FILE")
        if colon and not name:
            raise ProviderChoiceError(f"{word!r} names no file behind its colon")
        if name and kind not in FILE_PROVIDERS and kind != "excel_live":
            raise ProviderChoiceError(f"{kind} reads no file, was {word!r}")
        if any(kind == earlier.kind for earlier in found):
            raise ProviderChoiceError(f"{kind} is named twice")
        found.append(Provider(kind, Path(name).expanduser() if name else None))
    return tuple(found)
