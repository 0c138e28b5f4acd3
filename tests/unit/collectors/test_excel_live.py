"""excel_live through the real xlwings code over a simulated Excel (collectors/sources/com_simulation.py).

Nothing here is a real Excel: the simulation answers what a recording holds, errors included.
"""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.instruments import Instruments
from collectors.sources import excel_live
from collectors.sources.base import CollectSpec, SourceError, UnknownSourceError
from collectors.sources.com_simulation import simulate
from collectors.sources.excel_live import ExcelLiveSource
from collectors.sources.excel_recording import ComRecording, Player
from collectors.sources.excel_session import (
    ExcelBusyError,
    ExcelGoneError,
    ExcelSession,
    ExcelTarget,
    WorkbookNotOpenError,
)
from tests.unit.collectors.com_recordings import BUSY, GONE, HEADERS, STARTS_US, row, write_recording
from thor_fast import QuoteEvent, parse_batch

TARGET = ExcelTarget("RTD_TOS.xlsm", "LiveData", "A1:M20")


def sheet(**cells: object) -> list[list[object]]:
    return [[*HEADERS], row(**cells)]


async def told(source: ExcelLiveSource) -> list[QuoteEvent]:
    """Every event until the source ends."""
    events: list[QuoteEvent] = []
    async with asyncio.timeout(20):
        async for candidates in source.batches():
            batch, rejects = parse_batch(candidates)
            assert not rejects
            events.extend(batch)
    return events


@pytest.fixture
def replay(tmp_path: Path, instruments: Instruments) -> Callable[[Sequence[Any]], ExcelLiveSource]:
    def make(reads: Sequence[Any]) -> ExcelLiveSource:
        recording = write_recording(tmp_path / "com.jsonl", reads)
        spec = CollectSpec("excel_live", replay_com=recording, speed=None)
        return excel_live.create(spec, instruments)

    return make


async def test_each_change_is_told_once_with_the_time_it_was_read(
    replay: Callable[[Sequence[Any]], ExcelLiveSource],
) -> None:
    events = await told(replay([sheet(), sheet(), sheet(Last=6709.0), sheet(Last=6709.0), sheet()]))
    assert [event.last for event in events] == [Decimal("6708.5"), Decimal(6709), Decimal("6708.5")]
    assert [event.ts_us - STARTS_US for event in events] == [0, 400_000, 800_000]
    assert {event.source for event in events} == {"TOS"}


async def test_a_row_that_is_read_otherwise_but_says_the_same_is_no_change(
    replay: Callable[[Sequence[Any]], ExcelLiveSource],
) -> None:
    assert len(await told(replay([sheet(), sheet(Last="6,708.5"), sheet(Volume="578,740")]))) == 1


async def test_a_busy_excel_is_waited_for(replay: Callable[[Sequence[Any]], ExcelLiveSource]) -> None:
    source = replay([sheet(), *[BUSY] * 3, sheet(Last=6709.0)])
    assert [event.last for event in await told(source)] == [Decimal("6708.5"), Decimal(6709)]
    assert source.problem is None


async def test_an_excel_that_was_closed_is_found_again_and_tells_its_sheet_anew(
    replay: Callable[[Sequence[Any]], ExcelLiveSource],
) -> None:
    source = replay([sheet(), GONE, sheet()])
    assert [event.ts_us - STARTS_US for event in await told(source)] == [0, 400_000]


async def test_com_errors_in_cells_are_no_prices(replay: Callable[[Sequence[Any]], ExcelLiveSource]) -> None:
    (event,) = await told(replay([sheet(Last=-2146826246, NetChange=-2146826273, Open=-2146826259)]))
    assert (event.last, event.bid) == (None, Decimal("6708.25"))
    assert not {"netChange", "open"} & json.loads(event.meta or "{}").keys()


