"""The Schwab client against a local Schwab over TLS: what it streams, and what it does when things break."""

import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from collectors.sources.base import SourceError
from collectors.sources.schwab.source import SchwabSource
from collectors.sources.schwab.tokens import LOGIN_LASTS_S, FileTokenStore, Tokens
from tests.integration.schwab.conftest import listening
from tests.schwab_server import CHART, EQUITIES, FUTURES, LocalSchwab
from thor_fast import QuoteEvent

MakeSource = Callable[..., SchwabSource]
pytestmark = pytest.mark.usefixtures("logged_in")
NOW_MS = 1_764_194_400_123


def meta(event: QuoteEvent | None) -> dict[str, Any]:
    assert event is not None
    found: dict[str, Any] = json.loads(event.meta or "{}", parse_float=Decimal)
    return found


async def test_a_quote_and_its_deltas_become_events(schwab: LocalSchwab, make_source: MakeSource) -> None:
    await schwab.quote(
        FUTURES, "/ES", _1=6708.25, _2=6708.75, _3=6708.5, _4=17, _5=6, _8=578740, _10=NOW_MS, _34="/ESZ25"
    )
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.newest("ES"))
        await schwab.quote(FUTURES, "/ES", _3=6708.75, _11=NOW_MS + 5)
        await heard.until(lambda: len(heard.events) == 2)
    first, second = heard.events
    assert (first.last, first.bid, first.ask, first.bid_size) == (
        Decimal("6708.5"),
        Decimal("6708.25"),
        Decimal("6708.75"),
        17,
    )
    assert (second.last, second.bid, second.ts_us) == (
        Decimal("6708.75"),
        Decimal("6708.25"),
        (NOW_MS + 5) * 1_000,
    )
    assert meta(second) == {"precision": 2, "contract": "ESZ25", "volume": 578740}
    assert {event.source for event in heard.events} == {"SCHWAB"}


async def test_the_stock_and_the_future_of_one_ticker_are_two_symbols(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    await schwab.quote(FUTURES, "/ES", _3=6708.5, _4=17, _1=6708.25)
    await schwab.quote(EQUITIES, "ES", _3=61.2, _1=61.19, _4=3)
    async with listening(make_source(("ES", "BRK/B", "$SPX"))) as heard:
        await heard.until(lambda: len(heard.events) == 2)
    prices = {event.symbol: (event.last, event.bid_size) for event in heard.events}
    assert prices == {"ES": (Decimal("6708.5"), 17), "ES.US": (Decimal("61.2"), 300)}


async def test_delayed_quotes_say_so(schwab: LocalSchwab, make_source: MakeSource) -> None:
    await schwab.quote(FUTURES, "/ES", _3=6708.5, delayed=True)
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.newest("ES"))
    assert meta(heard.newest("ES"))["delayed"] is True


async def test_a_minute_s_bar_comes_with_the_quote(schwab: LocalSchwab, make_source: MakeSource) -> None:
    await schwab.quote(FUTURES, "/ES", _3=6708.5)
    async with listening(make_source()) as heard:
        await schwab.streaming(service=CHART)
        await schwab.quote(CHART, "/ES", _1=NOW_MS, _2=6708, _3=6709, _4=6707.5, _5=6708.5, _6=1234)
        await heard.until(lambda: "bar" in meta(heard.newest("ES")))
    assert meta(heard.newest("ES"))["bar"]["volume"] == 1234


async def test_a_roll_takes_no_figure_of_the_old_contract_along(schwab: LocalSchwab, make_source: MakeSource) -> None:
    await schwab.quote(FUTURES, "/ES", _1=6708.25, _2=6708.5, _3=6708.5, _34="/ESZ25")
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.newest("ES"))
        await schwab.quote(FUTURES, "/ES", _3=6770.5, _34="/ESH26")
        await heard.until(lambda: len(heard.events) == 2)
    rolled = heard.events[1]
    assert (rolled.last, rolled.bid, rolled.ask) == (Decimal("6770.5"), None, None)
    assert meta(rolled) == {"precision": 2, "contract": "ESH26", "flags": ["roll"]}


