"""Whatever operators write is told to every process when its transaction commits, by whatever way it was written."""

from typing import ClassVar

from django.db import migrations

FUNCTION = """
CREATE FUNCTION thor_clock_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('thor_clock', TG_TABLE_NAME);
    RETURN NULL;
END
$$;
"""
TELL = """
CREATE TRIGGER tell_clock AFTER INSERT OR DELETE OR UPDATE {columns} ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION thor_clock_changed();
"""
# The clock moves watermarks itself, all the time: that is no change to tell of.
TRIGGER_COLUMNS = (
    "OF name, market, condition, phase, offset_s, local_time, action, parameters, grace_s, misfire, max_attempts, "
    "timeout_s, enabled, valid_from, valid_to"
)
TABLES = (
    ("timezones_calendaroverride", ""),
    ("timezones_halt", ""),
    ("timezones_trigger", TRIGGER_COLUMNS),
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("timezones", "0001_clock")]

    operations: ClassVar = [
        migrations.RunSQL(
            FUNCTION + "".join(TELL.format(table=table, columns=columns) for table, columns in TABLES),
            "".join(f"DROP TRIGGER tell_clock ON {table};" for table, _ in TABLES)
            + "DROP FUNCTION thor_clock_changed();",
        )
    ]
