"""The forms of an answer: JSON, CSV, an Arrow stream or Parquet, chosen by `Accept`; each written in pieces."""

import io
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, Literal

import orjson
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["FORMATS", "choose_codec", "choose_format", "json_row", "write_table"]

FORMATS: Final = {
    "json": "application/json",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
Codec = Literal["lz4", "zstd"]

CODECS: Final[tuple[Codec, ...]] = ("lz4", "zstd")
"""How the buffers of an Arrow stream can be compressed for those who say that they can read it."""
NAMED_CODECS: Final = re.compile(r"""arrow\.stream\s*;\s*codecs\s*=\s*(?:"([^"]*)"|([^\s,;]+))""", re.IGNORECASE)
ROWS_A_PIECE: Final = 32_768
ROWS_AN_ARROW_PIECE: Final = 262_144
"""Readers join pieces column by column, so fewer are better; this is at most 23 MB at a time."""


def choose_format(accept: str, named: str) -> str | None:
    """The form that a request wants: the one named, or the first of `Accept` by weight that there is, or None."""
    if named:
        return named if named in FORMATS else None
    wanted: list[tuple[float, str]] = []
    for part in accept.split(","):
        kind, *parameters = (word.strip() for word in part.split(";"))
        weight = next((word[2:] for word in parameters if word.startswith("q=")), "1")
        try:
            wanted.append((-float(weight), kind.lower()))
        except ValueError:
            continue
    for negative_weight, kind in sorted(wanted, key=lambda item: item[0]):
        if negative_weight == 0:
            continue
        if kind in {"", "*/*", "application/*"}:
            return "json"
        for name, media_type in FORMATS.items():
            if kind == media_type or (kind == "text/*" and name == "csv"):
                return name
    return None if wanted and accept.strip() else "json"


def choose_codec(accept: str) -> Codec | None:
    """How to compress an Arrow stream: the first of ours that `Accept` names (`…; codecs="lz4, zstd"`).

    Not every reader knows compressed buffers, so one that names nothing gets them as they are.
    """
    found = NAMED_CODECS.search(accept)
    names = [name.strip().lower() for name in (found[1] or found[2] or "").split(",")] if found else []
    return next((codec for name in names for codec in CODECS if codec == name), None)


def write_table(table: pa.Table, form: str, codec: Codec | None = None) -> Iterator[bytes]:
    """A table as CSV, Arrow stream or Parquet, piece by piece; `codec` compresses the buffers of an Arrow stream."""
    if form == "parquet":
        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd", store_decimal_as_integer=True)
        yield sink.getvalue()
        return
    if form == "csv":
        # Whole prices as they are, without the zeros that fill nine places.
        yield (",".join(table.column_names) + "\n").encode()
        for batch in table.to_batches(max_chunksize=ROWS_A_PIECE):
            # Polars quotes only what needs it.
            yield pl.DataFrame(_as_texts(batch)).write_csv(include_header=False).encode()
        return
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        for batch in table.to_batches(max_chunksize=ROWS_AN_ARROW_PIECE):
            writer.write_batch(batch)
            yield _taken(sink)
    yield _taken(sink)


def json_row(row: dict[str, Any]) -> bytes:
    """One row as JSON: exact decimals as numbers, instants in ISO 8601 with Z."""
    return orjson.dumps(row, default=_json_value, option=orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)


def _json_value(value: object) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(_plain(value))
    raise TypeError(type(value).__name__)


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _as_texts(batch: pa.RecordBatch) -> pa.Table:
    """The batch with decimals and instants as texts of as many digits as they need."""
    table = pa.Table.from_batches([batch])
    for at, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            texts = table.column(at).cast(pa.string())
            trimmed = pc.replace_substring_regex(texts, r"\.?0+$", "")
            table = table.set_column(at, field.name, trimmed)
        elif pa.types.is_timestamp(field.type):
            table = table.set_column(at, field.name, pc.strftime(table.column(at), format="%Y-%m-%dT%H:%M:%SZ"))
    return table


def _taken(sink: io.BytesIO) -> bytes:
    data = sink.getvalue()
    sink.seek(0)
    sink.truncate()
    return data
