"""The signals shown live on a trade date against the day replayed from the lake: equal, or where they differ."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
import psycopg
import pytest
from psycopg.rows import DictRow

from collectors.instruments import load_instruments
from tests.unit.thordata.backtest.lakes import write_lake
from thor_fast import QuoteBatch, QuoteEvent, parse_batch
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.live_parity import keep_seals, listed_seals, seal_day
from thor_web.thordata.backtest.live_signals import live_classifier, live_records
from thor_web.thordata.backtest.runs import Runs

DAY = date(2025, 6, 10)
OPENED = datetime(2025, 6, 9, 22, tzinfo=UTC)
SIGNAL = (
    "INSERT INTO futuretrading_tradingsignal (symbol, at, signal, previous, stat_value, contract_weight, "
    "signal_weight, source, contract, trade_date, phase, config_version, stream_ms, stream_number) "
    "VALUES (%s, %s, %s, '', 0, 1, 0, %s, '', %s, '', 1, %s, 0)"
)


@pytest.fixture
def events() -> QuoteBatch:
    """Ten minutes of ES whose net change goes up and down through all classes, with a few quotes without any."""
    opened_us = int(OPENED.timestamp()) * 1_000_000
    made = []
    for second in range(600):
        change = ((second % 200) - 100) * 0.5
        meta = None if second % 50 == 7 else f'{{"netChange":{change}}}'
        made.append(
            QuoteEvent(
                symbol="ES", ts_us=opened_us + second * 1_000_000, source="TOS", last=6_000 + change,
                bid=6_000 + change, ask=6_000.25 + change, seq=second, meta=meta,
            )
        )  # fmt: skip
    return parse_batch([event.to_json() for event in made])[0]


@pytest.fixture
def session(server_settings: ServerSettings, events: QuoteBatch) -> Iterator[psycopg.Connection[DictRow]]:
    """The day in the lake, and what the live path's own enricher showed of it in the recorder's table."""
    write_lake(server_settings.lake_folder(), events, DAY)
    with Runs.connect(server_settings.conninfo()) as runs:
        runs.connection.execute("DELETE FROM futuretrading_tradingsignal")
        records = live_records(load_instruments(), live_classifier())
        standing = None
        for place in range(len(events)):
            event = events[place]
            signal = orjson.loads(records(event, f"{event.ts_us // 1_000}-0"))["signal"]
            if signal is not None and signal != standing:
                at = OPENED + timedelta(microseconds=event.ts_us - int(OPENED.timestamp()) * 1_000_000)
                runs.connection.execute(SIGNAL, ("ES", at, signal, "TOS", DAY, event.ts_us // 1_000))
                standing = signal
        yield runs.connection


def lake(settings: ServerSettings) -> Path:
    return settings.lake_folder()


def test_the_replayed_day_has_the_signals_that_were_shown(
    session: psycopg.Connection[DictRow], server_settings: ServerSettings
) -> None:
    (seal,) = seal_day(session, lake(server_settings), ["ES"], DAY)
    assert seal.match
    assert seal.difference is None
    assert seal.live_count == seal.engine_count > 8
    keep_seals(session, [seal])
    (kept,) = listed_seals(session, limit=1)
    assert (kept["symbol"], kept["match"], kept["live"]) == ("ES", True, seal.live)


def test_a_signal_that_was_not_shown_breaks_the_chain_where_it_is_missing(
    session: psycopg.Connection[DictRow], server_settings: ServerSettings
) -> None:
    whole = seal_day(session, lake(server_settings), ["ES"], DAY)[0]
    session.execute(
        "DELETE FROM futuretrading_tradingsignal WHERE id = "
        "(SELECT id FROM futuretrading_tradingsignal ORDER BY stream_ms OFFSET 3 LIMIT 1)"
    )
    (seal,) = seal_day(session, lake(server_settings), ["ES"], DAY)
    assert not seal.match
    assert (seal.engine, seal.live_count) == (whole.engine, whole.live_count - 1)
    assert seal.difference is not None
    assert seal.difference["place"] == 3
    assert seal.difference["live"] != seal.difference["engine"]


def test_a_signal_that_stood_before_the_session_is_no_change(
    session: psycopg.Connection[DictRow], server_settings: ServerSettings
) -> None:
    first = session.execute("SELECT signal FROM futuretrading_tradingsignal ORDER BY stream_ms LIMIT 1").fetchone()
    assert first is not None
    session.execute(
        "DELETE FROM futuretrading_tradingsignal WHERE stream_ms = "
        "(SELECT min(stream_ms) FROM futuretrading_tradingsignal)"
    )
    session.execute(SIGNAL, ("ES", OPENED - timedelta(hours=2), first["signal"], "TOS", DAY, 1))
    (seal,) = seal_day(session, lake(server_settings), ["ES"], DAY)
    assert seal.match


def test_a_day_that_is_no_trade_date_says_so(
    session: psycopg.Connection[DictRow], server_settings: ServerSettings
) -> None:
    for day, code in ((date(2025, 6, 8), "bad_specification"), (date(2025, 6, 12), "no_data")):
        with pytest.raises(BacktestError) as raised:
            seal_day(session, lake(server_settings), ["ES"], day)
        assert raised.value.code == code
