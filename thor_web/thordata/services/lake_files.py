"""The lake's files: where a partition lies, how it is encoded, how it is replaced in one step.

A partition is one file, `date=YYYY-MM-DD/symbol=<SYMBOL>/ticks.parquet`, with the columns of the ticks table. It is
written beside its place and takes it in one step: a reader sees the old file or the new one, and a full disk or a kill
leaves the old.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thor_fast import Quality, Ticks
from thor_web.thordata.errors import StorageError
from thor_web.thordata.services.lake_place import reached, readable, replaced

__all__ = [
    "FILE_NAME",
    "FLAGS_NAME",
    "PRICE",
    "TICK_SCHEMA",
    "Partition",
    "flags_path",
    "lake_dates",
    "manifest_path",
    "partition_path",
    "partitions_of",
    "read_manifest",
    "read_ticks",
    "write_flags",
    "write_manifest",
    "write_partition",
]

FILE_NAME: Final = "ticks.parquet"
FLAGS_NAME: Final = "_flags"
"""Parquet as well, but by its name no reader of the lake takes it for ticks."""
MANIFEST: Final = "_manifest.json"
MANIFEST_VERSION: Final = 1
ROWS_A_GROUP: Final = 1 << 20

PRICE: Final = pa.decimal128(18, 9)
"""18 digits are stored as 64-bit integers. A partition with a price of a milliard or more has 19 digits instead."""
TICK_FIELDS: "Final[list[pa.Field[Any]]]" = [
    pa.field("symbol", pa.string(), nullable=False),
    pa.field("ts", pa.timestamp("us", tz="UTC"), nullable=False),
    pa.field("last", PRICE),
    pa.field("bid", PRICE),
    pa.field("ask", PRICE),
    pa.field("last_size", pa.int32()),
    pa.field("bid_size", pa.int32()),
    pa.field("ask_size", pa.int32()),
    pa.field("source", pa.string(), nullable=False),
    pa.field("cond", pa.string()),
    pa.field("seq", pa.int64()),
    pa.field("extra", pa.string()),
]
TICK_SCHEMA: Final = pa.schema(TICK_FIELDS)

FLAGS_SCHEMA: Final = pa.schema(
    [TICK_SCHEMA.field("ts"), TICK_SCHEMA.field("seq"), TICK_SCHEMA.field("source"), pa.field("flags", pa.uint16())]
)

DELTA: Final = {"ts": "DELTA_BINARY_PACKED", "seq": "DELTA_BINARY_PACKED"}
"""What rises from row to row is small as differences; everything else has few values and is small as a dictionary."""
CODED: Final = [name for name in TICK_SCHEMA.names if name not in DELTA]


@dataclass(frozen=True, slots=True)
class Partition:
    """One file of the lake. `digest` stands for its rows as a set, see `thor_fast.Ticks.digest`."""

    symbol: str
    rows: int
    bytes: int
    digest: str
    first_ts: datetime
    last_ts: datetime


def partition_path(lake: Path, trade_date: date, symbol: str) -> Path:
    """Where the partition of a symbol lies; a symbol is percent-encoded where a path needs it."""
    return _folder(lake, trade_date) / f"symbol={quote(symbol, safe='')}" / FILE_NAME


def manifest_path(lake: Path, trade_date: date) -> Path:
    """Where the list of a date's partitions lies."""
    return _folder(lake, trade_date) / MANIFEST


def _folder(lake: Path, trade_date: date) -> Path:
    return lake / f"date={trade_date.isoformat()}"


def flags_path(lake: Path, trade_date: date, symbol: str) -> Path:
    """Where the flags of a partition's doubtful rows lie, once it was checked."""
    return partition_path(lake, trade_date, symbol).with_name(FLAGS_NAME)


def lake_dates(lake: Path) -> list[date]:
    """The trade dates that have a partition, in order."""
    with reached(lake):
        names = {path.parent.parent.name.removeprefix("date=") for path in lake.glob(f"date=*/symbol=*/{FILE_NAME}")}
    return sorted(date.fromisoformat(name) for name in names)


