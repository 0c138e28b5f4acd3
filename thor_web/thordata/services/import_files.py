"""Files of other programs as candidate events: CSV and Parquet by the names of their columns, DBN by its own library.

Nothing is judged here but what makes a whole file unreadable: a layout that is not known, instants without a zone, or
some with one and some without. Numbers go on as the text they were, so that the parser sees every digit; each row is
then validated as any event.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import polars as pl
import zstandard

from thor_web.thordata.errors import StorageError

__all__ = ["ImportOptions", "candidates"]

ROWS_AT_ONCE: Final = 50_000

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "ts": ("ts", "ts_event", "timestamp", "datetime", "date_time", "time", "date"),
    "symbol": ("symbol", "ticker", "instrument", "root"),
    "last": ("last", "price", "last_price", "trade_price", "close"),
    "bid": ("bid", "bid_price", "bid_px_00", "best_bid", "bidprice"),
    "ask": ("ask", "ask_price", "ask_px_00", "best_ask", "askprice", "offer"),
    "lastSize": ("last_size", "lastsize", "size", "volume", "qty", "quantity", "last_volume"),
    "bidSize": ("bid_size", "bidsize", "bid_sz_00", "bid_volume", "bid_qty"),
    "askSize": ("ask_size", "asksize", "ask_sz_00", "ask_volume", "ask_qty"),
    "source": ("source",),
    "seq": ("seq", "sequence", "sequence_number"),
    "condition": ("cond", "condition"),
    "venue": ("venue", "exchange"),
    "extra": ("extra",),
}
"""Each field of an event with the names that files give it, in any letter case; the first that is there counts."""
ZONE: Final = r"(?:Z|[+-]\d{2}:?\d{2})$"
EPOCH_UNITS: Final = {10: 1_000_000, 13: 1_000, 16: 1}
"""Microseconds of one unit of an epoch time, by its number of digits; nanoseconds have 19 and are divided."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What a file does not say: the source, one symbol for all rows, names of some, the zone of naive instants."""

    source: str = "IMPORT"
    symbol: str | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    zone: str | None = None


def candidates(path: Path, options: ImportOptions) -> Iterator[list[bytes]]:
    """The rows as JSON events, some tens of thousands at a time. Raises StorageError `bad_import`."""
    name = path.name.lower()
    try:
        if name.endswith((".dbn", ".dbn.zst")):
            with tempfile.TemporaryDirectory(prefix="thor-import-") as folder:
                yield from _of_frame(_dbn_as_csv(path, Path(folder)), path, options)
        elif name.endswith((".parquet", ".pq")):
            yield from _of_frame(pl.scan_parquet(path, glob=False, hive_partitioning=False), path, options)
        elif name.endswith((".csv", ".csv.gz", ".csv.zst", ".txt", ".tsv")):
            yield from _of_frame(_csv(path), path, options)
        else:
            raise _refused(path, "its name must end in .csv, .tsv, .parquet or .dbn (.gz and .zst as well)")
    except pl.exceptions.PolarsError as error:
        raise _refused(path, " ".join(str(error).split())[:300]) from error


def _csv(path: Path) -> pl.LazyFrame:
    separator = "\t" if ".tsv" in path.name.lower() else ","
    # Every cell as text: a float would round what it reads.
    return pl.scan_csv(path, infer_schema=False, separator=separator, glob=False, truncate_ragged_lines=False)


def _dbn_as_csv(path: Path, folder: Path) -> pl.LazyFrame:
    try:
        import databento_dbn  # noqa: PLC0415 - an extra that only these files need
    except ImportError as error:
        raise _refused(path, "reading DBN needs the package databento-dbn: pip install 'thor[dbn]'") from error
    # The library's word for it is that of the output; what comes in compressed is unpacked here.
    compression = databento_dbn.Compression.from_str("none")
    target = folder / "records.csv"
    with _unpacked(path) as source:
        if source.read(3) != b"DBN":
            raise _refused(path, "it is no DBN: it does not begin as one")
    try:
        with target.open("wb") as file:
            transcoder = databento_dbn.Transcoder(
                file,
                databento_dbn.Encoding.from_str("csv"),
                compression,
                pretty_px=True,
                pretty_ts=True,
                map_symbols=True,
            )
            with _unpacked(path) as source:
                while piece := source.read(1 << 20):
                    transcoder.write(piece)
            transcoder.flush()
    except databento_dbn.DBNError as error:
        raise _refused(path, f"it is no DBN: {error}") from error
    return _csv(target)


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        if path.suffix != ".zst":
            yield raw
        else:
            with zstandard.ZstdDecompressor().stream_reader(raw) as stream:
                yield stream


