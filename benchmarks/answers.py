"""Quality checks over columns in memory, and history over HTTP from a server to a data frame."""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Final

import httpx
import polars as pl
import pyarrow as pa

from benchmarks.measure import Measured
from benchmarks.stores import FIRST_DAY, environment, in_turns, made_ticks, stores
from thor_fast import Quality, check_quality
from thor_web.runtime.composition import thor_command
from thor_web.thordata.export import run_export
from thor_web.thordata.services.tick_store import TickStore

__all__ = ["over_http", "quality"]

ROWS: Final = 5_000_000
THREADS: Final = 2
TICKS: Final = 200_000
PAGE: Final = 50_000


def quality() -> list[Measured]:
    """Ten checks over ten million rows in two tables on two threads, beside eight of them as Polars expressions."""
    tables = [pa.table(made_ticks(symbol, FIRST_DAY, ROWS)).combine_chunks() for symbol in ("ES", "NQ")]
    open_us = [(0, 1 << 62)]

    def check(table: pa.Table) -> Quality:
        return check_quality(
            table, open_us, tick_nanos=250_000_000, gap_us=60_000_000, stale_us=60_000_000, outlier_factor=50
        )

    frames = [pl.DataFrame(table) for table in tables]
    expected = [_polars(frame) for frame in frames]
    names = ("crossed", "locked", "zero_price", "out_of_order")
    assert [[check(table).counts[name] for name in names] for table in tables] == expected
    with ThreadPoolExecutor(THREADS) as pool:
        works: list[Callable[[], object]] = [
            lambda: list(pool.map(check, tables)),
            lambda: [_polars(frame) for frame in frames],
        ]
        thor, polars = (seconds * 1e9 / (ROWS * len(tables)) for seconds in in_turns(works))
    return [Measured("quality-checks", thor, polars, "eight checks in Polars", "ns a row")]


def _polars(frame: pl.DataFrame) -> list[int]:
    last, bid, ask = (pl.col(name) for name in ("last", "bid", "ask"))
    counts = frame.lazy().select(
        crossed=(bid > ask).sum(),
        locked=(bid == ask).sum(),
        zero=((last == 0) | (bid == 0) | (ask == 0)).sum(),
        out_of_order=(pl.col("seq").diff() < 0).sum(),
        missing=(last.is_null() | bid.is_null() | ask.is_null()).sum(),
        gap=(pl.col("ts").diff() > timedelta(minutes=1)).sum(),
        duplicate=((pl.col("ts").diff() == timedelta(0)) & (last.diff() == 0)).sum(),
        jump=(last.diff().abs() > 100).sum(),
    )
    return list(counts.collect().row(0)[:4])


def over_http() -> list[Measured]:
    """200,000 ticks from a server of its own to a data frame: one Arrow stream, and pages of JSON rows."""
    with stores() as running:
        ticks = made_ticks("ES", FIRST_DAY, TICKS)

        async def store() -> None:
            session = await TickStore.connect(running.conninfo)
            await session.store("quotes:stream:TOS", ticks.to_events(), (1, 0))
            await session.close()

        asyncio.run(store())
        run_export(running.settings, trade_date=FIRST_DAY)
        port = 18_000 + os.getpid() % 1_000
        server = subprocess.Popen(
            thor_command("web", "--port", str(port)), env=environment(running.settings), stderr=subprocess.DEVNULL
        )
        url = f"http://127.0.0.1:{port}/api/thordata/ticks"
        span = {"symbol": "ES", "start": "2025-06-08T00:00:00Z", "end": "2025-06-11T00:00:00Z"}
        try:
            with httpx.Client(timeout=60) as client:
                _wait(client, f"http://127.0.0.1:{port}/healthz")
                both = in_turns([lambda: _arrow(client, url, span), lambda: _json(client, url, span)])
                thor, rows = (seconds * 1_000 for seconds in both)
        finally:
            server.terminate()
            server.wait()
    return [Measured("history-arrow-json", thor, rows, "JSON rows", "ms")]


def _wait(client: httpx.Client, url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if client.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError("the server did not start")


def _arrow(client: httpx.Client, url: str, span: dict[str, str]) -> pl.DataFrame:
    accept = {"Accept": "application/vnd.apache.arrow.stream; codecs=lz4"}
    answer = client.get(url, params=span | {"limit": str(TICKS)}, headers=accept)
    frame = pl.DataFrame(pa.ipc.open_stream(answer.content).read_all())
    assert len(frame) == TICKS
    return frame


def _json(client: httpx.Client, url: str, span: dict[str, str]) -> pl.DataFrame:
    items: list[dict[str, object]] = []
    cursor = ""
    while True:
        page = client.get(url, params=span | {"limit": str(PAGE), "cursor": cursor}).json()
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    frame = pl.DataFrame(items, infer_schema_length=None)
    assert len(frame) == TICKS
    return frame
