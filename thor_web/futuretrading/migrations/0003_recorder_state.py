"""Where the recorder stands."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("futuretrading", "0002_note_changes"),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="RecorderState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream_ms", models.BigIntegerField(default=0)),
                ("stream_number", models.BigIntegerField(default=0)),
                ("state", models.BinaryField(default=b"")),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
        ),
    ]
