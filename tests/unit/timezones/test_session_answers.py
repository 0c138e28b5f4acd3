"""The ready bytes of `/api/session` are those of the state itself, whenever it is asked for, whatever has changed."""

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from thor_web.timezones.interface import world_clock
from thor_web.timezones.services.calendar_file import DayException
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.halts import Halt
from thor_web.timezones.services.instants import seconds
from thor_web.timezones.services.state import state_of
from thor_web.timezones.session_answers import SessionAnswers

NAMES = ("ALWAYS", "GLOBEX_EQUITY", "NYSE", "TSE")


class Hand:
    """A clock's hand that the test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 14, 29, 59, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def clock() -> Clock:
    return Clock({name: world_clock().market(name) for name in NAMES})


@pytest.fixture
def answers(clock: Clock, hand: Hand) -> SessionAnswers:
    return SessionAnswers(clock, "NYSE", hand)


@pytest.fixture
def right(clock: Clock, answers: SessionAnswers, hand: Hand) -> Callable[[], None]:
    """Holds an answer of every kind against the states themselves."""

    def check() -> None:
        states = [state_of(clock, name, hand.at).to_json() for name in NAMES]
        assert answers.answer({"market": "all"}).body == orjson.dumps(states)
        assert answers.answer({}).body == orjson.dumps(states[NAMES.index("NYSE")])
        assert answers.answer({"markets": "TSE,GLOBEX,TSE"}).body == orjson.dumps([states[3], states[1]])

    return check


def test_any_instant_in_any_order(hand: Hand, right: Callable[[], None]) -> None:
    right()
    chosen = random.Random(7)
    for _ in range(300):
        hand.at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=chosen.random() * 63_000_000)
        right()
        hand.at += timedelta(seconds=chosen.random())
        right()


def test_every_second_around_an_open_and_a_whole_one(hand: Hand, right: Callable[[], None]) -> None:
    for _ in range(8):
        right()
        hand.at += timedelta(milliseconds=250)


def test_overrides_and_halts_are_in_the_next_answer(clock: Clock, hand: Hand, right: Callable[[], None]) -> None:
    right()
    day = date(2026, 11, 24)
    clock.put("NYSE", overrides={day: DayException(day, None, "Storm", "ann", is_override=True)})
    right()
    clock.put("NYSE", overrides={})
    clock.put("NYSE", halts=[Halt(seconds(hand.at) + 3, seconds(hand.at) + 6, "fire")])
    for _ in range(10):
        right()
        hand.at += timedelta(seconds=1)


def test_the_tag_is_the_state_s_not_the_time_s(answers: SessionAnswers, hand: Hand) -> None:
    before = answers.answer({"market": "NYSE"})
    hand.at += timedelta(milliseconds=500)
    same = answers.answer({"market": "NYSE"})
    hand.at += timedelta(milliseconds=500)
    opened = answers.answer({"market": "NYSE"})
    assert json.loads(opened.body)["is_open"]
    assert before.body != same.body
    assert (before.tag == same.tag, same.tag == opened.tag) == (True, False)
    assert answers.answer({"market": "all"}).tag not in {before.tag, opened.tag}


def test_another_instant_is_answered_for_itself(clock: Clock, answers: SessionAnswers) -> None:
    at = "2025-11-28T18:30:00Z"
    expected = state_of(clock, "NYSE", datetime.fromisoformat(at)).to_json()
    assert json.loads(answers.answer({"at": at}).body) == expected
    assert json.loads(answers.answer({"at": at, "market": "all"}).body)[2] == expected
