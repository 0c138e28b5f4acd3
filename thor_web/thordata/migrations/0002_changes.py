"""What the export goes by: how often the rows of each hour have changed, and an index by time alone."""

from typing import ClassVar

from django.db import migrations

CHANGES = """
CREATE TABLE tick_changes (
    hour    timestamptz NOT NULL,
    stream  text        NOT NULL,
    version bigint      NOT NULL DEFAULT 1,
    PRIMARY KEY (hour, stream)
);
COMMENT ON TABLE tick_changes IS
    'Raised in the transaction that stores rows of the hour: an export of older versions is out of date.';
CREATE INDEX ticks_ts ON ticks USING brin (ts) WITH (pages_per_range = 32, autosummarize = on);
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("thordata", "0001_ticks")]
    operations: ClassVar = [
        migrations.RunSQL(sql=CHANGES, reverse_sql="DROP INDEX ticks_ts; DROP TABLE tick_changes;"),
    ]
