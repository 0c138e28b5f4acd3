"""The registry of sweeps in Postgres: their documents, and a trial for each combination. Knows no Django."""

from typing import Any, Final

import psycopg
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.runs import strict_json
from thor_web.thordata.backtest.sweep import Swept

__all__ = ["keep_sweep", "listed_sweeps", "sweep_result"]

STATUS: Final = "id, strategy, created_by, created_at, data_hash, code, digest, combinations"
MOST_LISTED: Final = 200


def keep_sweep(connection: psycopg.Connection[DictRow], swept: Swept, *, created_by: str = "") -> int:
    """Store a sweep with all its trials in one transaction and give its number."""
    document = swept.document
    strategy, data_hash = document["specification"]["strategy"], document["data"]["hash"]
    with connection.transaction():
        row = connection.execute(
            "INSERT INTO backtest_sweeps (strategy, created_by, data_hash, code, digest, combinations, result) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (
                strategy, created_by, data_hash, document["code"]["digest"], document["digest"],
                document["combinations"], Jsonb(document, dumps=strict_json),
            ),
        ).fetchone()  # fmt: skip
        number = int(row["id"]) if row else 0
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY backtest_trials (sweep, place, strategy, data_hash, trial, sharpe) FROM STDIN") as copy,
        ):
            for place, (trial, sharpe, _) in enumerate(swept.trials):
                copy.write_row((number, place, strategy, data_hash, trial, sharpe))
    return number


def listed_sweeps(
    connection: psycopg.Connection[DictRow], *, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """The newest sweeps without their results, those numbered below `before`."""
    rows = connection.execute(
        f"SELECT {STATUS} FROM backtest_sweeps WHERE %(before)s::bigint IS NULL OR id < %(before)s "  # noqa: S608 - our own columns
        "ORDER BY id DESC LIMIT %(limit)s".encode(),
        {"before": before, "limit": min(limit, MOST_LISTED)},
    )
    return [dict(row) for row in rows]


def sweep_result(connection: psycopg.Connection[DictRow], number: int) -> dict[str, Any]:
    """A sweep's document with its number. Raises BacktestError `unknown_sweep`."""
    row = connection.execute("SELECT result FROM backtest_sweeps WHERE id = %s", (number,)).fetchone()
    if row is None:
        raise BacktestError("unknown_sweep", f"there is no sweep {number}")
    return {"id": number, **row["result"]}
