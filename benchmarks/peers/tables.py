"""Peers that read many lines into columns: polars and pyarrow, their schema given, the contract's checks after."""

from collections.abc import Callable
from typing import Any, Final

from benchmarks.peers.checks import SYMBOL

__all__ = ["polars_reader", "pyarrow_reader"]

PRICES: Final = ("last", "bid", "ask")
SIZES: Final = ("lastSize", "bidSize", "askSize")
SOURCES: Final = ["TOS", "SCHWAB", "MOCK"]
Reader = Callable[[bytes], Any]


def polars_reader() -> Reader:
    """read_ndjson with its schema, times made of texts, one pass of checks; gives a DataFrame."""
    import polars as pl

    texts = dict.fromkeys(("symbol", "ts", "source"), pl.String)
    schema: dict[str, Any] = {"v": pl.Int64, **texts}
    schema |= dict.fromkeys(PRICES, pl.Float64) | dict.fromkeys((*SIZES, "seq"), pl.Int64)
    schema |= {"condition": pl.String, "venue": pl.String, "meta": pl.Struct({"precision": pl.Int64})}
    right = (
        pl.col("symbol").str.contains(f"^{SYMBOL}$").all()
        & pl.col("source").is_in(SOURCES).all()
        & pl.all_horizontal([pl.col(name).is_between(0, 2_147_483_647).all() for name in SIZES])
        & (pl.col("seq") >= 0).all()
        & pl.all_horizontal([(pl.col(name).str.len_chars() <= 64).all() for name in ("condition", "venue")])
    )
    ts = pl.col("ts").str.to_datetime("%+", time_unit="us", time_zone="UTC")

    def read(data: bytes) -> pl.DataFrame:
        frame = pl.read_ndjson(data, schema=schema).with_columns(ts)
        assert frame.select(right).item()
        return frame

    return read


def pyarrow_reader() -> Reader:
    """read_json in one block with an explicit schema, then the checks as compute functions; gives a Table."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.json as pyarrow_json

    # The library's stubs know few of its functions.
    compute: Any = pc
    reader: Any = pyarrow_json
    fields: list[tuple[str, Any]] = [
        ("symbol", pa.string()),
        ("ts", pa.timestamp("us", "UTC")),
        ("source", pa.string()),
    ]
    fields += [(name, pa.float64()) for name in PRICES] + [(name, pa.int32()) for name in SIZES]
    fields += [("seq", pa.int64()), ("condition", pa.string()), ("venue", pa.string())]
    fields += [("meta", pa.struct([("precision", pa.int64())]))]
    parsing = reader.ParseOptions(explicit_schema=pa.schema(fields), unexpected_field_behavior="ignore")
    sources = pa.array(SOURCES)

    def read(data: bytes) -> Any:
        reading = reader.ReadOptions(block_size=len(data) + 1, use_threads=False)
        table: Any = reader.read_json(pa.BufferReader(data), reading, parsing)
        assert compute.all(compute.match_substring_regex(table["symbol"], f"^{SYMBOL}$")).as_py()
        assert compute.all(compute.is_in(table["source"], sources)).as_py()
        for name in (*SIZES, "seq"):
            assert (compute.min(table[name]).as_py() or 0) >= 0
        for name in ("condition", "venue"):
            assert (compute.max(compute.utf8_length(table[name])).as_py() or 0) <= 64
        return table

    return read
