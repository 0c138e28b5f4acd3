"""What the live path showed, sealed as it happens: a hash chain a symbol and trade date, and how far it has come.

The proof of a trade date (backtest_seals) says from now on how its chain did: blocks, retold and unshown events.
"""

from typing import Any, ClassVar

from django.db import migrations

SEALED = """
CREATE TABLE backtest_sealed (
    symbol         text        NOT NULL,
    trade_date     date        NOT NULL,
    place          integer     NOT NULL,
    sealed_at      timestamptz NOT NULL DEFAULT now(),
    last_stream_id text        NOT NULL,
    config_version bigint      NOT NULL,
    events         integer     NOT NULL,
    lines          bytea       NOT NULL,
    link           bytea       NOT NULL CHECK (length(link) = 32),
    PRIMARY KEY (symbol, trade_date, place)
);
COMMENT ON TABLE backtest_sealed IS
    'Blocks of the signals that were shown: link = SHA-256(the link before, the lines source|us|seq|signal).';
CREATE INDEX backtest_sealed_of_a_date ON backtest_sealed (trade_date);
CREATE TABLE backtest_sealer (
    one            boolean     PRIMARY KEY DEFAULT true CHECK (one),
    last_stream_id text        NOT NULL
);
COMMENT ON TABLE backtest_sealer IS 'The newest entry of the unified stream that is sealed.';
ALTER TABLE backtest_seals
    ADD COLUMN blocks integer NOT NULL DEFAULT 0,
    ADD COLUMN retold integer NOT NULL DEFAULT 0,
    ADD COLUMN unshown integer NOT NULL DEFAULT 0;
"""
BACK = """
ALTER TABLE backtest_seals DROP COLUMN blocks, DROP COLUMN retold, DROP COLUMN unshown;
DROP TABLE backtest_sealer;
DROP TABLE backtest_sealed;
"""
NAME = "Nightly proof"
NIGHTLY = {
    "market": "GLOBEX_EQUITY",
    "condition": "close",
    "offset_s": 2_700,  # half an hour behind the nightly export
    "action": "backtest",
    "parameters": {"arguments": ["parity", "--session", "{session_date}"]},
    "grace_s": 3_600,
    "misfire": "run_all",
    "max_attempts": 2,
    "timeout_s": 7_200,
}


def enter_trigger(apps: Any, _editor: Any) -> None:
    """Each trade date is proved once, late ones too."""
    apps.get_model("timezones", "Trigger").objects.get_or_create(name=NAME, defaults=NIGHTLY)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("thordata", "0104_backtest_kinds"), ("timezones", "0004_tell")]
    operations: ClassVar = [
        migrations.RunSQL(sql=SEALED, reverse_sql=BACK),
        migrations.RunPython(enter_trigger, migrations.RunPython.noop),
    ]
