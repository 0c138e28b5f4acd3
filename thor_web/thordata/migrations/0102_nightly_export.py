"""The trigger that exports every night what has ended; operators change and switch it off in the admin."""

from typing import Any, ClassVar

from django.db import migrations

NAME = "Nightly export"
NIGHTLY = {
    "market": "GLOBEX_EQUITY",
    "condition": "close",
    "offset_s": 900,  # late ticks are in by then
    "action": "export",
    "parameters": {"due": True},
    "grace_s": 3_600,
    "misfire": "run_once",
    "timeout_s": 7_200,
}


def enter_trigger(apps: Any, _editor: Any) -> None:
    """A quarter of an hour after the close of the last session of the day; what was missed is done by the next one."""
    apps.get_model("timezones", "Trigger").objects.get_or_create(name=NAME, defaults=NIGHTLY)


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("thordata", "0101_backtest_sweeps"),
        ("timezones", "0004_tell"),
    ]

    operations: ClassVar = [migrations.RunPython(enter_trigger, migrations.RunPython.noop)]