async def test_a_sheet_that_lost_its_headers_is_told_of_and_read_again_when_they_are_back(
    replay: Callable[[Sequence[Any]], ExcelLiveSource],
) -> None:
    source = replay([sheet(), [["#N/A"] * 12], sheet(Last=6709.0)])
    assert len(await told(source)) == 2
    assert source.problem is None


async def test_columns_that_move_while_it_runs_are_followed(
    replay: Callable[[Sequence[Any]], ExcelLiveSource],
) -> None:
    moved = [[None, *line[::-1]] for line in sheet(Last=6709.0)]
    events = await told(replay([sheet(), moved]))
    assert (events[1].last, events[1].bid) == (Decimal(6709), Decimal("6708.25"))


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(0, id="2025-11-26 trading"),
        pytest.param(1, id="2025-12-02 after the daily reset"),
        pytest.param(2, id="third state"),
    ],
)
async def test_every_state_of_a_real_sheet_is_read_alike_through_excel_and_as_a_grid(
    replay: Callable[[Sequence[Any]], ExcelLiveSource],
    instruments: Instruments,
    sheet_states: list[dict[str, Any]],
    state: int,
) -> None:
    from collectors.grid import map_grid

    grid = sheet_states[state]["grid"]
    wanted, _ = parse_batch(map_grid(grid, instruments, source="TOS").candidates(STARTS_US))
    assert [event.to_json() for event in await told(replay([grid]))] == wanted.to_json()


def test_xlwings_is_made_to_try_once(tmp_path: Path) -> None:
    simulate(Player(write_recording(tmp_path / "com.jsonl", [sheet()]), speed=None))
    ExcelSession.attach(TARGET)
    windows: Any = sys.modules["xlwings._xlwindows"]
    assert windows.N_COM_ATTEMPTS == 1


EXIT_PROGRAM = """
import subprocess, sys
from pathlib import Path
from collectors.sources.com_simulation import simulate
from collectors.sources.excel_recording import Player
from collectors.sources.excel_session import ExcelSession, ExcelTarget

subprocess.CREATE_NO_WINDOW = 0
simulate(Player(Path(sys.argv[1]), speed=None))
subprocess.run = lambda *arguments, **options: print("looked for an Excel to kill", flush=True)
if sys.argv[2] == "attach":
    ExcelSession.attach(ExcelTarget("RTD_TOS.xlsm", "LiveData", "A1:M20"))
"""


@pytest.mark.parametrize(("deed", "looked"), [("attach", False), ("nothing", True)])
def test_no_excel_is_killed_at_the_end_as_xlwings_alone_would(tmp_path: Path, deed: str, looked: bool) -> None:
    recording = write_recording(tmp_path / "com.jsonl", [sheet()])
    ended = subprocess.run(
        [sys.executable, "-c", EXIT_PROGRAM, recording, deed], capture_output=True, text=True, check=True
    )
    assert ("looked for an Excel to kill" in ended.stdout) is looked


def test_the_throttle_is_set_where_asked_for_and_only_there(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / "com.jsonl", [sheet()])
    simulate(Player(recording, speed=None))
    assert ExcelSession.attach(TARGET).throttle_ms() == 2000
    faster = ExcelTarget("RTD_TOS.xlsm", "LiveData", "A1:M20", throttle_ms=100)
    assert ExcelSession.attach(faster).throttle_ms() == 100


@pytest.mark.parametrize(
    ("workbook", "found"),
    [
        ("RTD_TOS.xlsm", True),
        ("rtd_tos.XLSM", True),
        (r"c:\quotes\rtd_tos.xlsm", True),
        ("C:/quotes/RTD_TOS.xlsm", True),
        (r"D:\quotes\RTD_TOS.xlsm", False),
        ("Other.xlsx", False),
    ],
)
def test_a_workbook_is_found_by_name_or_by_its_whole_path(tmp_path: Path, workbook: str, found: bool) -> None:
    simulate(Player(write_recording(tmp_path / "com.jsonl", [sheet()]), speed=None))
    target = ExcelTarget(workbook, None, "A1:M20")
    if found:
        assert ExcelSession.attach(target).read()[1][0] == "ES"
    else:
        with pytest.raises(WorkbookNotOpenError):
            ExcelSession.attach(target)


