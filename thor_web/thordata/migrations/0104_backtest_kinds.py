"""One registry of everything that a worker plays: runs, sweeps, patterns and paper runs share queue and numbers.

Sweeps that were kept before get new numbers, behind those of the runs.
"""

from typing import ClassVar

from django.db import migrations

KINDS = """
ALTER TABLE backtest_runs
    ADD COLUMN kind text NOT NULL DEFAULT 'run' CHECK (kind IN ('run', 'sweep', 'patterns', 'paper')),
    ADD COLUMN key text UNIQUE,
    ADD COLUMN combinations integer,
    ADD COLUMN was bigint,
    ALTER COLUMN strategy DROP NOT NULL;
COMMENT ON COLUMN backtest_runs.key IS 'Whoever asks twice with the same key is given the same run.';
INSERT INTO backtest_runs (kind, state, specification, strategy, created_by, created_at, finished_at, share, code,
                           data_hash, digest, combinations, result, was)
SELECT 'sweep', 'done', jsonb_build_object('specification', result->'specification', 'grid', result->'grid'), strategy,
       created_by, created_at, created_at, 1, code, data_hash, digest, combinations, result, id
FROM backtest_sweeps ORDER BY id;
ALTER TABLE backtest_trials DROP CONSTRAINT backtest_trials_sweep_fkey, DROP CONSTRAINT backtest_trials_pkey;
UPDATE backtest_trials SET sweep = runs.id FROM backtest_runs AS runs WHERE runs.was = sweep;
ALTER TABLE backtest_trials
    ADD PRIMARY KEY (sweep, place),
    ADD FOREIGN KEY (sweep) REFERENCES backtest_runs (id) ON DELETE CASCADE;
ALTER TABLE backtest_runs DROP COLUMN was;
DROP TABLE backtest_sweeps;
CREATE INDEX backtest_runs_of_a_kind ON backtest_runs (kind, id DESC);
"""
BACK = """
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
INSERT INTO backtest_sweeps (id, strategy, created_by, created_at, data_hash, code, digest, combinations, result)
OVERRIDING SYSTEM VALUE
SELECT id, strategy, created_by, created_at, data_hash, code, digest, combinations, result
FROM backtest_runs WHERE kind = 'sweep' AND state = 'done' ORDER BY id;
SELECT setval(pg_get_serial_sequence('backtest_sweeps', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM backtest_sweeps));
ALTER TABLE backtest_trials DROP CONSTRAINT backtest_trials_sweep_fkey,
    ADD FOREIGN KEY (sweep) REFERENCES backtest_sweeps (id) ON DELETE CASCADE;
DELETE FROM backtest_runs WHERE kind <> 'run';
ALTER TABLE backtest_runs DROP COLUMN kind, DROP COLUMN key, DROP COLUMN combinations,
    ALTER COLUMN strategy SET NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("thordata", "0103_backtest_seals")]
    operations: ClassVar = [migrations.RunSQL(sql=KINDS, reverse_sql=BACK)]
