"""Reports of the quality checks."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("thordata", "0003_exports")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="QualityReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("trade_date", models.DateField()),
                ("symbol", models.TextField()),
                ("rows", models.BigIntegerField()),
                ("counts", models.JSONField(help_text="How often each check found something.")),
                ("gaps", models.JSONField(help_text="The first silences, from and to.")),
                ("checked_at", models.DateTimeField()),
            ],
            options={
                "db_table": "quality_reports",
                "ordering": ["-trade_date", "symbol"],
                "constraints": [models.UniqueConstraint(fields=("trade_date", "symbol"), name="quality_reports_key")],
            },
        ),
    ]
