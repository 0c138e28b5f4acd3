"""New notifications and changed rules are told to every process. The first alerts are there at once."""

from typing import Any, ClassVar

from django.db import migrations

TELL = """
CREATE TRIGGER tell_clock AFTER INSERT OR DELETE OR UPDATE {columns} ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION thor_clock_changed();
"""
TABLES = (
    ("timezones_alertrule", "OF name, kind, severity, markets, symbols, limit_value, side, channels, enabled"),
    ("timezones_maintenancewindow", ""),
    ("timezones_deploymentwindow", ""),
    ("flags_flagstate", ""),
)
NOTICE = """
CREATE FUNCTION thor_notice_entered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('thor_notice', NEW.id::text);
    RETURN NULL;
END
$$;
CREATE TRIGGER tell_notice AFTER INSERT OR UPDATE ON timezones_notification
    FOR EACH ROW EXECUTE FUNCTION thor_notice_entered();
"""
FIRST_RULES = (
    ("Calendar horizon", "horizon", "warning"),
    ("Missed and failed triggers", "missed_trigger", "warning"),
    ("Silent feed in open hours", "stale_feed", "warning"),
)


def enter_first_rules(apps: Any, _editor: Any) -> None:
    """What every Thor wants to be told in its dashboard; operators change and switch them off in the admin."""
    rules = apps.get_model("timezones", "AlertRule")
    for name, kind, severity in FIRST_RULES:
        rules.objects.get_or_create(
            name=name,
            defaults={"kind": kind, "severity": severity, "limit_value": 60 if kind == "stale_feed" else None},
        )


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("timezones", "0003_alerts"),
        ("flags", "0014_flagstate_unique_constraint"),
    ]

    operations: ClassVar = [
        migrations.RunSQL(
            NOTICE + "".join(TELL.format(table=table, columns=columns) for table, columns in TABLES),
            "".join(f"DROP TRIGGER tell_clock ON {table};" for table, _ in TABLES)
            + "DROP TRIGGER tell_notice ON timezones_notification; DROP FUNCTION thor_notice_entered();",
        ),
        migrations.RunPython(enter_first_rules, migrations.RunPython.noop),
    ]
