"""A trigger that numbers and keeps every change of what decides a signal, whoever makes it and however.

All changes of one transaction have one number. `thor.user`, set for the transaction, names who made them.
"""

from typing import ClassVar

from django.db import migrations

NOTE_CHANGE = """
CREATE FUNCTION futuretrading_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb;
    after  jsonb;
    fields jsonb;
    held   text;
    number bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN before := to_jsonb(OLD) - 'seeded'; END IF;
    IF TG_OP <> 'DELETE' THEN after := to_jsonb(NEW) - 'seeded'; END IF;
    IF before IS NOT DISTINCT FROM after THEN RETURN NULL; END IF;
    fields := coalesce(after, before);
    IF fields ? 'instrument_id' THEN
        SELECT symbol INTO held FROM futuretrading_tradinginstrument WHERE id = (fields ->> 'instrument_id')::bigint;
    END IF;
    UPDATE futuretrading_configurationversion
        SET version = version + (transaction <> txid_current())::int, transaction = txid_current(),
            changed_at = clock_timestamp()
        RETURNING version INTO number;
    INSERT INTO futuretrading_configurationchange (version, changed_at, changed_by, "table", "row", before, after)
    VALUES (number, clock_timestamp(), coalesce(current_setting('thor.user', true), ''),
            replace(TG_TABLE_NAME, 'futuretrading_', ''),
            left(concat_ws(' ', held, coalesce(fields ->> 'symbol', fields ->> 'name'), fields ->> 'signal'), 80),
            before, after);
    RETURN NULL;
END $$;
INSERT INTO futuretrading_configurationversion (version, transaction, changed_at) VALUES (0, 0, now());
"""
TABLES = ("instrumentcategory", "tradinginstrument", "signalstatvalue", "contractweight", "hbsthresholds")
TRIGGER = """
CREATE TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON futuretrading_{0}
    FOR EACH ROW EXECUTE FUNCTION futuretrading_note_change();
"""
UNDO = """
DELETE FROM futuretrading_configurationversion;
DROP FUNCTION futuretrading_note_change() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("futuretrading", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(sql=NOTE_CHANGE + "".join(TRIGGER.format(table) for table in TABLES), reverse_sql=UNDO),
    ]
