"""Runs of backtests: the registry of everything that was ever tried, and the queue of what waits.

Plain SQL, as the ticks: workers and the command line use it without Django.
"""

from typing import ClassVar

from django.db import migrations

RUNS = """
CREATE TABLE backtest_runs (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state          text        NOT NULL DEFAULT 'queued'
                   CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    specification  jsonb       NOT NULL,
    strategy       text        NOT NULL,
    modules        boolean     NOT NULL DEFAULT false,
    created_by     text        NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT now(),
    started_at     timestamptz,
    finished_at    timestamptz,
    worker         text,
    lease_until    timestamptz,
    attempts       integer     NOT NULL DEFAULT 0,
    cancel_asked   boolean     NOT NULL DEFAULT false,
    work           text,
    share          double precision,
    error          jsonb,
    code           text,
    data_hash      text,
    digest         text,
    sharpe         double precision,
    rerun_of       bigint      REFERENCES backtest_runs (id),
    result         jsonb
);
COMMENT ON TABLE backtest_runs IS 'Every backtest that was asked for, with all it takes to do it again.';
CREATE INDEX backtest_runs_waiting ON backtest_runs (id) WHERE state IN ('queued', 'running');
CREATE INDEX backtest_runs_tried ON backtest_runs (strategy, data_hash) WHERE state = 'done';
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("thordata", "0004_quality")]
    operations: ClassVar = [migrations.RunSQL(sql=RUNS, reverse_sql="DROP TABLE backtest_runs;")]
