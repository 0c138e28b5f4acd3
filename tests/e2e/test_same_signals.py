"""One recording through a whole Thor: its stream, the snapshot, Postgres and Parquet give the same signals."""

import gzip
import json
import os
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from tests.e2e.conftest import RunningThor, clean_environment, thor, wait_until
from tests.integration.futuretrading.test_same_everywhere import (
    FIELDS,
    SYMBOLS,
    candidates,
    enriched,
    event_of,
    signals,
)
from thor_fast import QuoteBatch
from thor_web.runtime.state import StateFolder
from thor_web.thordata.services.lake_files import partition_path
from thor_web.thordata.settings import StorageSettings

DAY = date(2025, 6, 11)


@pytest.fixture
def replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Thor through which the recording has gone, and its settings in this process."""
    recording = tmp_path / "signals.jsonl.gz"
    recording.write_bytes(gzip.compress(b"\n".join(candidates())))
    state = tmp_path / "state"
    with RunningThor(state, "--source", f"replay:{recording}", "--speed", "max") as running:
        wait_until(lambda: running.status()["ticks"]["rows"] == 600, "every event is stored")
        environment = clean_environment()
        StateFolder(state).apply(environment)
        for name in os.environ.keys() - environment.keys():
            monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield running


def test_signals_are_the_same_wherever_the_events_come_from(replayed: RunningThor) -> None:
    live = signals(event.data.encode() for event in replayed.events(600, enrich="1"))
    assert {row[2] for row in live} == {"STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL", None}

    # The snapshot tells the newest event of each symbol.
    last = {row[0]: row for row in sorted(live, key=lambda row: row[1])}
    snapshot = json.loads(replayed.get("/api/quotes").content, parse_float=Decimal)
    assert sorted(tuple(record[name] for name in FIELDS) for record in snapshot) == sorted(last.values())

    settings = StorageSettings()
    with psycopg.connect(settings.conninfo(), row_factory=psycopg.rows.dict_row) as connection:
        rows = connection.execute("SELECT * FROM ticks ORDER BY ts").fetchall()
    assert enriched(QuoteBatch.from_events(event_of(row) for row in rows)) == live

    command = [*thor("export"), "--date", DAY.isoformat(), "--state", str(replayed.state)]
    subprocess.run(command, check=True, capture_output=True, env=clean_environment(), timeout=60)
    exported = [
        {"symbol": symbol, **row}
        for symbol in SYMBOLS
        for row in pq.ParquetFile(partition_path(settings.lake_folder(), DAY, symbol)).read().to_pylist()
    ]
    assert enriched(QuoteBatch.from_events(event_of(row) for row in exported)) == live