def test_a_sheet_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    simulate(Player(write_recording(tmp_path / "com.jsonl", [sheet()]), speed=None))
    with pytest.raises(SourceError, match="no sheet 'Quotes'; it has LiveData"):
        ExcelSession.attach(ExcelTarget("RTD_TOS.xlsm", "Quotes", "A1:M20"))


def test_a_recording_of_a_recording_is_the_same(tmp_path: Path) -> None:
    grid = [[*HEADERS, "Note"], [*row(Last=-2146826246, High=None), True]]
    first = write_recording(tmp_path / "first.jsonl", [grid, grid, BUSY, GONE, sheet()])
    simulate(Player(first, speed=None))
    recording = ComRecording(tmp_path / "second.jsonl", TARGET)
    seen: list[object] = []
    for _ in range(5):
        session = recording.listen(ExcelSession.attach(TARGET))
        try:
            seen.append(session.read())
        except (ExcelBusyError, ExcelGoneError) as error:
            seen.append(type(error).__name__)
    again = Player(tmp_path / "second.jsonl", speed=None)
    assert again.excel == "16.0"
    frames = [again.read() for _ in range(4)]
    assert [frame.rows if frame.rows is not None else (frame.hresult, frame.gone) for frame in frames] == [
        seen[0],
        (-2147418111, False),
        (-2147023174, True),
        seen[4],
    ]


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "nonsense", '{"format":"thor-com","version":2}', '{"format":"thor-com","version":1}']
)
def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path: Path, instruments: Instruments, content: str) -> None:
    path = tmp_path / "com.jsonl"
    path.write_text(content)
    with pytest.raises(SourceError, match="recording"):
        excel_live.create(CollectSpec("excel_live", replay_com=path), instruments)


class HungSession(ExcelSession):
    """An Excel that takes the call and never answers, until it is let go."""

    def __init__(self, let_go: threading.Event) -> None:
        self._let_go = let_go

    def read(self) -> Sequence[Sequence[object]]:
        self._let_go.wait(20)
        return sheet(Last=1.0)


class SteadySession(ExcelSession):
    """An Excel on which nothing changes."""

    def __init__(self) -> None:
        pass

    def read(self) -> Sequence[Sequence[object]]:
        return sheet()


@pytest.fixture
def _simulated(tmp_path: Path) -> None:
    simulate(Player(write_recording(tmp_path / "simulated.jsonl", [sheet()]), speed=None))


@pytest.mark.usefixtures("_simulated")
async def test_a_hung_excel_is_left_behind_and_attached_to_anew(instruments: Instruments) -> None:
    let_go = threading.Event()
    sessions = iter([HungSession(let_go), SteadySession()])
    source = ExcelLiveSource(lambda: next(sessions), instruments, watchdog_s=0.2, poll_s=0.01)
    batches = source.batches()
    async with asyncio.timeout(10):
        candidates = await anext(batches)
        let_go.set()
        await batches.aclose()
    assert parse_batch(candidates)[0][0].last == Decimal("6708.5")


class MovingSession(ExcelSession):
    """An Excel on which ES moves for so many reads and then stands still; ZB never moves."""

    def __init__(self, moves: int) -> None:
        self.reads = 0
        self._moves = moves

    def read(self) -> Sequence[Sequence[object]]:
        self.reads += 1
        return [[*HEADERS], row(Last=6_700.0 + min(self.reads, self._moves)), row(Symbol="ZB", Last="118'10")]


