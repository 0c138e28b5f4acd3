"""The rules of access without a server: what is needed, and who is refused how."""

import pytest

from thor_web.accounts.interface import Caller, Rate, Role, judge, need_of

READER = Caller("x", Role.READER, local=True)
OPERATOR = Caller("x", Role.OPERATOR)
READ_KEY = Caller("x", Role.ADMIN, scopes=frozenset({"read"}))


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/healthz", Role.NOBODY),
        ("GET", "/login", Role.NOBODY),
        ("POST", "/api/login", Role.NOBODY),
        ("GET", "/api/login", Role.READER),
        ("GET", "/healthz/", Role.READER),
        ("GET", "//healthz", Role.READER),
        ("GET", "/", Role.READER),
        ("GET", "/api/anything", Role.READER),
        ("POST", "/api/anything", Role.OPERATOR),
        ("PATCH", "/elsewhere", Role.OPERATOR),
        ("TRACE", "/api/anything", Role.OPERATOR),
        ("POST", "/api/thordata/backtest/runs", Role.OPERATOR),
    ],
)
def test_what_a_request_needs(method: str, path: str, role: Role) -> None:
    assert need_of(method, path).role is role


def test_who_is_refused_and_how() -> None:
    def code(caller: Caller, method: str, path: str) -> int | None:
        verdict = judge(caller, need_of(method, path))
        return verdict.status if verdict else None

    assert code(Caller("x"), "GET", "/") == 401
    assert code(READER, "GET", "/") is None
    assert code(READER, "POST", "/api/watchlists") == 401
    assert code(Caller("x", Role.VIEWER), "POST", "/api/watchlists") == 403
    assert code(OPERATOR, "POST", "/api/watchlists") is None
    assert code(READ_KEY, "POST", "/api/watchlists") == 403
    assert code(READ_KEY, "GET", "/admin/") == 403
    assert code(READ_KEY, "GET", "/metrics") is None
    assert code(Caller("x", local=True), "GET", "/metrics") is None
    assert code(Caller("x", Role.VIEWER, scopes=frozenset({"backtest"})), "POST", "/api/thordata/backtest/runs") == 403


def test_a_rate_lets_a_burst_through_and_then_its_measure() -> None:
    rate = Rate(per_s=2.0, burst=3)
    assert [rate.wait_s("a", 0.0) for _ in range(4)] == [0, 0, 0, 1]
    assert rate.wait_s("b", 0.0) == 0
    assert [rate.wait_s("a", 0.5), rate.wait_s("a", 0.5)] == [0, 1]
    assert [rate.wait_s("a", 1_000.0) for _ in range(4)] == [0, 0, 0, 1]
    slow = Rate(per_s=1 / 30, burst=1)
    assert [slow.wait_s("a", 0.0), slow.wait_s("a", 10.0)] == [0, 20]
    slow.give_back("a")
    assert slow.wait_s("a", 10.0) == 0
