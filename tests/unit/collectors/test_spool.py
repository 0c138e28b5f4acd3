"""What waits for Redis: in order, within its bound, and still there after a restart."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectors.spool import Spool, Spooled, default_spool_folder
from thor_fast import QuoteBatch, QuoteEvent

MIB = 1024 * 1024
OpenSpool = Callable[..., Spool]


def items(first: int, last: int) -> list[Spooled]:
    """Events numbered by their seq, a few together as they came."""
    events = [QuoteEvent(symbol="ES", ts_us=number, source="TOS", seq=number) for number in range(first, last)]
    return [
        Spooled("TOS", QuoteBatch.from_events(events[start : start + 7]), 1_000 + start)
        for start in range(0, len(events), 7)
    ]


def numbers(spooled: list[Spooled]) -> list[int | None]:
    return [event.seq for item in spooled for event in item.events]


def span(first: int, last: int) -> list[int | None]:
    return list(range(first, last))


@pytest.fixture
def open_spool() -> Iterator[OpenSpool]:
    opened: list[Spool] = []

    def open_one(folder: Path | None, *, disk: int = MIB) -> Spool:
        spool = Spool(memory_events=100, disk_bytes=disk, folder=folder)
        spool.open()
        opened.append(spool)
        return spool

    yield open_one
    for spool in opened:
        spool.close()


def drain(spool: Spool, most: int = 30) -> list[int | None]:
    found: list[Spooled] = []
    while taken := spool.take(most):
        assert sum(map(len, taken)) <= most
        found.extend(taken)
    return numbers(found)


def test_what_fits_in_memory_never_touches_the_disk(tmp_path: Path, open_spool: OpenSpool) -> None:
    spool = open_spool(tmp_path / "TOS")
    spool.put(items(0, 100))
    assert not list((tmp_path / "TOS").glob("*.spool"))
    assert len(spool) == 100
    assert drain(spool) == span(0, 100)
    assert len(spool) == 0


@pytest.mark.parametrize("chunk", [1, 7, 100, 1_000])
def test_beyond_memory_it_goes_to_disk_in_order(tmp_path: Path, chunk: int, open_spool: OpenSpool) -> None:
    spool = open_spool(tmp_path / "TOS")
    for start in range(0, 1_000, chunk):
        spool.put(items(start, min(start + chunk, 1_000)))
    assert len(spool) == 1_000
    assert drain(spool) == span(0, 1_000)
    assert spool.dropped == 0
    assert not list((tmp_path / "TOS").glob("*.spool"))


def test_events_that_come_while_it_drains_stay_last(tmp_path: Path, open_spool: OpenSpool) -> None:
    spool = open_spool(tmp_path / "TOS")
    spool.put(items(0, 500))
    found = spool.take(10) + spool.take(60)
    spool.put(items(500, 900))
    assert numbers(found) + drain(spool) == span(0, 900)


def test_at_the_bound_the_oldest_go_and_are_counted(tmp_path: Path, open_spool: OpenSpool) -> None:
    spool = open_spool(tmp_path / "TOS", disk=2_000)
    for start in range(0, 1_000, 50):
        spool.put(items(start, start + 50))
    left = drain(spool)
    assert spool.dropped > 0
    assert left == span(spool.dropped, 1_000)


def test_without_a_folder_memory_is_the_bound(open_spool: OpenSpool) -> None:
    spool = open_spool(None)
    spool.put(items(0, 130))
    assert (len(spool), spool.dropped) == (100, 30)
    assert drain(spool) == span(30, 130)


def test_a_disk_of_no_size_is_no_disk(tmp_path: Path, open_spool: OpenSpool) -> None:
    spool = open_spool(tmp_path / "TOS", disk=0)
    spool.put(items(0, 130))
    assert spool.dropped == 30
    assert not (tmp_path / "TOS").exists()


@pytest.mark.parametrize("count", [3, 100, 750])
@pytest.mark.parametrize("taken", [0, 1, 40, 130])
def test_what_is_left_at_the_end_is_first_at_the_next_start(
    tmp_path: Path, count: int, taken: int, open_spool: OpenSpool
) -> None:
    spool = open_spool(tmp_path / "TOS")
    spool.put(items(0, count))
    spool.take(min(taken, 50))
    in_hand = spool.take(taken - 50) if taken > 50 else []
    sent = count - len(spool) - sum(map(len, in_hand))
    assert spool.close(in_hand) == 0
    again = open_spool(tmp_path / "TOS")
    again.put(items(count, count + 5))
    assert drain(again) == span(sent, count + 5)


def test_what_was_in_hand_goes_before_what_overflowed_meanwhile(tmp_path: Path, open_spool: OpenSpool) -> None:
    spool = open_spool(tmp_path / "TOS")
    spool.put(items(0, 50))
    in_hand = spool.take(50)
    spool.put(items(50, 400))
    spool.close(in_hand)
    assert drain(open_spool(tmp_path / "TOS")) == span(0, 400)


def test_a_killed_collector_leaves_its_disk_behind(tmp_path: Path, open_spool: OpenSpool) -> None:
    killed = open_spool(tmp_path / "TOS")
    killed.put(items(0, 500))
    on_disk = len(list((tmp_path / "TOS").glob("*.spool"))) * 50
    partly = killed.take(20)
    assert numbers(partly) == span(0, 20)
    # Its lock goes with the process; closing the file is what the kernel does then.
    assert killed._lock is not None
    killed._lock.close()
    assert drain(open_spool(tmp_path / "TOS")) == span(0, on_disk)


def test_a_segment_cut_short_gives_what_is_whole(tmp_path: Path, open_spool: OpenSpool) -> None:
    spool = open_spool(tmp_path / "TOS")
    spool.put(items(0, 150))
    (segment,) = (tmp_path / "TOS").glob("*.spool")
    segment.write_bytes(segment.read_bytes()[:-3])
    assert drain(spool) == span(0, 49) + span(50, 150)


def test_the_times_of_receipt_are_kept(tmp_path: Path, open_spool: OpenSpool) -> None:
    spool = open_spool(tmp_path / "TOS")
    spool.put(items(0, 260))
    spool.close()
    again = open_spool(tmp_path / "TOS")
    found: list[tuple[int | None, int]] = []
    while taken := again.take(10):
        found += [(event.seq, item.at_us) for item in taken for event in item.events]
    assert found == [(number, 1_000 + number // 7 * 7) for number in range(260)]


def test_a_second_collector_of_the_source_keeps_to_memory(tmp_path: Path, open_spool: OpenSpool) -> None:
    first = open_spool(tmp_path / "TOS")
    second = open_spool(tmp_path / "TOS")
    second.put(items(0, 130))
    assert second.dropped == 30
    first.put(items(0, 130))
    assert first.dropped == 0


def test_what_can_be_kept_nowhere_is_counted(open_spool: OpenSpool) -> None:
    spool = open_spool(None)
    spool.put(items(0, 10))
    assert spool.close(items(10, 12)) == 12


def test_the_folder_is_the_state_s_or_the_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_spool_folder(tmp_path) == tmp_path / "spool"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert default_spool_folder(None) == tmp_path / "xdg" / "thor" / "spool"