@pytest.mark.usefixtures("_simulated")
async def test_a_row_at_rest_is_repeated_byte_for_byte_beside_one_that_moves(instruments: Instruments) -> None:
    source = ExcelLiveSource(lambda: MovingSession(10_000), instruments, repeat_s=0.05, poll_s=0.01)
    batches = source.batches()
    bonds: list[bytes] = []
    async with asyncio.timeout(10):
        while len(bonds) < 3:
            bonds += [candidate for candidate in await anext(batches) if b'"ZB"' in candidate]
        await batches.aclose()
    assert len(set(bonds)) == 1


@pytest.mark.usefixtures("_simulated")
async def test_a_sheet_on_which_nothing_moves_is_not_vouched_for(instruments: Instruments) -> None:
    session = MovingSession(3)
    source = ExcelLiveSource(lambda: session, instruments, repeat_s=0.01, poll_s=0.01)
    batches = source.batches()
    newest = b""
    async with asyncio.timeout(20):
        while b'"last":6703' not in newest:
            newest = (await anext(batches))[0]
        waiting = asyncio.ensure_future(anext(batches))
        while session.reads < 50:
            await asyncio.wait({waiting}, timeout=0.05)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await batches.aclose()


class AppleEventError(Exception):
    """As appscript's CommandError, which macOS has in COM's place."""

    def __init__(self, errornumber: int) -> None:
        self.errornumber = errornumber


class AppleCells:
    """Cells whose reading fails with that number."""

    def __init__(self, errornumber: int) -> None:
        self._errornumber = errornumber

    @property
    def raw_value(self) -> object:
        raise AppleEventError(self._errornumber)


@pytest.mark.parametrize(
    ("number", "told"),
    [(-1712, ExcelBusyError), (-600, ExcelGoneError), (-609, ExcelGoneError), (-1728, ExcelGoneError),
     (-1743, SourceError)],
)  # fmt: skip
def test_an_error_of_macos_means_what_com_s_would(number: int, told: type[Exception]) -> None:
    with pytest.raises(told):
        ExcelSession(None, AppleCells(number)).read()


def closed() -> ExcelSession:
    raise WorkbookNotOpenError("The workbook book.xlsx is not open in Excel.")


@pytest.mark.usefixtures("_simulated")
async def test_a_closed_workbook_is_a_problem_and_gives_no_events_even_where_it_need_not_be_open(
    instruments: Instruments, make_workbook: Callable[..., Path]
) -> None:
    workbook = make_workbook({"LiveData": sheet()})
    saved = excel_live._saved(workbook, ExcelTarget(str(workbook), None, "A1:P40"), instruments)
    source = ExcelLiveSource(closed, instruments, saved=saved)
    batches = source.batches()
    waiting = asyncio.ensure_future(anext(batches))
    async with asyncio.timeout(10):
        while source.problem is None:
            await asyncio.wait({waiting}, timeout=0.05)
    assert "not open in Excel" in source.problem
    assert "stale, and no events" in source.problem
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await batches.aclose()


@pytest.mark.usefixtures("_simulated")
async def test_one_look_at_a_closed_workbook_gives_its_saved_values_as_stale(
    instruments: Instruments, make_workbook: Callable[..., Path]
) -> None:
    workbook = make_workbook({"LiveData": sheet()})
    saved = excel_live._saved(workbook, ExcelTarget(str(workbook), None, "A1:P40"), instruments)
    batches = ExcelLiveSource(closed, instruments, saved=saved, once=True).batches()
    async with asyncio.timeout(10):
        candidates = await anext(batches)
        await batches.aclose()
    event = parse_batch(candidates)[0][0]
    assert json.loads(event.meta or "{}")["stale"] is True
    assert event.ts_us == workbook.stat().st_mtime_ns // 1_000


def test_the_workbook_must_be_named(instruments: Instruments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXCEL_DATA_FILE", raising=False)
    with pytest.raises(UnknownSourceError, match="EXCEL_DATA_FILE"):
        excel_live.create(CollectSpec("excel_live"), instruments)
