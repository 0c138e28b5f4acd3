"""No preferred source: the newest quote of any source stands."""

from typing import ClassVar

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("futuretrading", "0003_recorder_state")]
    operations: ClassVar = [
        migrations.AlterField(
            model_name="tradinginstrument",
            name="preferred_source",
            field=models.CharField(
                blank=True,
                help_text="Its quotes stand while it is live. Empty: the newest quote of any source stands.",
                max_length=16,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[A-Z][A-Z0-9_]{0,15}\\Z", "must be a source name in capitals"
                    )
                ],
            ),
        )
    ]
