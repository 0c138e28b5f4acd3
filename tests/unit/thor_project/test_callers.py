"""What is remembered of callers, and when it is forgotten."""

import pytest

from thor_web.accounts.interface import Caller, Role
from thor_web.thor_project import callers
from thor_web.thor_project.callers import Callers
from thor_web.thor_project.peers import Peer

PEER = Peer("192.0.2.7", local=False, secure=True)


class Keys:
    """Stands for the database: counts how often it is asked, and may change while it is."""

    def __init__(self, known: Callers) -> None:
        self._known = known
        self.role = Role.OPERATOR
        self.asked = 0
        self.changes_meanwhile = False

    async def caller(self, _text: str, *, local: bool) -> Caller:
        self.asked += 1
        read = self.role
        if self.changes_meanwhile:
            self.role = Role.VIEWER
            self._known.forget_all()
            self.changes_meanwhile = False
        return Caller("key 1", read, local=local)


@pytest.fixture
def known() -> Callers:
    return Callers()


@pytest.fixture
def keys(known: Callers, monkeypatch: pytest.MonkeyPatch) -> Keys:
    made = Keys(known)
    monkeypatch.setattr(callers, "_by_key", made.caller)
    return made


async def role(known: Callers) -> Role:
    return (await known.find(PEER, b"", b"Bearer thor_0123456789ab_x", open_reading=False)).role


async def test_a_key_is_asked_for_once(known: Callers, keys: Keys) -> None:
    assert (await role(known), await role(known), keys.asked) == (Role.OPERATOR, Role.OPERATOR, 1)


async def test_a_change_makes_everybody_be_asked_for_anew(known: Callers, keys: Keys) -> None:
    await role(known)
    keys.role = Role.VIEWER
    known.forget_all()
    assert await role(known) is Role.VIEWER


async def test_what_was_read_before_a_change_is_not_remembered_after_it(known: Callers, keys: Keys) -> None:
    keys.changes_meanwhile = True
    assert await role(known) is Role.OPERATOR
    assert await role(known) is Role.VIEWER
