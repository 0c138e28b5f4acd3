"""A lake of the recorded open, and one of a made-up market with changes, for the backtests."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from tests.unit.thordata.backtest.lakes import made_up_market, write_lake
from thor_fast import parse_batch

GOLDEN = Path(__file__).parents[3] / "golden" / "es_open.jsonl"
REAL_HOUR = Path(__file__).parents[5] / "shared" / "data" / "es_20231225_cme.jsonl.gz"
RECORDINGS = [pytest.param(path, id=path.name) for path in (GOLDEN, REAL_HOUR) if path.exists()]


@pytest.fixture(params=RECORDINGS)
def recorded_lake(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The recorded open of 2023-12-26's trade date, as far as it is at hand."""
    data = request.param.read_bytes()
    batch, rejects = parse_batch(gzip.decompress(data) if request.param.suffix == ".gz" else data)
    assert not rejects
    write_lake(tmp_path / "lake", batch.last_per_key(), date(2023, 12, 26))
    return tmp_path / "lake"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """An hour of ES and GC from the open of 2025-06-10, with net changes that go up, down and up again."""
    write_lake(tmp_path / "lake", made_up_market(), date(2025, 6, 10))
    return tmp_path / "lake"
