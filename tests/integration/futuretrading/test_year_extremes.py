"""The 52 weeks of our own trade dates: old extremes fall out, and one price is no year."""

from datetime import date, timedelta
from decimal import Decimal

import psycopg

from collectors.bus import Bus
from tests.integration.futuretrading.test_recorder import quote, recorded, recorder, rows
from tests.integration.live import running
from tests.servers import Database

TODAY = date(2025, 6, 11)
ADD_DAY = """
INSERT INTO futuretrading_marketdata (symbol, mock, trade_date, contract, since, open, high, low, close, volume)
VALUES ('ES', false, %s, '', %s, %s, %s, %s, %s, 1)
"""


def remember(database: Database, day: date, low: int, high: int) -> None:
    with psycopg.connect(database.conninfo) as connection:
        connection.execute(ADD_DAY, (day, day, low, high, low, high))


async def test_an_extreme_older_than_52_weeks_has_expired_and_a_first_price_is_no_extreme(
    bus: Bus, database: Database
) -> None:
    remember(database, TODAY - timedelta(weeks=53), 1, 9_999)
    remember(database, TODAY - timedelta(weeks=10), 90, 150)
    async with running(recorder(bus, database).run()):
        await recorded(bus, database, [quote(0, 100.0), quote(1, 151.0), quote(2, 200.0, symbol="NQ")])
    question = (
        "SELECT symbol, high_52w, low_52w FROM futuretrading_marketdata WHERE trade_date = '2025-06-11' ORDER BY 1"
    )
    assert rows(database, question) == [
        ("ES", Decimal(151), Decimal(90)),
        ("NQ", None, None),
    ]
