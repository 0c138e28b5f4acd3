"""Sweeps of backtests, and a row for each of their combinations: every trial counts when a result is judged."""

from typing import ClassVar

from django.db import migrations

SWEEPS = """
CREATE TABLE backtest_sweeps (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    strategy       text        NOT NULL,
    created_by     text        NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT now(),
    data_hash      text        NOT NULL,
    code           text        NOT NULL,
    digest         text        NOT NULL,
    combinations   integer     NOT NULL,
    result         jsonb       NOT NULL
);
COMMENT ON TABLE backtest_sweeps IS 'Every sweep of a backtest over a grid of parameters.';
CREATE TABLE backtest_trials (
    sweep          bigint      NOT NULL REFERENCES backtest_sweeps (id) ON DELETE CASCADE,
    place          integer     NOT NULL,
    strategy       text        NOT NULL,
    data_hash      text        NOT NULL,
    trial          text        NOT NULL,
    sharpe         double precision,
    PRIMARY KEY (sweep, place)
);
COMMENT ON TABLE backtest_trials IS 'One combination of a sweep; equal keys in trial earned the same.';
CREATE INDEX backtest_trials_tried ON backtest_trials (strategy, data_hash);
ALTER TABLE backtest_runs ADD COLUMN trial text;
UPDATE backtest_runs SET trial = left(digest, 32) WHERE digest IS NOT NULL;
"""
BACK = """
ALTER TABLE backtest_runs DROP COLUMN trial;
DROP TABLE backtest_trials;
DROP TABLE backtest_sweeps;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("thordata", "0100_backtest_runs")]
    operations: ClassVar = [migrations.RunSQL(sql=SWEEPS, reverse_sql=BACK)]
