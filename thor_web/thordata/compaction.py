"""Compaction: one file a partition, in order, with today's encodings, and nothing left over from writers that died.

Other programs may add files to a partition; here they become one. Of rows with one key that of the last file by name
stands. Readers see a partition's `ticks.parquet` only, so that no row is there twice meanwhile.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from thor_fast import Ticks
from thor_web.thordata.services.lake_files import (
    FILE_NAME,
    partition_path,
    read_manifest,
    read_ticks,
    write_manifest,
    write_partition,
)
from thor_web.thordata.settings import StorageSettings

__all__ = ["Compacted", "compact"]

LEFT_OVER_S: Final = 3_600.0
"""An unfinished file that nobody wrote to for so long is nobody's."""


@dataclass(frozen=True, slots=True)
class Compacted:
    """A partition that was rewritten."""

    trade_date: date
    symbol: str
    files: int
    bytes_before: int
    bytes_after: int


def compact(
    settings: StorageSettings, dates: list[date] | None = None, *, all_files: bool = False
) -> Iterator[Compacted]:
    """Rewrite the partitions of several files, or with `all_files` every one; tell of each."""
    lake = settings.lake_folder()
    for folder in sorted(lake.glob("date=*")):
        trade_date = date.fromisoformat(folder.name.removeprefix("date="))
        if dates is not None and trade_date not in dates:
            continue
        _sweep(folder)
        known = read_manifest(lake, trade_date)
        changed = False
        for place in sorted(folder.glob("symbol=*")):
            files = sorted(place.glob("*.parquet"))
            if not files or (len(files) == 1 and files[0].name == FILE_NAME and not all_files):
                continue
            symbol = unquote(place.name.removeprefix("symbol="))
            before = sum(file.stat().st_size for file in files)
            (rows,) = [part for _, part in Ticks.split([read_ticks(file) for file in files])]
            known[symbol] = write_partition(lake, trade_date, symbol, rows)
            for file in files:
                if file != partition_path(lake, trade_date, symbol):
                    file.unlink()
            changed = True
            yield Compacted(trade_date, symbol, len(files), before, known[symbol].bytes)
        if changed:
            write_manifest(lake, trade_date, [known[symbol] for symbol in sorted(known)])


def _sweep(folder: Path) -> None:
    for unfinished in folder.rglob(".*.parquet.*"):
        if time.time() - unfinished.stat().st_mtime > LEFT_OVER_S:
            unfinished.unlink(missing_ok=True)
