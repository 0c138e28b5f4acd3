"""A recording told again: in its own time, faster, at once, and under another name."""

from pathlib import Path
from typing import Protocol

import pytest

from collectors.instruments import Instruments
from collectors.sources import replay
from collectors.sources.base import CollectSpec, SourceError, UnknownSourceError
from collectors.sources.replay import ReplaySource
from thor_fast import parse_batch, register_source


class Clock(Protocol):
    now: float
    slept: list[float]

    def __call__(self) -> float: ...
    async def sleep(self, seconds: float) -> None: ...


def event(second: float, bid: float = 4810.0) -> bytes:
    return (
        f'{{"v":1,"symbol":"ES","ts":{1_703_541_600_000 + round(second * 1000)},"source":"TOS",'
        f'"last":null,"bid":{bid},"ask":null,"lastSize":null,"bidSize":1,"askSize":null}}'
    ).encode()


def write(tmp_path: Path, lines: list[bytes]) -> Path:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(lines))
    return path


async def tell(source: ReplaySource, clock: Clock) -> list[tuple[float, bytes]]:
    """Every line with the time it was told, counted from the start."""
    start = clock.now
    return [(round(clock.now - start, 6), line) async for batch in source.batches() for line in batch]


async def test_at_recorded_speed_events_keep_their_distances(tmp_path: Path, clock: Clock) -> None:
    lines = [event(0), event(0.5), event(0.5, 4811), event(3)]
    source = ReplaySource(write(tmp_path, lines), speed=1.0, clock_s=clock, sleep=clock.sleep)
    assert await tell(source, clock) == list(zip([0, 0.5, 0.5, 3], lines, strict=True))


async def test_a_speed_of_ten_is_ten_times_as_fast(tmp_path: Path, clock: Clock) -> None:
    lines = [event(0), event(5), event(20)]
    source = ReplaySource(write(tmp_path, lines), speed=10.0, clock_s=clock, sleep=clock.sleep)
    assert [moment for moment, _ in await tell(source, clock)] == [0, 0.5, 2]


async def test_the_pace_holds_beyond_one_batch(tmp_path: Path, clock: Clock) -> None:
    lines = [event(number / 100) for number in range(1_500)]
    source = ReplaySource(write(tmp_path, lines), speed=1.0, clock_s=clock, sleep=clock.sleep)
    told = await tell(source, clock)
    assert [line for _, line in told] == lines
    assert told[-1][0] == pytest.approx(14.99, abs=1e-6)


async def test_as_fast_as_possible_never_waits(tmp_path: Path, clock: Clock) -> None:
    lines = [event(number * 60) for number in range(1_200)]
    source = ReplaySource(write(tmp_path, lines), speed=None, clock_s=clock, sleep=clock.sleep)
    assert [line for _, line in await tell(source, clock)] == lines
    assert set(clock.slept) == {0}


@pytest.mark.parametrize("speed", [1.0, None])
async def test_bad_lines_go_on_with_the_line_before_them(tmp_path: Path, clock: Clock, speed: float | None) -> None:
    lines = [b"junk", event(0), b'{"v":2}', event(2), b"[]"]
    source = ReplaySource(write(tmp_path, lines), speed=speed, clock_s=clock, sleep=clock.sleep)
    told = await tell(source, clock)
    assert [line for _, line in told] == lines
    if speed:
        assert [moment for moment, _ in told] == [0, 0, 0, 2, 2]


async def test_an_event_older_than_the_one_before_is_told_at_once(tmp_path: Path, clock: Clock) -> None:
    source = ReplaySource(
        write(tmp_path, [event(0), event(4), event(1), event(5)]), speed=1.0, clock_s=clock, sleep=clock.sleep
    )
    assert [moment for moment, _ in await tell(source, clock)] == [0, 4, 4, 5]


async def test_a_reader_that_was_held_up_is_not_flooded_afterwards(tmp_path: Path, clock: Clock) -> None:
    lines = [event(second) for second in range(4)]
    source = ReplaySource(write(tmp_path, lines), speed=1.0, clock_s=clock, sleep=clock.sleep)
    moments: list[float] = []
    async for _ in source.batches():
        moments.append(clock.now - 100)
        if len(moments) == 2:
            clock.now += 60
    assert moments == [0, 1, 62, 63]


async def test_a_new_name_replaces_the_source_and_nothing_else(tmp_path: Path, clock: Clock) -> None:
    register_source("PAPER")
    lines = [event(0), b"junk", event(1)]
    source = ReplaySource(write(tmp_path, lines), speed=None, rename="PAPER", clock_s=clock, sleep=clock.sleep)
    told = [line for _, line in await tell(source, clock)]
    assert told == [line.replace(b'"TOS"', b'"PAPER"') for line in lines]
    assert parse_batch(told)[0].sources() == ["PAPER", "PAPER"]
    assert source.name == "PAPER"


def test_what_is_missing_or_wrong_is_told_before_the_start(tmp_path: Path, instruments: Instruments) -> None:
    path = write(tmp_path, [event(0)])
    with pytest.raises(UnknownSourceError, match="needs the file"):
        replay.create(CollectSpec("replay"), instruments)
    with pytest.raises(SourceError, match="There is no file"):
        replay.create(CollectSpec("replay", file=tmp_path / "none"), instruments)
    with pytest.raises(UnknownSourceError, match="speed"):
        replay.create(CollectSpec("replay", file=path, speed=0.0), instruments)
    with pytest.raises(UnknownSourceError, match="name"):
        replay.create(CollectSpec("replay", file=path, rename="paper"), instruments)
    assert replay.create(CollectSpec("replay", file=path), instruments).name == "REPLAY"
