"""A threshold may name TOTAL, and the help texts say so."""

from typing import ClassVar

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("timezones", "0004_tell")]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="alertrule",
            name="limit_value",
            field=models.DecimalField(
                blank=True,
                decimal_places=9,
                help_text="The price of a threshold, of TOTAL its signal weight sum; for a stale feed the seconds of"
                " silence (30 when empty).",
                max_digits=20,
                null=True,
                verbose_name="limit",
            ),
        ),
        migrations.AlterField(
            model_name="alertrule",
            name="symbols",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32),
                blank=True,
                default=list,
                help_text="For stale feeds (all when empty) and thresholds; TOTAL is the composite.",
                size=None,
            ),
        ),
    ]
