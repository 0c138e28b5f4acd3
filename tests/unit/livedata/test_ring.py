"""The ring: numbers that never move, frames that fall off, and an honest answer when they have."""

from hypothesis import given
from hypothesis import strategies as st

from thor_web.livedata.services.ring import Frame, Ring, notice


def frame(milliseconds: int) -> Frame:
    return Frame(f"{milliseconds}-0", (milliseconds, 0), None, b"")


def test_frames_keep_their_numbers() -> None:
    ring = Ring(10, (0, 0))
    ring.extend([frame(1), frame(2), frame(3)])
    assert ring.end == 3
    assert [f.id for f in ring.since(1, until=3) or ()] == ["2-0", "3-0"]
    assert [f.id for f in ring.since(1, until=2) or ()] == ["2-0"]
    assert ring.since(3, until=13) == []


def test_a_position_is_found_by_what_comes_after_it() -> None:
    ring = Ring(10, (5, 0))
    ring.extend([frame(10), frame(20)])
    assert ring.number_after((5, 0)) == 0
    assert ring.number_after((10, 0)) == 1
    assert ring.number_after((15, 3)) == 1
    assert ring.number_after((20, 0)) == 2


def test_what_fell_off_is_known_to_be_gone() -> None:
    ring = Ring(2, (0, 0))
    ring.extend([frame(ms) for ms in range(1, 6)])
    assert ring.floor == (3, 0)
    assert ring.since(2, until=5) is None
    assert ring.number_after((2, 0)) is None
    assert ring.number_after((3, 0)) == 3


def test_a_notice_has_no_id() -> None:
    assert notice("session", b"{}", (1, 0)).sse == b"event: session\ndata: {}\n\n"


@given(
    capacity=st.integers(min_value=1, max_value=20),
    bursts=st.lists(st.integers(min_value=0, max_value=50), max_size=20),
)
def test_a_reader_that_keeps_up_sees_every_frame_once(capacity: int, bursts: list[int]) -> None:
    ring = Ring(capacity, (0, 0))
    number = 0
    seen: list[int] = []
    sent = 0
    for burst in bursts:
        for _ in range(burst):
            sent += 1
            ring.extend([frame(sent)])
            frames = ring.since(number, until=ring.end)
            assert frames is not None
            number += len(frames)
            seen += [f.position[0] for f in frames]
    assert seen == list(range(1, sent + 1))
    assert len(ring.since(ring.end - min(sent, capacity), until=ring.end) or ()) == min(sent, capacity)
