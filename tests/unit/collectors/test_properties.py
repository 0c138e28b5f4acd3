"""What holds for every input: order and count in the spool, one field changed by a rename, grids that never raise."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from collectors.grid import GridError, map_grid
from collectors.instruments import Instruments
from collectors.sources.recording import rename_source
from collectors.spool import Spool, Spooled
from thor_fast import QuoteBatch, QuoteEvent, parse_batch

OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["put", "take", "restart"]), st.integers(min_value=1, max_value=260)), max_size=25
)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just("source"), inner, max_size=4),
    max_leaves=12,
)
CELLS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        ["ES", "N/A", "#N/A", "118'27", "+0'14", "0'00", "118'40", "1,234", "0.5%", 0, 6708.25, -2146826246]
    )
)
FULL_HEADERS: list[str | None] = ["Symbol", "Last", "Bid", "Ask", "BidSize", "NetChange", "Volume", "24High", "Close"]
HEADERS = st.sampled_from([*FULL_HEADERS, "", None])
SYMBOL = st.sampled_from(["ES", "$DXY", "ZB", "/CL:XNYM"]).map(lambda symbol: [symbol])


@given(OPERATIONS)
def test_a_spool_is_a_queue_that_survives_restarts(operations: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "TOS"
        spool = Spool(memory_events=100, disk_bytes=1 << 20, folder=folder)
        spool.open()
        put = taken = 0
        for operation, count in operations:
            if operation == "put":
                events = [QuoteEvent(symbol="ES", ts_us=0, source="TOS", seq=put + at) for at in range(count)]
                spool.put([Spooled("TOS", QuoteBatch.from_events(events), put)])
                put += count
            elif operation == "take":
                for item in spool.take(count):
                    assert [event.seq for event in item.events] == list(range(taken, taken + len(item)))
                    assert item.source == "TOS"
                    taken += len(item)
            else:
                assert spool.close() == 0
                spool = Spool(memory_events=100, disk_bytes=1 << 20, folder=folder)
                spool.open()
            assert len(spool) == put - taken
        spool.close()
        assert spool.dropped == 0


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=5), st.text(), st.booleans(), st.sampled_from([None, 1]))
def test_a_rename_changes_the_event_s_source_and_nothing_else(
    others: dict[str, Any], source: str, escaped: bool, indent: int | None
) -> None:
    event = others | {"source": source}
    line = json.dumps(event, ensure_ascii=escaped, indent=indent).encode()
    assert json.loads(rename_source(line, "PAPER")) == event | {"source": "PAPER"}


@given(st.binary() | st.text().map(str.encode))
def test_a_rename_of_anything_at_all_never_raises(line: bytes) -> None:
    rename_source(line, "PAPER")


@given(
    st.lists(HEADERS, max_size=10) | st.just(FULL_HEADERS),
    st.lists(st.lists(CELLS, max_size=10) | st.builds(list.__add__, SYMBOL, st.lists(CELLS, max_size=10)), max_size=6),
)
def test_no_sheet_whatever_its_cells_stops_a_reading(
    instruments: Instruments, headers: list[str | None], rows: list[list[object]]
) -> None:
    try:
        reading = map_grid([headers, *rows], instruments, source="TOS")
    except GridError:
        return
    events, rejects = parse_batch(reading.candidates(1_764_169_200_000_000))
    assert len(events) + len(rejects) == len(reading.rows)
    assert {reject.code for reject in rejects} <= {"bad_type", "out_of_range"}
    assert set(events.symbols()) <= set(instruments.symbols)
