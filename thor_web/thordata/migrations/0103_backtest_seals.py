"""What the nightly proof of parity found: the signals that were shown live against those of the replayed day."""

from typing import ClassVar

from django.db import migrations

SEALS = """
CREATE TABLE backtest_seals (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sealed_at      timestamptz NOT NULL DEFAULT now(),
    trade_date     date        NOT NULL,
    symbol         text        NOT NULL,
    source         text        NOT NULL,
    data_hash      text        NOT NULL,
    live_count     integer     NOT NULL,
    engine_count   integer     NOT NULL,
    live           text        NOT NULL,
    engine         text        NOT NULL,
    difference     jsonb
);
COMMENT ON TABLE backtest_seals IS 'Hash chains over the signals of a trade date: as recorded live, and as replayed.';
CREATE INDEX backtest_seals_of_a_date ON backtest_seals (trade_date, symbol, id);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("thordata", "0102_nightly_export")]
    operations: ClassVar = [migrations.RunSQL(sql=SEALS, reverse_sql="DROP TABLE backtest_seals;")]
