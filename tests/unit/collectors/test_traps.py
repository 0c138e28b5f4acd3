"""Traps that cost somebody a trading day, each by its name; those with a test elsewhere are not repeated here.

Signs and fractions of 32nds, error numbers, words in cells and the states of a real sheet are in test_cells.py and
test_grid.py; busy, closed and hung Excels in test_excel_live.py; symbols in test_symbols.py.
"""

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.grid import SheetReader, map_grid
from collectors.instruments import Instruments
from collectors.sources.com_simulation import simulate
from collectors.sources.excel_live import ExcelLiveSource
from collectors.sources.excel_recording import Player
from collectors.sources.excel_session import ExcelBusyError, ExcelSession
from collectors.sources.schwab.subscriptions import Subscriptions
from tests.unit.collectors.com_recordings import HEADERS, row, write_recording
from thor_fast import QuoteEvent, SchwabFrames, parse_batch

NOW_US = 1_764_194_400_000_000


def event(candidate: bytes) -> QuoteEvent:
    (found,), rejects = parse_batch([candidate])
    assert not rejects
    return found


def meta(found: QuoteEvent) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(found.meta or "{}", parse_float=Decimal)
    return document


def frame(service: str, *content: dict[str, Any]) -> bytes:
    return json.dumps({"data": [{"service": service, "content": list(content)}]}).encode()


@pytest.fixture
def frames(instruments: Instruments) -> SchwabFrames:
    return Subscriptions(instruments, ("AAPL", "ES", "$VIX")).new_frames()


def told(frames: SchwabFrames, service: str, **delta: Any) -> QuoteEvent:
    content = {name.removeprefix("_"): value for name, value in delta.items()}
    (candidate,) = frames.read(frame(service, content), NOW_US).candidates
    return event(candidate)


class CountingSession(ExcelSession):
    """An Excel that counts how often it is asked, and is busy after the first answers."""

    asked = 0
    attached = 0

    def __init__(self) -> None:
        CountingSession.attached += 1

    def read(self) -> Sequence[Sequence[object]]:
        CountingSession.asked += 1
        if CountingSession.asked > 3:
            raise ExcelBusyError("Excel is busy: a cell is being edited or a dialog is open.")
        return [HEADERS, row(Last=6_700.0 + CountingSession.asked)]


async def test_one_call_a_poll_one_attachment_for_all_and_nothing_told_as_fresh_while_excel_does_not_answer(
    instruments: Instruments, tmp_path: Path
) -> None:
    simulate(Player(write_recording(tmp_path / "com.jsonl", [[HEADERS]]), speed=None))
    CountingSession.asked = CountingSession.attached = 0
    source = ExcelLiveSource(CountingSession, instruments, poll_s=0.01, repeat_s=0.05)
    batches = source.batches()
    async with asyncio.timeout(20):
        first = [event((await anext(batches))[0]).last for _ in range(3)]
        waiting = asyncio.ensure_future(anext(batches))
        while source.problem is None:
            await asyncio.wait({waiting}, timeout=0.05)
        assert CountingSession.asked > 3
        if waiting.done():  # a repeat from before the trouble
            waiting = asyncio.ensure_future(anext(batches))
        done, _ = await asyncio.wait({waiting}, timeout=0.5)
        assert not done
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await batches.aclose()
    assert first == [Decimal(6701), Decimal(6702), Decimal(6703)]
    assert CountingSession.attached == 1


def test_column_zero_is_a_column(instruments: Instruments) -> None:
    (found,) = map_grid([["Last", "Symbol", "Bid"], [6708.5, "ES", 6708.25]], instruments, source="TOS").rows
    assert event(found.candidate(NOW_US)).last == Decimal("6708.5")


def test_zero_is_a_size(instruments: Instruments) -> None:
    (found,) = map_grid([[*HEADERS], row(BidSize=0)], instruments, source="TOS").rows
    assert event(found.candidate(NOW_US)).bid_size == 0


def test_the_account_figures_under_the_table_are_no_quotes(instruments: Instruments) -> None:
    junk: list[list[object]] = [
        ["Quotes"],
        ["Symbol", "Last", "Bid"],
        ["CGC", 1.2, 1.1],
        ["Net liq", 105_000.0],
        [12345.67],
    ]
    assert len(map_grid([[*HEADERS], row(), *junk], instruments, source="TOS").rows) == 1


