"""Trades for Flowsurface: its schema and paging, and which side begins a trade."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx
import pyarrow as pa
import pytest

from tests.integration.live import event
from tests.integration.thordata.test_history import store
from thor_web.thor_project.configuration import ServerSettings

BEGIN_MS = int(datetime(2025, 6, 10, 12, tzinfo=UTC).timestamp() * 1_000)
ASKED: dict[str, Any] = {"venue": "tos", "market": "linear", "symbol": "es", "from": BEGIN_MS, "to": BEGIN_MS + 999_999}


def tick(number: int, microseconds: int, last: float | None, size: int | None = 1, **more: Any) -> bytes:
    """A quote of 4800.00 to 4800.50 unless it says otherwise, so long after noon."""
    ts = datetime.fromtimestamp((BEGIN_MS * 1_000 + microseconds) / 1e6, UTC).isoformat()
    return event(number, ts=ts, last=last, lastSize=size, **({"bid": 4800.0, "ask": 4800.5} | more))


async def page(client: httpx.AsyncClient, **more: Any) -> pa.Table:
    answer = await client.get("/trades.arrow", params=ASKED | more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    return pa.ipc.open_stream(answer.content).read_all()


async def as_flowsurface(client: httpx.AsyncClient, limit: int) -> list[dict[str, Any]]:
    """Every trade of the span as Flowsurface pages: from a millisecond behind the last one, until a page is empty."""
    found: list[dict[str, Any]] = []
    cursor = BEGIN_MS
    while rows := (await page(client, **{"from": cursor}, limit=limit)).to_pylist():
        found += rows
        cursor = rows[-1]["ts"] + 1
    return found


async def test_the_stream_is_what_flowsurface_reads(client: httpx.AsyncClient, server_settings: ServerSettings) -> None:
    await store(server_settings, tick(1, 1_500, 4800.5, 3), tick(2, 2_000, 4800.0, 2), tick(3, 3_999, 4800.0, 0))
    table = await page(client)
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("ts", "int64"),
        ("price", "double"),
        ("qty", "double"),
        ("is_sell", "bool"),
    ]
    assert table.to_pylist() == [
        {"ts": BEGIN_MS + 1, "price": 4800.5, "qty": 3.0, "is_sell": False},
        {"ts": BEGIN_MS + 2, "price": 4800.0, "qty": 2.0, "is_sell": True},
    ]
    assert len(await page(client, venue="schwab")) == 0
    assert len(await page(client, **{"from": BEGIN_MS + 1, "to": BEGIN_MS + 1})) == 1  # both ends are within


async def test_the_side_is_that_of_the_nearer_quote_else_of_the_last_change(
    client: httpx.AsyncClient, server_settings: ServerSettings
) -> None:
    prices = [4800.25, 4800.5, 4800.25, 4800.0, 4800.25]
    await store(server_settings, *(tick(number, number * 1_000, price) for number, price in enumerate(prices)))
    await store(
        server_settings, tick(9, 9_000, 4799.0, bid=None, ask=None), tick(10, 10_000, 4799.5, bid=None, ask=None)
    )
    sides = [row["is_sell"] for row in (await page(client)).to_pylist()]
    assert sides == [False, False, True, True, False, True, False]


async def test_a_quote_that_repeats_its_last_is_no_trade(
    client: httpx.AsyncClient, server_settings: ServerSettings
) -> None:
    await store(
        server_settings,
        tick(0, 0, None, None),
        tick(1, 1_000, 4800.0, 5),
        tick(2, 2_000, 4800.0, 5, bidSize=9),
        tick(3, 3_000, 4800.0, 4),
        tick(4, 4_000, 4800.25, 4),
    )
    assert [(row["price"], row["qty"]) for row in (await page(client)).to_pylist()] == [
        (4800.0, 5.0),
        (4800.0, 4.0),
        (4800.25, 4.0),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 1_000])
async def test_pages_of_any_size_are_the_same_trades(
    client: httpx.AsyncClient, server_settings: ServerSettings, limit: int
) -> None:
    # Five ticks a millisecond, and a stretch in which nothing is traded.
    prices = [None if 20 <= number < 35 else 4800 + number % 3 / 4 for number in range(60)]
    await store(server_settings, *(tick(number, number * 200, price) for number, price in enumerate(prices)))
    found = await as_flowsurface(client, limit)
    assert [row["price"] for row in found] == [price for price in prices if price is not None]
    assert all(first["ts"] <= second["ts"] for first, second in pairwise(found))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"symbol": "e s"}, "bad_symbol"),
        ({"to": BEGIN_MS - 10}, "bad_span"),
        ({"from": "now"}, "bad_parameter"),
        ({"limit": 0}, "bad_parameter"),
        ({"venue": ""}, "bad_parameter"),
    ],
)
async def test_what_cannot_be_asked_is_refused(client: httpx.AsyncClient, wrong: dict[str, Any], code: str) -> None:
    answer = await client.get("/trades.arrow", params=ASKED | wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
