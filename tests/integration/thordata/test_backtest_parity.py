"""The signals that are sealed live against the day replayed from the lake: the same chain, or where it breaks."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow

from collectors.bus import Bus
from tests.integration.live import eventually, running
from tests.unit.thordata.backtest.lakes import write_lake
from thor_fast import QuoteBatch, QuoteEvent, parse_batch
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.live_parity import keep_seals, listed_seals, seal_day, seals_of
from thor_web.thordata.backtest.runs import Runs
from thor_web.thordata.backtest.sealing import Sealer

DAY = date(2025, 6, 10)
OPENED_US = int(datetime(2025, 6, 9, 22, tzinfo=UTC).timestamp()) * 1_000_000
KEPT_S = 86_400
Session = psycopg.Connection[DictRow]


def quote(second: int, change: float | None, *, symbol: str = "ES", seq: int | None = None) -> QuoteEvent:
    meta = None if change is None else f'{{"netChange":{change}}}'
    level = 6_000 + (change or 0)
    return QuoteEvent(
        symbol=symbol, ts_us=OPENED_US + second * 1_000_000, source="TOS", last=level, bid=level, ask=level + 0.25,
        seq=second if seq is None else seq, meta=meta,
    )  # fmt: skip


def day_of_quotes() -> list[QuoteEvent]:
    """Ten minutes of ES and NQ through all classes, a few quotes without a change, one event told twice."""
    changes = [((second % 200) - 100) * 0.5 for second in range(600)]
    events = [
        quote(second, None if second % 50 == 7 else change, symbol=symbol)
        for second, change in enumerate(changes)
        for symbol in ("ES", "NQ")
    ]
    return [*events[:41], quote(20, 0.0), *events[41:]]


def batch_of(events: list[QuoteEvent]) -> QuoteBatch:
    return parse_batch([event.to_json() for event in events])[0]


@pytest.fixture
async def session(server_settings: ServerSettings, bus: Bus) -> AsyncIterator[Session]:
    """The day in the lake, and sealed by a sealer that was killed in between."""
    events = day_of_quotes()
    write_lake(server_settings.lake_folder(), batch_of(events).last_per_key(), DAY)
    with Runs.connect(server_settings.conninfo()) as runs:
        for part in (events[:500], events[500:]):
            await sealed(server_settings, bus, runs.connection, part)
        yield runs.connection


async def sealed(settings: ServerSettings, bus: Bus, connection: Session, events: list[QuoteEvent]) -> None:
    ids = await bus.append_unified([event.to_json() for event in events], retention_s=KEPT_S)

    async def position() -> str:
        found = await asyncio.to_thread(connection.execute, "SELECT last_stream_id FROM backtest_sealer")
        row = found.fetchone()
        return str(row["last_stream_id"]) if row else "0-0"

    async with running(Sealer(bus, settings.conninfo(), stale_after_ms=5_000, each_s=0.05).run()):
        await eventually(position, lambda at: at == ids[-1], "everything is sealed")


def test_the_replayed_day_arrives_at_the_chain_that_was_sealed_live(
    session: Session, server_settings: ServerSettings
) -> None:
    seals = seal_day(session, server_settings.lake_folder(), [], DAY)
    assert [(seal.symbol, seal.match, seal.live_count, seal.engine_count) for seal in seals] == [
        ("ES", True, 601, 601), ("NQ", True, 600, 600),
    ]  # fmt: skip
    es, nq = seals
    assert (es.retold, nq.retold, es.unshown, es.source) == (1, 0, 0, "TOS")
    assert es.live == es.engine != nq.live
    assert es.blocks >= 2
    keep_seals(session, seals)
    assert [(kept["symbol"], kept["match"]) for kept in listed_seals(session)] == [("NQ", True), ("ES", True)]
    (of_run,) = seals_of(session, [{"date": "2025-06-10", "symbol": "ES"}, {"date": "2025-06-11", "symbol": "ES"}])
    assert (of_run["match"], of_run["live"], of_run["trade_date"]) == (True, es.live, "2025-06-10")


def test_a_changed_byte_of_what_was_sealed_is_found(session: Session, server_settings: ServerSettings) -> None:
    row = session.execute(
        "SELECT lines FROM backtest_sealed WHERE symbol = 'ES' AND trade_date = %s AND place = 1", (DAY,)
    ).fetchone()
    assert row is not None
    lines = bytearray(zlib.decompress(row["lines"]))
    at = lines.index(b"STRONG_BUY")
    lines[at : at + 10] = b"STRONG_BUI"
    _change(session, "lines = %s", zlib.compress(bytes(lines)))
    (seal,) = seal_day(session, server_settings.lake_folder(), ["ES"], DAY)
    assert not seal.match
    assert seal.difference == {"reason": "altered", "block": 1}


@pytest.mark.parametrize("change", ["link = set_byte(link, 7, 255 - get_byte(link, 7))", "place = place + 7"])
def test_a_changed_link_or_a_missing_block_is_found(
    session: Session, server_settings: ServerSettings, change: str
) -> None:
    _change(session, change)
    (seal,) = seal_day(session, server_settings.lake_folder(), ["ES"], DAY)
    assert (seal.match, seal.difference) == (False, {"reason": "altered", "block": 1})


def _change(session: Session, change: str, *values: Any) -> None:
    where = f"UPDATE backtest_sealed SET {change} WHERE symbol = 'ES' AND trade_date = %s AND place = 1"  # noqa: S608
    session.execute(where.encode(), (*values, DAY))


def test_another_signal_in_the_lake_breaks_the_chain_where_it_is(
    session: Session, server_settings: ServerSettings
) -> None:
    whole = seal_day(session, server_settings.lake_folder(), ["ES"], DAY)[0]
    events = day_of_quotes()
    events[201] = quote(100, 40.0)
    write_lake(server_settings.lake_folder(), batch_of(events).last_per_key(), DAY)
    (seal,) = seal_day(session, server_settings.lake_folder(), ["ES"], DAY)
    assert (seal.match, seal.live, seal.engine != whole.engine) == (False, whole.live, True)
    assert seal.difference is not None
    assert {name: seal.difference[name] for name in ("reason", "source", "seq", "live", "engine")} == {
        "reason": "another signal", "source": "TOS", "seq": 100, "live": "HOLD", "engine": "STRONG_BUY",
    }  # fmt: skip


def test_what_is_missing_in_the_lake_or_was_never_shown_is_counted(
    session: Session, server_settings: ServerSettings
) -> None:
    events = [event for event in day_of_quotes() if event.seq != 300]
    write_lake(server_settings.lake_folder(), batch_of([*events, quote(599, 1.0, seq=700)]).last_per_key(), DAY)
    (seal,) = seal_day(session, server_settings.lake_folder(), ["ES"], DAY)
    assert (seal.match, seal.live_count, seal.engine_count, seal.unshown) == (False, 601, 600, 1)
    assert seal.difference is not None
    assert (seal.difference["reason"], seal.difference["seq"]) == ("not in the lake", 300)


def test_a_day_of_which_nothing_was_sealed_says_so(session: Session, server_settings: ServerSettings) -> None:
    assert seal_day(session, server_settings.lake_folder(), [], date(2025, 6, 12)) == []
    with pytest.raises(BacktestError) as raised:
        seal_day(session, server_settings.lake_folder(), ["ES"], date(2025, 6, 12))
    assert raised.value.code == "not_sealed"
