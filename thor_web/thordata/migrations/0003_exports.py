"""What Postgres remembers of exports. Rows that were stored before changes were counted are counted now."""

from typing import ClassVar

from django.db import migrations, models

EARLIER_ROWS = """
INSERT INTO tick_changes (hour, stream)
SELECT DISTINCT date_trunc('hour', ts, 'UTC'), 'before changes were counted' FROM ticks
ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("thordata", "0002_changes")]
    operations: ClassVar = [
        migrations.RunSQL(sql=EARLIER_ROWS, reverse_sql=migrations.RunSQL.noop),
        migrations.CreateModel(
            name="ExportRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("trade_date", models.DateField()),
                ("symbols", models.JSONField(help_text="Those that were asked for; null for all.", null=True)),
                ("state", models.CharField(max_length=16)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("rows", models.BigIntegerField()),
                ("bytes", models.BigIntegerField()),
                ("written", models.IntegerField(help_text="Partitions that had changed and were written.")),
                ("unchanged", models.IntegerField(help_text="Partitions that were in the lake already.")),
                (
                    "checksum",
                    models.CharField(
                        help_text="Digest of all rows, the sum of the partitions' digests.", max_length=32
                    ),
                ),
                ("problem", models.TextField()),
                ("partitions", models.JSONField()),
            ],
            options={
                "db_table": "export_runs",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["trade_date", "-id"], name="export_runs_by_date")],
            },
        ),
        migrations.CreateModel(
            name="LakeSpan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("trade_date", models.DateField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("version", models.BigIntegerField()),
                ("exported_at", models.DateTimeField()),
            ],
            options={
                "db_table": "lake_spans",
                "ordering": ["-trade_date"],
                "constraints": [
                    models.UniqueConstraint(fields=("trade_date", "starts_at", "ends_at"), name="lake_spans_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="RetiredDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("rows", models.BigIntegerField()),
                ("digest", models.CharField(max_length=32)),
                ("dropped_at", models.DateTimeField()),
            ],
            options={"db_table": "retired_days", "ordering": ["-day"]},
        ),
    ]
