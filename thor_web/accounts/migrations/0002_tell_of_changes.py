"""Every change of what somebody may do tells whoever listens, when its transaction commits.

In the database rather than in Python, so that no way of writing forgets it: the admin, commands, plain SQL.
"""

from django.conf import settings
from django.db import migrations

CHANGES = {
    "accounts_apikey": "UPDATE OF revoked_at, expires_at, scopes, owner_id OR DELETE",
    "auth_user": "UPDATE OF password, is_active, is_superuser OR DELETE",
    "auth_user_groups": "INSERT OR UPDATE OR DELETE",
    "django_session": "DELETE",
}

FUNCTION = """
CREATE FUNCTION thor_account_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('thor_accounts', TG_TABLE_NAME);
    RETURN NULL;
END $$
"""


def trigger(table: str, changes: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER thor_account_changed AFTER {changes} ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION thor_account_changed()",
        f"DROP TRIGGER thor_account_changed ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_keys"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("sessions", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION thor_account_changed()"),
        *(trigger(table, changes) for table, changes in CHANGES.items()),
    ]
