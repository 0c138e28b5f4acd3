"""The registry of runs, sweeps and patterns in Postgres, which is the queue of them too. Knows no Django.

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

from thor_web.thordata.backtest.asked import Asked, asked_from_json
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.outcomes import Outcome
from thor_web.thordata.backtest.trial_key import Trials

__all__ = ["PATTERNS", "PLAYED", "SWEEPS", "Claim", "Runs"]

PLAYED: Final = ("run", "paper")
"""Kinds that have trades: one strategy with one set of parameters."""
SWEEPS: Final = ("sweep",)
PATTERNS: Final = ("patterns",)
ALL: Final = (*PLAYED, *SWEEPS, *PATTERNS)
GREATEST: Final = 2**63 - 1

LEASE_S: Final = 15
MOST_ATTEMPTS: Final = 3
MOST_LISTED: Final = 201
STATUS: Final = (
    "id, kind, state, strategy, specification, created_by, created_at, started_at, finished_at, work, share, error, "
    "code, data_hash, digest, sharpe, rerun_of, attempts, combinations"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker has taken."""

    id: int
    asked: Asked
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
        asked: Asked,
        *,
        created_by: str = "",
        modules: bool = False,
        rerun_of: int | None = None,
        key: str | None = None,
        worker: str | None = None,
    ) -> int:
        """Put something into the queue and give its number; of the same key only once. `worker` has it already."""
        row = self._one(
            "INSERT INTO backtest_runs (kind, specification, strategy, modules, created_by, rerun_of, key, worker, "
            "state, attempts, started_at, lease_until) VALUES (%(kind)s, %(specification)s, %(strategy)s, %(modules)s, "
            "%(created_by)s, %(rerun_of)s, %(key)s, %(worker)s, %(state)s, %(attempts)s, "
            "CASE WHEN %(attempts)s = 1 THEN now() END, "
            "CASE WHEN %(attempts)s = 1 THEN now() + make_interval(secs => %(lease)s) END) "
            "ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id",
            {
                "kind": asked.kind,
                "specification": Jsonb(asked.to_json(), dumps=strict_json),
                "strategy": asked.strategy,
                "modules": modules,
                "created_by": created_by,
                "rerun_of": rerun_of,
                "key": key,
                "worker": worker,
                "state": "queued" if worker is None else "running",
                "attempts": 0 if worker is None else 1,
                "lease": LEASE_S,
            },
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
        while (row := self._claimed_row(worker, run)) is not None:
            try:
                return _claim(row)
            except BacktestError as error:  # written by another version: nobody can play it
                self.fail(int(row["id"]), worker, error)
        return None

    def _claimed_row(self, worker: str, run: int | None) -> DictRow | None:
        return self._one(
            "UPDATE backtest_runs SET state = 'running', worker = %(worker)s, attempts = attempts + 1, "
            "started_at = now(), lease_until = now() + make_interval(secs => %(lease)s) WHERE id = ("
            "  SELECT id FROM backtest_runs WHERE (state = 'queued' OR (state = 'running' AND lease_until < now())) "
            "  AND (%(run)s::bigint IS NULL OR id = %(run)s) ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) "
            "RETURNING id, kind, specification, modules",
            {"worker": worker, "lease": LEASE_S, "run": run},
        )

    def claimed(self, run: int, worker: str) -> Claim:
        """A run that this worker has taken before. Raises BacktestError `unknown_run`."""
        row = self._one(
            "SELECT id, kind, specification, modules FROM backtest_runs "
            "WHERE id = %s AND worker = %s AND state = 'running'",
            (run, worker),
        )
        if row is None:
            raise BacktestError("unknown_run", f"run {run} is not taken by {worker}")
        return _claim(row)

    def renew(self, run: int, worker: str, *, work: str | None = None, share: float | None = None) -> bool:
        """Hold a run longer and say how far it is. False when it is no longer this worker's, or is to be cancelled."""
        row = self._one(
            "UPDATE backtest_runs SET lease_until = now() + make_interval(secs => %s), work = coalesce(%s, work), "
            "share = coalesce(%s, share) WHERE id = %s AND worker = %s AND state = 'running' RETURNING cancel_asked",
            (LEASE_S, work, share, run, worker),
        )
        return row is not None and not row["cancel_asked"]

    def finish(self, run: int, worker: str, outcome: Outcome) -> bool:
        """Store what came of it. False when it is no longer this worker's, and then nothing is stored."""
        with self._connection.transaction():
            row = self._one(
                "UPDATE backtest_runs SET state = 'done', result = %s, code = %s, data_hash = %s, digest = %s, "
                "sharpe = %s, trial = %s, combinations = %s, work = NULL, share = 1, worker = NULL, "
                "lease_until = NULL, finished_at = now() "
                "WHERE id = %s AND worker = %s AND state = 'running' RETURNING id, strategy",
                (
                    Jsonb(outcome.document, dumps=strict_json), outcome.code, outcome.data_hash, outcome.digest,
                    outcome.sharpe, outcome.trial, outcome.combinations, run, worker,
                ),
            )  # fmt: skip
            if row is not None:
                self._keep_trials(run, row["strategy"], outcome)
        return row is not None

    def _keep_trials(self, sweep: int, strategy: str, outcome: Outcome) -> None:
        if not outcome.trials:
            return
        with (
            self._connection.cursor() as cursor,
            cursor.copy("COPY backtest_trials (sweep, place, strategy, data_hash, trial, sharpe) FROM STDIN") as copy,
        ):
            for place, (trial, sharpe) in enumerate(outcome.trials):
                copy.write_row((sweep, place, strategy, outcome.data_hash, trial, sharpe))

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

    def cancel(self, run: int, *, kinds: Sequence[str] = ALL) -> dict[str, Any]:
        """Ask for the end of something; what waits ends at once. Raises BacktestError `unknown_…`."""
        self._connection.execute(
            "UPDATE backtest_runs SET cancel_asked = true, "
            "state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END, "
            "finished_at = CASE WHEN state = 'queued' THEN now() ELSE finished_at END "
            "WHERE id = %s AND kind = ANY(%s) AND state IN ('queued', 'running')",
            (run, list(kinds)),
        )
        return self.status(run, kinds=kinds)

    def status(self, run: int, *, kinds: Sequence[str] = ALL) -> dict[str, Any]:
        """What is known without the result. Raises BacktestError `unknown_…`."""
        return dict(self._known(STATUS, run, kinds))

    def result(self, run: int, *, kinds: Sequence[str] = PLAYED) -> dict[str, Any]:
        """A result with its number. Raises BacktestError `unknown_…`, `not_finished`, or its own error."""
        return {"id": run, **json.loads(self.result_text(run, kinds=kinds))}

    def result_text(self, run: int, *, kinds: Sequence[str] = PLAYED) -> str:
        """A result as the text of a JSON object. Raises as `result`."""
        row = self._known("state, error, result::text AS result", run, kinds)
        if row["error"]:
            raise BacktestError(**row["error"])
        if row["result"] is None:
            raise BacktestError("not_finished", f"{kinds[0]} {run} is {row['state']}")
        return str(row["result"])

    def _known(self, columns: str, run: int, kinds: Sequence[str]) -> DictRow:
        row = None
        if 0 < run <= GREATEST:
            row = self._one(
                f"SELECT {columns} FROM backtest_runs WHERE id = %s AND kind = ANY(%s)",  # noqa: S608 - our own columns
                (run, list(kinds)),
            )
        if row is None:
            code, noun = {"sweep": ("unknown_sweep", "sweep"), "patterns": ("unknown_patterns", "analysis")}.get(
                kinds[0], ("unknown_run", "run")
            )
            raise BacktestError(code, f"there is no {noun} {run}")
        return row

    def listed(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        strategy: str | None = None,
        kinds: Sequence[str] = PLAYED,
    ) -> list[dict[str, Any]]:
        """The newest, those numbered below `before`."""
        rows = self._connection.execute(
            f"SELECT {STATUS} FROM backtest_runs WHERE kind = ANY(%(kinds)s) "  # noqa: S608 - our own column names
            "AND (%(before)s::bigint IS NULL OR id < %(before)s) "
            "AND (%(strategy)s::text IS NULL OR strategy = %(strategy)s) ORDER BY id DESC LIMIT %(limit)s".encode(),
            {"before": before, "strategy": strategy, "limit": min(limit, MOST_LISTED), "kinds": list(kinds)},
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


def _claim(row: DictRow) -> Claim:
    return Claim(int(row["id"]), asked_from_json(row["kind"], row["specification"]), bool(row["modules"]))


def strict_json(document: Any) -> str:
    """JSON without NaN: Postgres knows none, and none may come out."""
    return json.dumps(document, allow_nan=False)
