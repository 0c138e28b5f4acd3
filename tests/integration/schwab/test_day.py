"""A scripted day: every trouble in one sitting, and at its end every price right, every subscription there, no hurry.

The market below moves a price a step and tells it; whatever the client has told last must be the truth of the server
whenever the stream stands, and nothing it ever told may be a price that the server never had.
"""

import asyncio
import random
import time
from collections.abc import Callable
from decimal import Decimal

import pytest

from collectors.sources.schwab.source import SchwabSource
from collectors.sources.schwab.tokens import FileTokenStore, Tokens
from tests.integration.schwab.conftest import Listener, listening
from tests.schwab_server import CHART, EQUITIES, FUTURES, LocalSchwab

MakeSource = Callable[..., SchwabSource]
ROOTS = ("YM", "ES", "NQ", "RTY", "CL", "SI", "HG", "GC", "ZB")
STOCKS = ("AAPL", "BRK/B", "ES")
CANONICAL = {f"/{root}": root for root in ROOTS} | {"AAPL": "AAPL", "BRK/B": "BRK.B", "ES": "ES.US"}


class Market:
    """Random walks in quarters, told as deltas of one field or several."""

    def __init__(self, schwab: LocalSchwab) -> None:
        self.random = random.Random(20251126)
        self.schwab = schwab
        self.now_ms = 1_764_194_400_000
        self.prices = {key: Decimal(1_000 + 50 * at) for at, key in enumerate(CANONICAL)}
        self.ever = {key: {price} for key, price in self.prices.items()}
        self.contract = "Z25"

    async def open(self) -> None:
        for key in CANONICAL:
            await self.step([key], whole=True)

    async def storm(self, frames: int) -> None:
        """Deltas as fast as they go, several symbols a frame."""
        for _ in range(frames):
            await self.step(self.random.sample(list(CANONICAL), self.random.randint(1, 8)))
            await asyncio.sleep(0)

    async def step(self, keys: list[str], *, whole: bool = False) -> None:
        self.now_ms += 7
        changes: dict[str, dict[str, dict[str, object]]] = {FUTURES: {}, EQUITIES: {}}
        for key in keys:
            price = self.prices[key] + Decimal(self.random.randint(-8, 8)) / 4
            self.prices[key] = price
            self.ever[key].add(price)
            is_future = key.startswith("/")
            fields: dict[str, object] = {"3": float(price), ("11" if is_future else "35"): self.now_ms}
            if whole or self.random.random() < 0.5:
                fields |= {"1": float(price - Decimal("0.25")), "2": float(price + Decimal("0.25"))}
            if whole:
                fields |= {"8": 1_000, "4": 3, "5": 4}
                fields |= {"34": f"{key}{self.contract}"} if is_future else {}
            changes[FUTURES if is_future else EQUITIES][key] = fields
        for service, deltas in changes.items():
            if deltas:
                await self.schwab.quotes(service, deltas)

    async def roll(self) -> None:
        """Every future stands for the next contract, far away from the old price."""
        self.contract = "H26"
        for key in (key for key in CANONICAL if key.startswith("/")):
            self.prices[key] += 100
            await self.step([key], whole=True)

    def is_told(self, heard: Listener) -> bool:
        newest = {event.symbol: event.last for event in heard.events}
        return all(newest.get(CANONICAL[key]) == price for key, price in self.prices.items())


async def test_a_day_with_every_trouble_ends_with_every_price_right(
    schwab: LocalSchwab, make_source: MakeSource, logged_in: FileTokenStore
) -> None:
    market = Market(schwab)
    await market.open()
    began = time.monotonic()
    async with listening(make_source(STOCKS)) as heard:

        async def settle() -> None:
            session = await schwab.streaming(service=EQUITIES)
            assert session.subscribed[FUTURES] == {f"/{root}" for root in ROOTS}
            assert session.subscribed[CHART] == session.subscribed[FUTURES]
            assert session.subscribed[EQUITIES] == set(STOCKS)
            await heard.until(lambda: market.is_told(heard))

        await settle()
        await market.storm(300)
        await settle()
        schwab.drop()  # a socket breaks in the middle of a storm
        await market.storm(50)
        await settle()
        schwab.fall_silent()  # open and dead
        await market.storm(20)
        await heard.until(lambda: schwab.logins >= 3)
        schwab.drop()
        await settle()
        schwab.expire_access()  # half an hour is over
        schwab.drop()
        await settle()
        schwab.elsewhere = True  # the person opened thinkorswim's own streamer
        schwab.drop()
        await heard.until(lambda: "(12)" in (heard.source.problem or ""))
        await market.storm(20)
        schwab.elsewhere = False
        await settle()
        await schwab.tell_code(30)  # a slow consumer is thrown out
        await settle()
        schwab.answers["/trader/v1/userPreference"] = [(500, {}), (429, {"Retry-After": "1"})]
        schwab.drop()
        await settle()
        await market.roll()
        await settle()
        schwab.expire_login()  # seven days are over
        schwab.drop()
        await heard.until(lambda: heard.source.state == "login_needed")
        logged_in.save(Tokens.from_login(schwab.issue(), time.time() + 1))
        await settle()
        await market.storm(300)
        await settle()
        assert heard.source.problem is None
    lasted = time.monotonic() - began
    told = {key: {event.last for event in heard.events if event.symbol == CANONICAL[key]} for key in CANONICAL}
    for key, prices in told.items():
        assert prices <= market.ever[key], f"{key} was told at a price it never had"
    assert heard.rejects == 0
    assert {event.symbol for event in heard.events} == set(CANONICAL.values())
    contracts = [event.meta for event in heard.events if event.symbol == "ES" and event.meta and "roll" in event.meta]
    assert len(contracts) == 1
    # Not hurried: even a test's quick pace allows a login each 25 ms at the least, and no more than this many.
    assert schwab.logins < 40 + lasted / 0.05
    assert schwab.logins < 60


@pytest.mark.usefixtures("logged_in")
async def test_no_event_mixes_the_figures_of_two_connections(schwab: LocalSchwab, make_source: MakeSource) -> None:
    await schwab.quote(FUTURES, "/ES", _1=6708.25, _2=6708.5, _3=6708.5)
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.newest("ES"))
        schwab.state[FUTURES, "/ES"] = {"3": 6900.0}  # what the next connection is told first has no book
        schwab.drop()
        await heard.until(lambda: heard.events[-1].last == Decimal(6900))
    assert (heard.events[-1].bid, heard.events[-1].ask) == (None, None)
