"""A lake of the recorded open, and one of a made-up market with changes, for the backtests."""

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.unit.thordata.backtest.lakes import write_lake
from thor_fast import QuoteEvent, parse_batch

GOLDEN = Path(__file__).parents[3] / "golden" / "es_open.jsonl"
REAL_HOUR = Path(__file__).parents[5] / "shared" / "data" / "es_20231225_cme.jsonl.gz"
RECORDINGS = [pytest.param(path, id=path.name) for path in (GOLDEN, REAL_HOUR) if path.exists()]
OPENED_US = int(datetime(2025, 6, 9, 22, tzinfo=UTC).timestamp()) * 1_000_000


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
    events = []
    for second in range(3_600):
        for symbol, base, tick in (("ES", 6_000.0, 0.25), ("GC", 3_300.0, 0.1)):
            steps = round(40 * (1 if second // 600 % 2 else -1) * (second % 600) / 600) + second % 3
            last = base + steps * tick
            change = steps * tick
            events.append(
                QuoteEvent(
                    symbol=symbol, ts_us=OPENED_US + second * 1_000_000, source="TOS", last=round(last, 2),
                    bid=round(last - tick, 2), ask=round(last + tick, 2), last_size=1, bid_size=50, ask_size=50,
                    seq=second, meta=f'{{"netChange":{round(change, 2)},"contract":"{symbol}M25"}}',
                )
            )  # fmt: skip
    batch, rejects = parse_batch([event.to_json() for event in events])
    assert not rejects
    write_lake(tmp_path / "lake", batch, date(2025, 6, 10))
    return tmp_path / "lake"