async def test_a_dropped_socket_is_made_up_for_with_every_subscription(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    await schwab.quote(FUTURES, "/ES", _1=6708.25, _3=6708.5)
    async with listening(make_source(("AAPL",))) as heard:
        before = await schwab.streaming(service=EQUITIES)
        await heard.until(lambda: heard.newest("ES"))
        schwab.drop()
        after = await schwab.streaming(service=EQUITIES)
        assert after is not before
        assert after.subscribed == before.subscribed
        await schwab.quote(FUTURES, "/ES", _3=6709.0)
        await heard.until(lambda: heard.events[-1].last == Decimal(6709))
    assert heard.events[-1].bid == Decimal("6708.25")


async def test_a_silent_socket_is_given_up(schwab: LocalSchwab, make_source: MakeSource) -> None:
    async with listening(make_source()) as heard:
        await schwab.streaming()
        schwab.fall_silent()
        await heard.until(lambda: schwab.logins == 2)
        schwab.drop()
        await schwab.streaming()


async def test_heartbeats_alone_keep_a_connection(schwab: LocalSchwab, make_source: MakeSource) -> None:
    async with listening(make_source()) as heard:
        await schwab.streaming()
        began = time.monotonic()
        await heard.until(lambda: time.monotonic() - began > 2.0)
        assert (heard.source.state, heard.source.problem) == ("streaming", None)
    assert schwab.logins == 1


async def test_a_trouble_is_over_with_the_first_heartbeat_after_it(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    schwab.answers["/trader/v1/userPreference"] = [(503, {})]
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.source.problem is not None)
        await heard.until(lambda: heard.source.problem is None)
        assert heard.source.state == "streaming"


async def test_while_heartbeats_come_a_quiet_quote_is_repeated_byte_for_byte(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    await schwab.quote(FUTURES, "/ES", _3=6708.5)
    async with listening(make_source(repeat_s=0.2)) as heard:
        await heard.until(lambda: len(heard.events) >= 3)
        schwab.drop()
    assert len({event.to_json() for event in heard.events}) == 1


async def test_in_silence_nothing_is_repeated_so_that_another_source_stands_in_time(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    await schwab.quote(FUTURES, "/ES", _3=6708.5)
    async with listening(make_source(repeat_s=0.05)) as heard:
        await heard.until(lambda: len(heard.events) >= 3)
        schwab.fall_silent()
        fell_silent = time.monotonic()
        await heard.until(lambda: time.monotonic() - fell_silent > 0.3)  # what was on its way has come
        told = len(heard.events)
        await heard.until(lambda: heard.source.state != "streaming")
        assert len(heard.events) == told
        schwab.drop()


async def test_another_streamer_of_the_user_is_waited_out_and_not_hammered(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    schwab.elsewhere = True
    async with listening(make_source()) as heard:
        await heard.until(lambda: schwab.logins == 3)
        assert heard.source.problem is not None
        assert "(12)" in heard.source.problem
        schwab.elsewhere = False
        await schwab.streaming()
    waits = [after - before for before, after in zip(schwab.login_times, schwab.login_times[1:], strict=False)]
    assert min(waits) >= 0.14


async def test_a_denied_login_takes_a_fresh_token(schwab: LocalSchwab, make_source: MakeSource) -> None:
    schwab.login_codes = [3]
    async with listening(make_source()):
        await schwab.streaming()
    assert schwab.logins == 2
    assert schwab.calls["/v1/oauth/token"] == 1


async def test_a_login_that_stays_denied_waits_for_a_person(
    schwab: LocalSchwab, make_source: MakeSource, logged_in: FileTokenStore
) -> None:
    schwab.login_codes = [3] * 3
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.source.state == "login_needed")
        assert schwab.logins == 3
        logged_in.save(Tokens.from_login(schwab.issue(), time.time() + 1))
        await schwab.streaming()
    assert heard.source.problem is None


async def test_a_service_that_is_not_served_leaves_the_others_streaming(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    schwab.subs_codes = {CHART: [11]}
    await schwab.quote(FUTURES, "/ES", _3=6708.5)
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.newest("ES"))
        await schwab.quote(FUTURES, "/ES", _3=6709)
        await heard.until(lambda: heard.source.problem is not None)
        assert heard.source.problem == "Schwab does not serve CHART_FUTURES (11)."
    assert schwab.logins == 1


@pytest.mark.parametrize("code", [20, 21, 22, 30])
async def test_a_code_that_ends_a_stream_is_followed_by_another_one(
    schwab: LocalSchwab, make_source: MakeSource, code: int
) -> None:
    await schwab.quote(FUTURES, "/ES", _3=6708.5)
    async with listening(make_source()) as heard:
        await schwab.streaming()
        await schwab.tell_code(code)
        await heard.until(lambda: schwab.logins == 2)
        await schwab.streaming()


async def test_a_symbol_limit_is_told_of_and_keeps_what_is_streamed(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    schwab.subs_codes = {EQUITIES: [19]}
    async with listening(make_source(("AAPL",))) as heard:
        await schwab.streaming()
        await schwab.quote(FUTURES, "/ES", _3=6708.5)
        await heard.until(lambda: heard.newest("ES") and heard.source.problem)
        assert heard.source.problem == "Schwab does not serve LEVELONE_EQUITIES (19)."


async def test_an_unreadable_frame_is_answered_by_asking_for_everything_anew(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    await schwab.quote(FUTURES, "/ES", _1=6708.25, _3=6708.5)
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.newest("ES"))
        for session in schwab.sessions:
            session.told.clear()
        await schwab.send('{"data":[{"service":"LEVELONE_FUTURES","content":[{"key":"/ES","1":NaN')
        await schwab.quote(FUTURES, "/ES", _2=6709.0)
        await heard.until(lambda: heard.events[-1].ask == Decimal(6709))
    assert schwab.logins == 1
    assert heard.events[-1].bid == Decimal("6708.25")


async def test_an_access_token_that_expired_early_is_refreshed(schwab: LocalSchwab, make_source: MakeSource) -> None:
    schwab.expire_access()
    async with listening(make_source()):
        await schwab.streaming()
    assert schwab.calls["/v1/oauth/token"] == 1


async def test_an_expired_login_asks_nothing_more_of_schwab_until_somebody_logs_in(
    schwab: LocalSchwab, make_source: MakeSource, logged_in: FileTokenStore
) -> None:
    schwab.expire_login()
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.source.state == "login_needed")
        assert heard.source.problem is not None
        assert "run thor schwab login" in heard.source.problem
        asked = schwab.calls.total()
        began = time.monotonic()
        await heard.until(lambda: time.monotonic() - began > 0.5)
        assert schwab.calls.total() == asked
        logged_in.save(Tokens.from_login(schwab.issue(), time.time() + 1))
        await schwab.streaming()


async def test_seven_days_after_the_login_it_is_not_even_tried(
    schwab: LocalSchwab, make_source: MakeSource, logged_in: FileTokenStore
) -> None:
    logged_in.save(Tokens.from_login(schwab.issue(), time.time() - LOGIN_LASTS_S - 1))
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.source.state == "login_needed")
    assert schwab.calls.total() == 0


async def test_a_login_that_runs_out_soon_is_warned_about_while_it_streams(
    schwab: LocalSchwab, make_source: MakeSource, logged_in: FileTokenStore
) -> None:
    await schwab.quote(FUTURES, "/ES", _3=6708.5)
    logged_in.save(Tokens.from_login(schwab.issue(), time.time() - LOGIN_LASTS_S + 7_200))
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.newest("ES"))
        assert heard.source.problem == "The Schwab login expires in 2 h: run thor schwab login."


async def test_too_many_calls_are_waited_out_as_long_as_schwab_wishes(
    schwab: LocalSchwab, make_source: MakeSource
) -> None:
    schwab.answers["/trader/v1/userPreference"] = [(429, {"Retry-After": "1"})]
    async with listening(make_source()) as heard:
        await heard.until(lambda: heard.source.problem is not None)
        began = time.monotonic()
        await schwab.streaming()
        assert time.monotonic() - began > 0.5
    assert schwab.calls["/trader/v1/userPreference"] == 2


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_s_fault_is_tried_again(schwab: LocalSchwab, make_source: MakeSource, status: int) -> None:
    schwab.answers["/trader/v1/userPreference"] = [(status, {})] * 2
    async with listening(make_source()):
        await schwab.streaming()


async def test_one_look_goes_through_rest(schwab: LocalSchwab, make_source: MakeSource) -> None:
    schwab.rest_quotes["/ES"] = {
        "assetMainType": "FUTURE",
        "realtime": True,
        "symbol": "/ES",
        "quote": {"lastPrice": 6708.5, "bidPrice": 6708.25, "bidSize": 17, "totalVolume": 578740, "quoteTime": NOW_MS},
        "reference": {"futureActiveSymbol": "/ESZ25", "exchangeName": "CME"},
    }
    schwab.rest_quotes["AAPL"] = {
        "assetMainType": "EQUITY",
        "realtime": False,
        "quote": {"lastPrice": 271.5, "bidPrice": 271.49, "bidSize": 4, "52WeekHigh": 280.1},
    }
    async with listening(make_source(("AAPL", "ZZZZ"), once=True)) as heard:
        await heard.until(lambda: len(heard.events) == 2)
    future, stock = heard.newest("ES"), heard.newest("AAPL")
    assert future is not None
    assert (future.last, future.bid_size, future.venue, future.ts_us) == (
        Decimal("6708.5"),
        17,
        "CME",
        NOW_MS * 1_000,
    )
    assert meta(future)["contract"] == "ESZ25"
    assert stock is not None
    assert (stock.bid_size, meta(stock)["delayed"], meta(stock)["high52"]) == (None, True, Decimal("280.1"))
    assert "ZZZZ" in heard.source.unknown


async def test_one_look_without_a_login_says_what_to_do(schwab: LocalSchwab, make_source: MakeSource) -> None:
    schwab.expire_login()
    batches = make_source(once=True).batches()
    with pytest.raises(SourceError, match="run thor schwab login"):
        await anext(batches)


class Lease:
    """A lease that another one may hold."""

    def __init__(self) -> None:
        self.free = True
        self.released = False

    async def acquire(self) -> bool:
        return self.free

    async def release(self) -> None:
        self.released = True


async def test_the_lease_decides_who_streams(schwab: LocalSchwab, make_source: MakeSource) -> None:
    lease = Lease()
    lease.free = False
    async with listening(make_source(lease=lease)) as heard:
        await heard.until(lambda: heard.source.state == "standby")
        assert schwab.logins == 0
        lease.free = True
        await schwab.streaming()
        lease.free = False
        await heard.until(lambda: heard.source.state == "standby" and not schwab.sessions)
        lease.free = True
        await schwab.streaming()
    assert lease.released


async def test_no_secret_is_ever_logged(
    schwab: LocalSchwab, make_source: MakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="collectors")
    schwab.login_codes = [3, 12]
    schwab.answers["/trader/v1/userPreference"] = [(500, {}), (429, {"Retry-After": "1"})]
    async with listening(make_source()) as heard:
        await schwab.streaming()
        schwab.expire_login()
        schwab.drop()
        await heard.until(lambda: heard.source.state == "login_needed")
    assert caplog.text
    for secret in ("access-", "refresh-", "the-app-secret", "id-token"):
        assert secret not in caplog.text
