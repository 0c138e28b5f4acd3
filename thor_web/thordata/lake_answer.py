"""One question to the lake in a process of its own: what `lake_questions` starts, and nobody else.

The question is whatever somebody wrote, so whoever answers it may hang, grow or die without harm to anything. It reads
one JSON document and writes one. Every value is told as DuckDB writes it: as text no digit of it is lost.
"""

import json
import os
import resource
import sys
import time
from typing import Any, Final

import duckdb

from thor_web.thordata.errors import StorageError
from thor_web.thordata.lake import asked, one_question, open_lake
from thor_web.thordata.settings import StorageSettings

__all__ = ["answer", "main"]

MEBIBYTE: Final = 1 << 20
BESIDE_LIVE: Final = 10
"""Live quotes go first where a processor is short."""
ENGINE_SHARE: Final = 0.5
"""Of the memory, for DuckDB's own buffers; the rest is for texts, the answer and Python."""
MOST_BYTES: Final = 32 * MEBIBYTE
THREADS: Final = 2


def answer(settings: StorageSettings, sql: str, *, limit: int) -> dict[str, Any]:
    """At most `limit` rows of one SELECT, as a `LakeAnswer`. Raises StorageError."""
    began = time.perf_counter()
    memory = f"{int(settings.lake_query_memory_mib * ENGINE_SHARE)}MiB"
    with open_lake(settings, memory=memory) as connection, asked(connection, settings.lake_query_time_s):
        try:
            found = connection.sql(one_question(connection, sql))
            names = [{"name": name, "type": str(kind)} for name, kind in zip(found.columns, found.types, strict=True)]
            texts = found.limit(limit + 1).project("CAST(COLUMNS(*) AS VARCHAR)").to_arrow_table()
        except duckdb.OutOfMemoryException as error:
            raise StorageError("too_large", "the answer needs more memory than a question may use") from error
    if texts.nbytes > MOST_BYTES:
        raise StorageError("too_large", f"the answer has more than {MOST_BYTES // MEBIBYTE} MiB: ask for less of it")
    columns = [column.to_pylist() for column in texts.columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    took = round((time.perf_counter() - began) * 1_000)
    return {"columns": names, "rows": rows[:limit], "more": len(rows) > limit, "elapsed_ms": took}


def main() -> None:
    """Answer the question on standard input."""
    asked_for = json.load(sys.stdin)
    settings = StorageSettings.model_validate(asked_for["settings"])
    most = settings.lake_query_memory_mib * MEBIBYTE
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    os.nice(BESIDE_LIVE)
    try:
        told: dict[str, Any] = {"answer": answer(settings, asked_for["sql"], limit=asked_for["limit"])}
    except StorageError as error:
        told = {"error": {"code": error.code, "message": str(error)}}
    except MemoryError:
        told = {"error": {"code": "too_large", "message": "the answer needs more memory than a question may use"}}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