def _of_frame(frame: pl.LazyFrame, path: Path, options: ImportOptions) -> Iterator[list[bytes]]:
    columns = _layout(frame.collect_schema().names(), path, options)
    _require_one_kind(frame, columns["ts"], path)
    start = 0
    while True:
        part = frame.slice(start, ROWS_AT_ONCE).collect()
        if not len(part):
            return
        yield _as_events(part, columns, path, options, start)
        start += len(part)


def _layout(names: list[str], path: Path, options: ImportOptions) -> dict[str, str]:
    """Which column holds which field. Raises StorageError for a file without instants, symbols or prices."""
    known = {name.strip().lower(): name for name in reversed(names)}
    found = {
        wanted: known[alias]
        for wanted, aliases in COLUMNS.items()
        for alias in [next((alias for alias in aliases if alias in known), None)]
        if alias is not None
    }
    if "ts" not in found:
        raise _refused(
            path, f"no column holds the instant: one of {', '.join(COLUMNS['ts'])}, were {', '.join(names)[:200]}"
        )
    if "symbol" not in found and options.symbol is None:
        raise _refused(path, "no column holds the symbol: name it with --symbol")
    if not {"last", "bid", "ask"} & found.keys():
        raise _refused(path, "no column holds a price: last or price, bid, ask")
    if "action" in known and "last" in found:
        found["action"] = known["action"]  # DBN: the price is the last one only where it was traded
    return found


def _as_events(
    part: pl.DataFrame, columns: Mapping[str, str], path: Path, options: ImportOptions, start: int
) -> list[bytes]:
    """One JSON object a row."""
    fields: list[pl.Expr] = [
        _key("symbol", _symbol(columns, options)),
        _key("ts", _instants(part, columns["ts"], path, options)),
    ]
    source = pl.col(columns["source"]).cast(pl.String) if "source" in columns else pl.lit(options.source)
    fields.append(_key("source", _quoted(source)))
    traded = pl.col(columns["action"]).cast(pl.String) == "T" if "action" in columns else pl.lit(value=True)
    for name in ("last", "bid", "ask", "lastSize", "bidSize", "askSize"):
        number = _number(part, columns.get(name))
        if name in {"last", "lastSize"} and "action" in columns:
            number = pl.when(traded).then(number).otherwise(pl.lit("null"))
        fields.append(_key(name, number))
    # Without numbers, ticks of one instant would be one tick: then the row's place in the file is its number.
    rows = pl.int_range(start, start + pl.len(), dtype=pl.Int64).cast(pl.String)
    fields.append(_key("seq", _number(part, columns["seq"]) if "seq" in columns else rows))
    texts = [name for name in ("condition", "venue") if name in columns]
    fields.extend(_key(name, _quoted(pl.col(columns[name]).cast(pl.String))) for name in texts)
    if "extra" in columns:  # our own form: venue and meta as they came
        extra = pl.col(columns["extra"]).cast(pl.String)
        inside = extra.str.strip_chars().str.slice(1).str.replace(r"\}\s*$", "")
        fields.append(pl.when(extra.is_null() | (inside.str.strip_chars() == "")).then(pl.lit("")).otherwise(inside))
    lines = part.select(line=pl.lit("{") + _joined(fields) + pl.lit("}"))["line"]
    return [line.encode() for line in lines]


def _joined(fields: list[pl.Expr]) -> pl.Expr:
    whole = fields[0]
    for expression in fields[1:]:
        whole = whole + pl.when(expression == "").then(pl.lit("")).otherwise(pl.lit(",") + expression)
    return whole


def _key(name: str, value: pl.Expr) -> pl.Expr:
    return pl.lit(f'"{name}":') + value


def _quoted(text: pl.Expr) -> pl.Expr:
    escaped = text.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    return pl.when(text.is_null() | (text == "")).then(pl.lit("null")).otherwise(pl.lit('"') + escaped + pl.lit('"'))