def test_a_row_that_was_there_and_now_says_nothing_yet_is_no_price_of_before(instruments: Instruments) -> None:
    reader = SheetReader(instruments, source="TOS")
    assert len(reader.read([[*HEADERS], row()]).rows) == 1
    assert reader.read([[*HEADERS], ["ES", *["loading"] * 11]]).rows == ()


def test_a_receive_stamped_event_has_no_sequence_of_ours(instruments: Instruments) -> None:
    (found,) = map_grid([[*HEADERS], row()], instruments, source="TOS").rows
    assert event(found.candidate(NOW_US)).seq is None


def test_the_volume_is_never_taken_from_the_last_size(frames: SchwabFrames) -> None:
    found = told(frames, "LEVELONE_FUTURES", key="/ES", _3=6708.5, _9=4)
    assert (found.last_size, "volume" in meta(found)) == (4, False)


def test_a_delta_without_a_volume_keeps_it_and_null_is_no_news(frames: SchwabFrames) -> None:
    told(frames, "LEVELONE_FUTURES", key="/ES", _3=6708.5, _8=578740)
    assert meta(told(frames, "LEVELONE_FUTURES", key="/ES", _3=6708.75, _8=None))["volume"] == 578740


def test_a_future_s_field_ten_is_a_time_and_a_stock_s_a_price(frames: SchwabFrames) -> None:
    future = told(frames, "LEVELONE_FUTURES", key="/ES", _3=6708.5, _10=1_764_194_400_123)
    stock = told(frames, "LEVELONE_EQUITIES", key="AAPL", _3=271.5, _10=272.25)
    assert (future.ts_us, "high" in meta(future)) == (1_764_194_400_123_000, False)
    assert (stock.ts_us, meta(stock)["high"]) == (NOW_US, Decimal("272.25"))


def test_a_future_s_change_is_a_ratio_and_a_stock_s_in_percent(frames: SchwabFrames) -> None:
    future = told(frames, "LEVELONE_FUTURES", key="/ES", _3=6708.5, _19=-12.75, _20=-0.0019)
    stock = told(frames, "LEVELONE_EQUITIES", key="AAPL", _3=271.5, _18=1.35, _42=0.5)
    assert (meta(future)["changePercent"], meta(stock)["changePercent"]) == (Decimal("-0.19"), Decimal("0.5"))


def test_a_stock_s_book_is_in_lots_of_a_hundred_and_its_last_size_in_shares(frames: SchwabFrames) -> None:
    stock = told(frames, "LEVELONE_EQUITIES", key="AAPL", _1=271.49, _2=271.51, _3=271.5, _4=4, _5=7, _9=31)
    assert (stock.bid_size, stock.ask_size, stock.last_size) == (400, 700, 31)


def test_eversource_never_overwrites_the_e_mini(frames: SchwabFrames) -> None:
    future = told(frames, "LEVELONE_FUTURES", key="/ES", _3=6708.5)
    stock = told(frames, "LEVELONE_EQUITIES", key="ES", _3=61.2)
    assert (future.symbol, stock.symbol) == ("ES", "ES.US")


def test_an_index_that_streams_no_last_has_its_mark(frames: SchwabFrames) -> None:
    assert told(frames, "LEVELONE_EQUITIES", key="$VIX", _3=0, _33=17.31).last == Decimal("17.31")


def test_a_change_of_zero_beside_no_last_is_no_change(frames: SchwabFrames) -> None:
    found = told(frames, "LEVELONE_FUTURES", key="/NQ", _1=25_345.0, _3=0, _19=0, _20=0, _18=0)
    assert (found.last, meta(found)) == (None, {"precision": 2})


def test_the_bond_is_a_plain_decimal_at_schwab_and_text_at_thinkorswim_and_the_same_price(
    instruments: Instruments, frames: SchwabFrames
) -> None:
    schwab = told(frames, "LEVELONE_FUTURES", key="/ZB", _3=118.3125)
    grid: list[list[object]] = [[*HEADERS], row(Symbol="ZB", Last="118'10", Bid="118'09", Ask="118'10")]
    (excel,) = map_grid(grid, instruments, source="TOS").rows
    assert schwab.last == event(excel.candidate(NOW_US)).last == Decimal("118.3125")


def test_vx_and_dx_are_never_asked_of_schwab(instruments: Instruments) -> None:
    keys = Subscriptions(instruments).keys["LEVELONE_FUTURES"]
    assert keys == ["/YM", "/ES", "/NQ", "/RTY", "/CL", "/SI", "/HG", "/GC", "/ZB"]
    assert {instruments[symbol].preferred for symbol in ("VX", "DX")} == {"TOS"}
