"""Rules on changes, signals and lost sources; how a rule is armed again; what a firing saw."""

from typing import Any, ClassVar

import django.contrib.postgres.fields
from django.db import migrations, models


def enter_lost_sources(apps: Any, _editor: Any) -> None:
    """What every Thor wants to be told; operators change it and switch it off."""
    apps.get_model("timezones", "AlertRule").objects.get_or_create(
        name="Lost sources", defaults={"kind": "source_lost", "severity": "warning"}
    )


DROP = "DROP TRIGGER tell_clock ON timezones_alertrule;"
TELL = """
CREATE TRIGGER tell_clock AFTER INSERT OR DELETE OR UPDATE OF {columns} ON timezones_alertrule
    FOR EACH STATEMENT EXECUTE FUNCTION thor_clock_changed();
"""
BEFORE = "name, kind, severity, markets, symbols, limit_value, side, channels, enabled"
AFTER = f"{BEFORE}, sources, signals, rearm, cooldown_s, once"


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("timezones", "0005_alerts_on_total"),
    ]

    operations: ClassVar = [
        # No column changes its type while a trigger names it.
        migrations.RunSQL(DROP, TELL.format(columns=BEFORE)),
        migrations.AddField(
            model_name="alertrule",
            name="cooldown_s",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="How long none is told of a symbol after one.",
                verbose_name="cool-down in seconds",
            ),
        ),
        migrations.AddField(
            model_name="alertrule",
            name="once",
            field=models.BooleanField(
                db_default=False, default=False, help_text="It switches itself off when it was told."
            ),
        ),
        migrations.AddField(
            model_name="alertrule",
            name="rearm",
            field=models.DecimalField(
                db_default=0,
                decimal_places=9,
                default=0,
                help_text="How far back behind the limit before another crossing counts.",
                max_digits=20,
            ),
        ),
        migrations.AddField(
            model_name="alertrule",
            name="signals",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(
                    choices=[
                        ("STRONG_BUY", "STRONG_BUY"),
                        ("BUY", "BUY"),
                        ("HOLD", "HOLD"),
                        ("SELL", "SELL"),
                        ("STRONG_SELL", "STRONG_SELL"),
                    ],
                    max_length=12,
                ),
                blank=True,
                db_default=[],
                default=list,
                help_text="What a signal becomes.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="alertrule",
            name="sources",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=16),
                blank=True,
                db_default=[],
                default=list,
                help_text="For lost sources; all that are heard when empty.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="alertrule",
            name="version",
            field=models.PositiveIntegerField(db_default=1, default=1, editable=False),
        ),
        migrations.AddField(
            model_name="notification",
            name="event_id",
            field=models.CharField(db_default="", default="", max_length=48),
        ),
        migrations.AddField(
            model_name="notification",
            name="mark",
            field=models.CharField(db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="notification",
            name="rule_version",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="notification",
            name="value",
            field=models.DecimalField(decimal_places=9, max_digits=24, null=True),
        ),
        migrations.AlterField(
            model_name="alertrule",
            name="kind",
            field=models.CharField(
                choices=[
                    ("opens", "opens"),
                    ("closes", "closes"),
                    ("stale_feed", "stale feed"),
                    ("source_lost", "source lost"),
                    ("missed_trigger", "missed trigger"),
                    ("horizon", "horizon"),
                    ("threshold", "threshold"),
                    ("change", "change"),
                    ("signal", "signal"),
                ],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="alertrule",
            name="limit_value",
            field=models.DecimalField(
                blank=True,
                decimal_places=9,
                help_text="The price of a threshold, of TOTAL its signal weight sum; the percent of a change; for a"
                " stale feed (30 when empty) and a lost source (10) the seconds of silence.",
                max_digits=20,
                null=True,
                verbose_name="limit",
            ),
        ),
        migrations.AlterField(
            model_name="alertrule",
            name="side",
            field=models.CharField(
                choices=[("above", "above"), ("below", "below"), ("beyond", "beyond")],
                default="above",
                help_text="Where a crossing leads; `beyond` is either way from zero, for changes.",
                max_length=6,
            ),
        ),
        migrations.AlterField(
            model_name="alertrule",
            name="symbols",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32),
                blank=True,
                default=list,
                help_text="For stale feeds, changes and signals (all when empty) and thresholds; TOTAL is the"
                " composite.",
                size=None,
            ),
        ),
        migrations.RunSQL(TELL.format(columns=AFTER), DROP),
        migrations.RunPython(enter_lost_sources, migrations.RunPython.noop),
    ]
