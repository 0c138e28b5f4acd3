"""The ticks table and the positions up to which each stream is stored in it.

Both are plain SQL: no model stands for a tick, since nothing but COPY and set-wise SQL ever touches them.
"""

from typing import ClassVar

from django.db import migrations

TICKS = """
CREATE TABLE ticks (
    symbol   text        NOT NULL,
    ts       timestamptz NOT NULL,
    last     numeric,
    bid      numeric,
    ask      numeric,
    last_size integer,
    bid_size  integer,
    ask_size  integer,
    source   text        NOT NULL,
    cond     text,
    seq      bigint,
    extra    jsonb,
    CONSTRAINT ticks_key UNIQUE NULLS NOT DISTINCT (symbol, source, ts, seq)
) PARTITION BY RANGE (ts);
COMMENT ON TABLE ticks IS 'Every event of every source, one partition a UTC day of ts.';

CREATE TABLE ingest_positions (
    stream     text        PRIMARY KEY,
    id_ms      bigint      NOT NULL DEFAULT 0,
    id_counter bigint      NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ingest_positions IS 'Newest stream entry whose rows are in ticks; moved in the same transaction.';
"""


class Migration(migrations.Migration):
    initial = True
    operations: ClassVar = [
        migrations.RunSQL(sql=TICKS, reverse_sql="DROP TABLE ingest_positions; DROP TABLE ticks;"),
    ]
