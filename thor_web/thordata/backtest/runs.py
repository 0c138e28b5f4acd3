"""The registry of runs in Postgres, which is the queue of them too. Knows no Django.

A worker claims the oldest waiting run and holds a lease on it. Whose lease has run out has died: the run is claimed
again, and after `MOST_ATTEMPTS` it has failed. What a worker writes counts only while the run is still its own.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg.types.json import Jsonb

from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.trial_key import Trials

__all__ = ["Claim", "Runs"]

LEASE_S: Final = 15
MOST_ATTEMPTS: Final = 3
MOST_LISTED: Final = 200
STATUS: Final = (
    "id, state, strategy, specification, created_by, created_at, started_at, finished_at, work, share, error, code, "
    "data_hash, digest, sharpe, rerun_of, attempts"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A run that a worker has taken."""

    id: int
    specification: RunSpecification
    modules: bool


class Runs:
    """One session with the registry. Raises psycopg.OperationalError when Postgres is away."""

    def __init__(self, connection: psycopg.Connection[DictRow]) -> None:
        self._connection = connection

    @classmethod
    def connect(cls, conninfo: str) -> Self:
        return cls(psycopg.connect(conninfo, autocommit=True, application_name="thor backtest", row_factory=dict_row))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @property
    def connection(self) -> psycopg.Connection[DictRow]:
        """The session itself, for what stands beside the runs."""
        return self._connection

    def _one(self, sql: str, values: Any = ()) -> DictRow | None:
        return self._connection.execute(sql.encode(), values).fetchone()

    def add(
        self,
        specification: RunSpecification,
        *,
        created_by: str = "",
        modules: bool = False,
        rerun_of: int | None = None,
    ) -> int:
        """Put a run into the queue and give its number."""
        row = self._one(
            "INSERT INTO backtest_runs (specification, strategy, modules, created_by, rerun_of) "
            "VALUES (%s, %s, %s, %s, %s) RETURNING id",
            (Jsonb(specification.to_json()), specification.strategy, modules, created_by, rerun_of),
        )
        self._connection.execute("NOTIFY backtest_runs")
        return int(row["id"]) if row else 0

    def listen(self) -> None:
        """Hear from now on of runs that are put into the queue."""
        self._connection.execute("LISTEN backtest_runs")

    def wait(self, seconds: float) -> None:
        """Until a run is put into the queue, at most so long. Only after `listen`."""
        for _ in self._connection.notifies(timeout=seconds, stop_after=1):
            return

    def claim(self, worker: str, *, run: int | None = None) -> Claim | None:
        """Take the oldest run that waits or whose worker has died, or the one of that number; None without any."""
        self._connection.execute(
            "UPDATE backtest_runs SET state = 'failed', error = %s, worker = NULL, finished_at = now() "
            "WHERE state = 'running' AND lease_until < now() AND attempts >= %s",
            (Jsonb(BacktestError("worker_lost", f"its worker died {MOST_ATTEMPTS} times").to_json()), MOST_ATTEMPTS),
        )
        row = self._one(
            "UPDATE backtest_runs SET state = 'running', worker = %(worker)s, attempts = attempts + 1, "
            "started_at = now(), lease_until = now() + make_interval(secs => %(lease)s) WHERE id = ("
            "  SELECT id FROM backtest_runs WHERE (state = 'queued' OR (state = 'running' AND lease_until < now())) "
            "  AND (%(run)s::bigint IS NULL OR id = %(run)s) ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) "
            "RETURNING id, specification, modules",
            {"worker": worker, "lease": LEASE_S, "run": run},
        )
        if row is None:
            return None
        return Claim(int(row["id"]), RunSpecification.from_json(row["specification"]), bool(row["modules"]))

    def claimed(self, run: int, worker: str) -> Claim:
        """A run that this worker has taken before. Raises BacktestError `unknown_run`."""
        row = self._one(
            "SELECT id, specification, modules FROM backtest_runs WHERE id = %s AND worker = %s AND state = 'running'",
            (run, worker),
        )
        if row is None:
            raise BacktestError("unknown_run", f"run {run} is not taken by {worker}")
        return Claim(run, RunSpecification.from_json(row["specification"]), bool(row["modules"]))

    def renew(self, run: int, worker: str, *, work: str | None = None, share: float | None = None) -> bool:
        """Hold a run longer and say how far it is. False when it is no longer this worker's, or is to be cancelled."""
        row = self._one(
            "UPDATE backtest_runs SET lease_until = now() + make_interval(secs => %s), work = coalesce(%s, work), "
            "share = coalesce(%s, share) WHERE id = %s AND worker = %s AND state = 'running' RETURNING cancel_asked",
            (LEASE_S, work, share, run, worker),
        )
        return row is not None and not row["cancel_asked"]

    def finish(self, run: int, worker: str, result: dict[str, Any]) -> bool:
        """Store a result. False when the run is no longer this worker's, and then nothing is stored."""
        sharpe = result["figures"]["sharpe_period"]["value"]
        row = self._one(
            "UPDATE backtest_runs SET state = 'done', result = %s, code = %s, data_hash = %s, digest = %s, "
            "sharpe = %s, trial = %s, work = NULL, share = 1, worker = NULL, lease_until = NULL, finished_at = now() "
            "WHERE id = %s AND worker = %s AND state = 'running' RETURNING id",
            (
                Jsonb(result, dumps=strict_json), result["code"]["digest"], result["data"]["hash"], result["digest"],
                sharpe, result["trial"], run, worker,
            ),
        )  # fmt: skip
        return row is not None

    def fail(self, run: int, worker: str, error: BacktestError) -> bool:
        """Store an error; a cancelled run is `cancelled`."""
        state = "cancelled" if error.code == "cancelled" else "failed"
        row = self._one(
            "UPDATE backtest_runs SET state = %s, error = %s, "
            "worker = NULL, lease_until = NULL, finished_at = now() "
            "WHERE id = %s AND worker = %s AND state = 'running' RETURNING id",
            (state, Jsonb(error.to_json()), run, worker),
        )
        return row is not None

    def cancel(self, run: int) -> dict[str, Any]:
        """Ask for the end of a run; one that waits ends at once. Raises BacktestError `unknown_run`."""
        self._connection.execute(
            "UPDATE backtest_runs SET cancel_asked = true, "
            "state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END, "
            "finished_at = CASE WHEN state = 'queued' THEN now() ELSE finished_at END "
            "WHERE id = %s AND state IN ('queued', 'running')",
            (run,),
        )
        return self.status(run)

    def status(self, run: int) -> dict[str, Any]:
        """What is known of a run, without its result. Raises BacktestError `unknown_run`."""
        row = self._one(f"SELECT {STATUS} FROM backtest_runs WHERE id = %s", (run,))  # noqa: S608 - our own columns
        if row is None:
            raise BacktestError("unknown_run", f"there is no run {run}")
        return dict(row)

    def result(self, run: int) -> dict[str, Any]:
        """A run's result with its number. Raises BacktestError `unknown_run`, `not_finished`, or its own error."""
        row = self._one("SELECT state, error, result FROM backtest_runs WHERE id = %s", (run,))
        if row is None:
            raise BacktestError("unknown_run", f"there is no run {run}")
        if row["error"]:
            raise BacktestError(**row["error"])
        if row["result"] is None:
            raise BacktestError("not_finished", f"run {run} is {row['state']}")
        return {"id": run, **row["result"]}

    def listed(
        self, *, before: int | None = None, limit: int = 50, strategy: str | None = None
    ) -> list[dict[str, Any]]:
        """The newest runs, those numbered below `before`."""
        rows = self._connection.execute(
            f"SELECT {STATUS} FROM backtest_runs WHERE (%(before)s::bigint IS NULL OR id < %(before)s) "  # noqa: S608 - our own column names
            "AND (%(strategy)s::text IS NULL OR strategy = %(strategy)s) ORDER BY id DESC LIMIT %(limit)s".encode(),
            {"before": before, "strategy": strategy, "limit": min(limit, MOST_LISTED)},
        )
        return [dict(row) for row in rows]

    def trials(self, strategy: str, data_hash: str, own: Sequence[tuple[str, float]] = ()) -> Trials:
        """How many different trials of a strategy on some data there were, runs and combinations of sweeps, and the
        variance of their Sharpe ratios. `own` trials, by key and ratio, are those of whoever asks; without any the run
        that asks is counted as one.
        """
        rows = self._connection.execute(
            "SELECT trial, sharpe FROM backtest_runs WHERE state = 'done' AND strategy = %(strategy)s "
            "AND data_hash = %(data)s AND sharpe IS NOT NULL AND trial IS NOT NULL "
            "UNION ALL SELECT trial, sharpe FROM backtest_trials WHERE strategy = %(strategy)s "
            "AND data_hash = %(data)s AND sharpe IS NOT NULL",
            {"strategy": strategy, "data": data_hash},
        ).fetchall()
        known = [(str(row["trial"]), float(row["sharpe"])) for row in rows]
        found = Trials.of([*known, *own])
        return found if own else Trials(len(dict(known)) + 1, found.variance)


def strict_json(document: Any) -> str:
    """JSON without NaN: Postgres knows none, and none may come out."""
    return json.dumps(document, allow_nan=False)
