"""Which sources there are: from the name used on the command line to what makes one."""

from typing import Final

from collectors.instruments import Instruments
from collectors.sources import json_file, mock, replay
from collectors.sources.base import CollectSpec, Source, SourceFactory, UnknownSourceError

__all__ = ["SOURCES", "create_source"]


def _excel_file(spec: CollectSpec, instruments: Instruments) -> Source:
    from collectors.sources import excel_file  # noqa: PLC0415 - openpyxl costs every other collector's start 0.2 s

    return excel_file.create(spec, instruments)


def _excel_live(spec: CollectSpec, instruments: Instruments) -> Source:
    from collectors.sources import excel_live  # noqa: PLC0415 - as above, and xlwings where it is installed

    return excel_live.create(spec, instruments)


def _schwab(spec: CollectSpec, instruments: Instruments) -> Source:
    try:
        from collectors.sources.schwab import source  # noqa: PLC0415 - its packages are an extra
    except ImportError as error:
        raise UnknownSourceError("schwab needs its packages: pip install 'thor[schwab]'.") from error
    return source.create(spec, instruments)


SOURCES: Final[dict[str, SourceFactory]] = {
    "mock": mock.create,
    "replay": replay.create,
    "json": json_file.create,
    "excel_file": _excel_file,
    "excel_live": _excel_live,
    "schwab": _schwab,
}


def create_source(spec: CollectSpec, instruments: Instruments) -> Source:
    """Make the asked-for source. Raises UnknownSourceError for wrong usage, SourceError for what cannot be read."""
    factory = SOURCES.get(spec.source)
    if factory is None:
        raise UnknownSourceError(f"There is no source {spec.source!r}; there are {', '.join(SOURCES)}.")
    return factory(spec, instruments)