def partitions_of(lake: Path, trade_date: date) -> dict[str, Path]:
    """The files of a date by symbol, in order."""
    with reached(lake):
        found = {
            unquote(path.parent.name.removeprefix("symbol=")): path
            for path in _folder(lake, trade_date).glob(f"symbol=*/{FILE_NAME}")
        }
    return dict(sorted(found.items()))


def write_partition(lake: Path, trade_date: date, symbol: str, ticks: Ticks) -> Partition:
    """Replace a partition by these rows, which are one symbol's and in order. Raises StorageError `lake_full`."""
    path = partition_path(lake, trade_date, symbol)
    table = pa.table(ticks.narrow())
    with (
        replaced(path) as unfinished,
        pq.ParquetWriter(
            unfinished,
            table.schema,
            compression="zstd",
            use_dictionary=CODED,  # type: ignore[arg-type]  # names are taken as well
            column_encoding=DELTA,
            store_decimal_as_integer=True,
            store_schema=False,  # texts are texts, however they were held in memory
            write_page_index=True,
            sorting_columns=pq.SortingColumn.from_ordering(table.schema, [("ts", "ascending"), ("seq", "ascending")]),
        ) as writer,
    ):
        writer.write_table(table, row_group_size=ROWS_A_GROUP)
    # What was found in the former rows says nothing of these.
    flags_path(lake, trade_date, symbol).unlink(missing_ok=True)
    first, last = table["ts"][0].as_py(), table["ts"][-1].as_py()
    return Partition(symbol, len(ticks), path.stat().st_size, ticks.digest(), first, last)


def read_ticks(path: Path, *, days: Collection[date] | None = None) -> Ticks:
    """The rows of a partition, or those of some UTC days.

    Raises StorageError `bad_lake_file` for a file that is missing, truncated, damaged or another's.
    """
    try:
        table = pq.ParquetFile(readable(path)).read()
        if days is not None:
            wanted = pc.is_in(pc.cast(table["ts"], pa.date32()), value_set=pa.array(sorted(days), pa.date32()))
            table = table.filter(wanted)
        return Ticks.from_arrow(table)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise StorageError("bad_lake_file", f"{path}: {' '.join(str(error).split())}") from error


def write_flags(path: Path, table: pa.Table, quality: Quality) -> None:
    """Replace the flags of a partition: the keys of the rows that have any, with a bit a check."""
    flags = pa.array(quality.flags, pa.uint16())
    doubtful = pc.greater(flags, pa.scalar(0, pa.uint16()))
    keys = table.select(["ts", "seq", "source"]).append_column("flags", flags).filter(doubtful)
    with replaced(path) as unfinished:
        pq.write_table(keys.cast(FLAGS_SCHEMA), unfinished, compression="zstd")


def write_manifest(lake: Path, trade_date: date, partitions: Sequence[Partition]) -> None:
    """Replace the list of a date's partitions."""
    document = {
        "version": MANIFEST_VERSION,
        "date": trade_date.isoformat(),
        "written_at": _iso(datetime.now(UTC)),
        "partitions": [
            asdict(part) | {"first_ts": _iso(part.first_ts), "last_ts": _iso(part.last_ts)} for part in partitions
        ],
    }
    with replaced(manifest_path(lake, trade_date)) as unfinished:
        unfinished.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def read_manifest(lake: Path, trade_date: date) -> dict[str, Partition]:
    """A date's partitions by symbol; none where there is no list. Raises StorageError `bad_lake_file`."""
    path = manifest_path(lake, trade_date)
    try:
        with reached(path):
            document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != MANIFEST_VERSION:
            raise ValueError(f"version {document['version']} is not known")
        parts = [
            Partition(**part | {name: datetime.fromisoformat(part[name]) for name in ("first_ts", "last_ts")})
            for part in document["partitions"]
        ]
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError) as error:
        raise StorageError("bad_lake_file", f"{path}: {error}") from error
    return {part.symbol: part for part in parts}


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
