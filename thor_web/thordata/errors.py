"""What can go wrong with stored data, as a stable code and one sentence for a person."""

from typing import Final

__all__ = ["STATUS_OF", "STORAGE_CODES", "StorageError"]

STORAGE_CODES: Final = {
    "bad_copy_data": "What Postgres sent is not COPY data in binary format of the ticks table; nothing of it was used",
    "bad_import": "A file cannot be imported: its layout, zone or symbols are not known; nothing of it was stored",
    "bad_lake_file": "A Parquet file of the lake is truncated, damaged or has other columns; export its date again",
    "bad_query": "A question to the lake or to history that cannot be answered as it was put",
    "empty_lake": "There is no Parquet file in the lake yet",
    "half_partition": "A table has the name of a partition of ticks but is not attached to it; nothing is stored in it",
    "lake_differs": "Postgres and lake do not hold the same rows; the partition is named",
    "lake_full": "The lake's file system has no room left; the old files stand",
    "no_object_store": "The lake's bucket cannot be used: `thor[s3]` is not installed, or the store refuses or is away",
    "not_exported": "A partition holds rows that no verified export has; it is not dropped",
    "postgres_full": "Postgres has no room left; the events wait in their stream",
    "too_large": "A question over HTTP needs more memory than LAKE_QUERY_MEMORY_MIB; ask for less at once",
    "too_slow": "A question took longer than LAKE_SQL_TIME_S, over HTTP LAKE_QUERY_TIME_S, and was given up",
}
"""Every code of a `StorageError`, with its meaning."""

STATUS_OF: Final = {"bad_lake_file": 500, "no_object_store": 503}
"""The HTTP status of those that are not the asker's; of all others it is 400."""


class StorageError(Exception):
    """A failure that a person has to look at; `code` is one of `STORAGE_CODES`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
