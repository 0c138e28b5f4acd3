"""Quality of stored ticks: what is doubtful is flagged and reported, left out where asked, and never altered."""

from datetime import date
from typing import Any

from tests.integration.live import event
from thor_fast import QUALITY_CHECKS, parse_batch
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thordata.export import run_export
from thor_web.thordata.lake import query
from thor_web.thordata.quality import check_lake
from thor_web.thordata.services.lake_files import partition_path, read_ticks
from thor_web.thordata.services.tick_store import TickStore

TUESDAY = date(2025, 6, 10)


def at(second: int, seq: int, **fields: Any) -> bytes:
    values = {"last": 4800 + 0.25 * (second % 2), "bid": 4799.75, "ask": 4800.25} | fields
    return event(seq, ts=f"2025-06-10T12:{second // 60:02}:{second % 60:02}Z", **values)


async def exported(settings: ServerSettings) -> None:
    """One tick a second for two minutes, some of them doubtful, then silence, and one after the close."""
    doubtful = {
        10: {"bid": 4801.0},  # crossed
        20: {"bid": 4800.25},  # locked
        30: {"last": 4800.1},  # off its tick
        40: {"last": 9_000.0},  # an outlier
        50: {"ask": 0, "bid": -1.0},  # zero
    }
    events = [at(second, second, **doubtful.get(second, {})) for second in range(1, 121)]
    events += [at(60, 1_000, last=4800.0), at(61, 2)]  # a repetition at one instant; a lower number, and again
    events.append(event(5_000, ts="2025-06-10T21:30:00Z"))  # belongs to Wednesday, in the hour of rest
    session = await TickStore.connect(settings.conninfo())
    await session.store("quotes:stream:TOS", parse_batch(events)[0], (1, 0))
    await session.close()
    for day in (TUESDAY, date(2025, 6, 11)):
        run_export(settings, trade_date=day)


async def test_each_doubt_is_counted(server_settings: ServerSettings) -> None:
    await exported(server_settings)
    before = read_ticks(partition_path(server_settings.lake_folder(), TUESDAY, "ES")).digest()
    tuesday, wednesday = check_lake(server_settings)
    assert (tuesday.symbol, tuesday.rows, list(tuesday.counts)) == ("ES", 122, list(QUALITY_CHECKS))
    assert tuesday.counts == {
        "gap": 2,
        "duplicate": 2,
        "out_of_order": 1,
        "crossed": 1,
        "locked": 1,
        "off_tick": 1,
        "outlier": 1,
        "stale_run": 0,
        "zero_price": 1,
        "session_leak": 0,
    }
    assert [(start.isoformat(), end.isoformat()) for start, end in tuesday.gaps] == [
        ("2025-06-09T22:00:00+00:00", "2025-06-10T12:00:01+00:00"),
        ("2025-06-10T12:02:00+00:00", "2025-06-10T21:00:00+00:00"),
    ]
    assert wednesday.counts["session_leak"] == 1
    assert read_ticks(partition_path(server_settings.lake_folder(), TUESDAY, "ES")).digest() == before


async def test_the_cleaned_view_leaves_out_what_a_check_spoils(server_settings: ServerSettings, client: Any) -> None:
    await exported(server_settings)
    clean = "SELECT list(seq ORDER BY ts, seq) FROM ticks_clean"
    # What was never checked is not called clean.
    assert query(server_settings, clean)[1] == [(None,)]
    list(check_lake(server_settings))
    spoiled = {10, 30, 40, 50, 61, 1_000, 5_000}
    expected = [seq for seq in (*range(1, 61), 2, *range(61, 121)) if seq not in spoiled]
    ((found,),) = query(server_settings, clean)[1]
    assert sorted(found) == sorted(expected)
    span = {"symbol": "ES", "start": "2025-06-09T00:00:00Z", "end": "2025-06-12T00:00:00Z"}
    items = (await client.get("/ticks", params=span | {"clean": "true"})).json()["items"]
    assert sorted(item["seq"] for item in items) == sorted(expected)
    page = (await client.get("/ticks", params=span | {"clean": "true", "limit": 5})).json()
    assert [item["seq"] for item in page["items"]] == [1, 2, 3, 4, 5]
    # Rows that are stored anew have not been checked.
    run_export(server_settings, trade_date=TUESDAY, rewrite=True)
    assert query(server_settings, clean)[1] == [(None,)]


async def test_reports_are_kept_and_shown(server_settings: ServerSettings, client: Any) -> None:
    await exported(server_settings)
    for _ in range(2):
        list(check_lake(server_settings))
    first = (await client.get("/quality", params={"limit": 1})).json()
    (wednesday,) = first["items"]
    assert (wednesday["trade_date"], wednesday["rows"], wednesday["counts"]["session_leak"]) == ("2025-06-11", 1, 1)
    (tuesday,) = (await client.get("/quality", params={"limit": 1, "cursor": first["next"]})).json()["items"]
    assert (tuesday["trade_date"], tuesday["counts"]["outlier"]) == ("2025-06-10", 1)
    assert tuesday["gaps"][1] == ["2025-06-10T12:02:00Z", "2025-06-10T21:00:00Z"]
    assert (await client.get("/quality", params={"symbol": "YM"})).json() == {"items": [], "next": None}
