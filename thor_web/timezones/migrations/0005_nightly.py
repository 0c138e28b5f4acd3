"""Each night what is due goes to the lake, and what has been kept long enough leaves Postgres. Better help texts."""

from datetime import time
from typing import Any, ClassVar, Final

import django.contrib.postgres.fields
from django.db import migrations, models

# A quarter of an hour after the last future has closed, on the clock of Chicago.
NIGHTLY: Final[tuple[tuple[str, time, str, dict[str, bool]], ...]] = (
    ("Nightly export", time(16, 45), "export", {"due": True}),
    ("Nightly retention", time(17, 45), "retention", {}),
)


def enter_nightly(apps: Any, _editor: Any) -> None:
    """Operators change and switch them off in the admin."""
    triggers = apps.get_model("timezones", "Trigger")
    for name, local_time, action, parameters in NIGHTLY:
        triggers.objects.get_or_create(
            name=name,
            defaults={
                "market": "GLOBEX_EQUITY",
                "condition": "local_time",
                "local_time": local_time,
                "action": action,
                "parameters": parameters,
                "grace_s": 3_600,
                "timeout_s": 3_600,
            },
        )


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
        migrations.RunPython(enter_nightly, migrations.RunPython.noop),
    ]