def _number(part: pl.DataFrame, name: str | None) -> pl.Expr:
    """The digits as they are; null where there are none."""
    if name is None:
        return pl.lit("null")
    text = pl.col(name).cast(pl.String).str.strip_chars()
    if part.schema[name].is_float():
        text = pl.when(pl.col(name).is_finite()).then(text)
    # A word in the place of a number is refused by the parser, with its row; JSON it must be all the same.
    empty = text.is_null() | text.str.to_lowercase().is_in(["", "nan", "null", "none"])
    number = text.str.contains(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")
    return pl.when(empty).then(pl.lit("null")).when(number).then(text).otherwise(_quoted(text))


def _symbol(columns: Mapping[str, str], options: ImportOptions) -> pl.Expr:
    if options.symbol is not None:
        return pl.lit(f'"{options.symbol}"')
    raw = pl.col(columns["symbol"]).cast(pl.String).str.strip_chars()
    if options.renamed:
        raw = raw.replace(dict(options.renamed))
    return _quoted(raw.str.to_uppercase())


def _instants(part: pl.DataFrame, name: str, path: Path, options: ImportOptions) -> pl.Expr:
    """The instants as canonical texts in UTC; one that cannot be read stays as it is, to be refused with its row."""
    kind = part.schema[name]
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is None:
            return _canonical(_in_zone(pl.col(name), path, options))
        return _canonical(pl.col(name).dt.convert_time_zone("UTC"))
    if kind.is_integer():
        return _epoch(part[name].cast(pl.String), pl.col(name).cast(pl.String), path)
    texts = part[name].cast(pl.String).str.strip_chars()
    if len(texts) and texts.str.contains(r"^\d+$").all():
        return _epoch(texts, pl.col(name).str.strip_chars(), path)
    plain = pl.col(name).cast(pl.String).str.strip_chars().str.replace(r"^(\d{4}-\d{2}-\d{2}) +", "${1}T")
    if texts.str.contains(ZONE).any():
        offset = plain.str.replace("Z$", "+00:00")
        parsed = offset.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", strict=False)
        return pl.coalesce(_canonical(parsed.dt.convert_time_zone("UTC")), _quoted(plain))
    naive = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    return pl.coalesce(_canonical(_in_zone(naive, path, options)), _quoted(plain))


def _require_one_kind(frame: pl.LazyFrame, name: str, path: Path) -> None:
    """Refuse a file whose instants are texts with and without a zone, before anything of it is stored."""
    if frame.collect_schema()[name] != pl.String:
        return
    texts = pl.col(name).str.strip_chars()
    aware = texts.str.contains(ZONE)
    plain = texts.filter(~aware & ~texts.str.contains(r"^\d*$"))
    found = frame.select(aware=aware.any(), first=plain.first()).collect()
    if found["aware"][0] and found["first"][0] is not None:
        example = found["first"][0][:40]
        raise _refused(path, f"some of its instants have a zone and some have none, such as {example!r}")


def _in_zone(naive: pl.Expr, path: Path, options: ImportOptions) -> pl.Expr:
    if options.zone is None:
        raise _refused(path, "its instants have no zone: name it with --zone, such as UTC or America/Chicago")
    # An hour that a change of the clock skips or repeats cannot be told apart: that stops the import.
    return naive.dt.replace_time_zone(options.zone).dt.convert_time_zone("UTC")


def _canonical(instant: pl.Expr) -> pl.Expr:
    return pl.lit('"') + instant.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ") + pl.lit('"')


def _epoch(texts: pl.Series, column: pl.Expr, path: Path) -> pl.Expr:
    """Seconds, milliseconds, microseconds or nanoseconds since 1970, by their digits."""
    lengths = texts.drop_nulls().str.len_chars().unique().to_list()
    if len(lengths) != 1 or lengths[0] not in {*EPOCH_UNITS, 19}:
        raise _refused(
            path, f"its instants are numbers of {sorted(lengths)} digits: one of 10, 13, 16 or 19 is understood"
        )
    number = column.cast(pl.Int64)
    micros = number // 1_000 if lengths[0] == 19 else number * EPOCH_UNITS[lengths[0]]
    return _canonical(micros.cast(pl.Datetime("us", "UTC")))


def _refused(path: Path, why: str) -> StorageError:
    return StorageError("bad_import", f"{path}: {re.sub(r'[.]$', '', why)}")
