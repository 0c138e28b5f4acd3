"""Who may do what on a server that others can reach: every route of the OpenAPI document is visited, by everybody."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.contract.accounts import PASSWORD, add_keys, add_users, client_of, command, in_django, logged_in, with_key
from tests.e2e.conftest import RunningThor, wait_until
from thor_web.thor_project.callers import REMEMBERED_S

WRITING = ("post", "put", "patch", "delete")
KNOCKING = {("post", "/api/login"), ("post", "/api/logout")}
Route = tuple[str, str]


def outer_address() -> str:
    """An address of this machine that is not loopback, where it has one."""
    found = [
        address.address
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family is socket.AF_INET and not address.address.startswith("127.")
    ]
    return found[0] if found else "127.0.0.1"


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningThor, str]]:
    """A Thor that listens everywhere, with somebody of each role; and its address from outside."""
    folder: Path = tmp_path_factory.mktemp("access") / "state"
    address = outer_address()
    named = {"THOR_BIND": "0.0.0.0", "THOR_HOSTS": f"127.0.0.1,{address}", "RATE_LIMIT": "1000", "RATE_BURST": "1000"}  # noqa: S104
    with RunningThor(folder, environment=named) as running:
        add_users(running, vera="viewer", otto="operator")
        yield running, f"http://{address}:{running.port}"


def routes(client: httpx.Client) -> dict[Route, dict[str, Any]]:
    """Every operation of the document, by method and a path that can be asked for."""
    document = client.get("/api/openapi.json").json()
    return {
        (method, re.sub(r"\{\w+\}", "1", path)): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def status(client: httpx.Client, route: Route) -> tuple[int, str]:
    """Status and problem code of a route, without reading a stream to its end."""
    method, path = route
    body = b"{}" if method in WRITING else b""
    kind = {"Content-Type": "application/json"} if body else {}
    with client.stream(method.upper(), path, headers=kind, content=body) as answer:
        if answer.headers["content-type"] == "application/problem+json":
            answer.read()
            return answer.status_code, answer.json()["code"]
        return answer.status_code, ""


def test_every_route_knows_who_may_do_what(exposed: tuple[RunningThor, str]) -> None:
    running, url = exposed
    nobody = client_of(url)
    viewer, operator = logged_in(url, "vera"), logged_in(url, "otto")
    tokenless = client_of(url)
    tokenless.cookies = operator.cookies
    scopes = {
        "reading": ("otto", "read"),
        "writing": ("otto", "write,backtest"),
        "lent": ("vera", "read,write,backtest"),
    }
    keys = add_keys(running, **scopes)
    reading, writing, lent = (with_key(url, keys[name]) for name in scopes)
    known = routes(operator)
    assert len(known) > 30
    for route in known.keys() - KNOCKING:
        assert status(nobody, route) == (401, "not_logged_in"), route
        assert known[route]["security"], route
        if route[0] in WRITING:
            assert status(viewer, route) == (403, "not_allowed"), route
            assert status(reading, route) == (403, "not_allowed"), route
            assert status(lent, route) == (403, "not_allowed"), route  # a key may not do what its owner may not
            assert status(tokenless, route) == (403, "bad_csrf_token"), route
            assert status(operator, route)[0] not in {401, 403}, route
            assert status(writing, route)[0] not in {401, 403}, route
        else:
            assert status(viewer, route)[0] not in {401, 403}, route
            assert status(reading, route)[0] not in {401, 403}, route
            assert status(writing, route) == (403, "not_allowed"), route


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/history", "/login", "/admin/", "/admin/login/", "/metrics", "/readyz", "/api/docs"),
        *("/api/openapi.json", "/api/nothing", "/static/index.html", "/static/admin/css/base.css", "/favicon.svg"),
    ],
)
def test_a_stranger_gets_401_from_everything_else(exposed: tuple[RunningThor, str], path: str) -> None:
    _, url = exposed
    assert httpx.get(url + path).status_code == 401
    page = httpx.get(url + path, headers={"Accept": "text/html"})
    assert page.status_code == 401
    if not path.startswith(("/api", "/static", "/metrics", "/readyz")):
        assert '<form method="post" action="/login">' in page.text
        assert "<script" not in page.text


def test_no_route_answers_to_a_name_that_is_not_ours(exposed: tuple[RunningThor, str]) -> None:
    """A page of another site whose name leads here, which is what DNS rebinding is, learns nothing."""
    running, url = exposed
    program = with_key(url, add_keys(running, rebound=("otto", "read,write,backtest,metrics"))["rebound"])
    known = routes(program)
    program.headers["Host"] = "evil.example"
    pages = {("get", path) for path in ("/", "/login", "/metrics", "/readyz", "/healthz")}
    for route in known.keys() - KNOCKING | pages:
        assert status(program, route)[0] == 400, route


def test_the_health_check_is_for_everybody(exposed: tuple[RunningThor, str]) -> None:
    running, url = exposed
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
    assert running.get("/readyz").status_code == 200  # from this machine, as a container's own health check is
    watching = with_key(url, add_keys(running, prometheus=("vera", "metrics"))["prometheus"])
    assert "thor_web_streams" in watching.get("/metrics").text
    assert watching.get("/api/session").status_code == 403


def test_the_form_lets_somebody_in_and_goes_on(exposed: tuple[RunningThor, str]) -> None:
    _, url = exposed
    with httpx.Client(base_url=url, headers={"Accept": "text/html"}) as browser:
        form = browser.get("/history?symbol=ES").text
        assert 'name="next" value="/history?symbol=ES"' in form
        fields = {"username": "vera", "next": "/history?symbol=ES", "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        refused = browser.post("/login", data=fields | {"password": "wrong"})
        assert (refused.status_code, "no such user" in refused.text) == (401, True)
        fields["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        accepted = browser.post("/login", data=fields | {"password": PASSWORD})
        assert (accepted.status_code, accepted.headers["location"]) == (302, "/history?symbol=ES")
        assert browser.get("/").status_code == 200
        me = browser.get("/api/me").json()
        assert (me["user"], me["role"], me["may_write"], me["login_required"]) == ("vera", "viewer", False, True)
        elsewhere = browser.post(
            "/login",
            data=fields
            | {"password": PASSWORD, "next": "//evil.example/", "csrfmiddlewaretoken": browser.cookies["csrftoken"]},
        )
        assert elsewhere.headers["location"] == "/"


def test_a_session_ends_at_once(exposed: tuple[RunningThor, str]) -> None:
    _, url = exposed
    client = logged_in(url, "vera")
    assert client.get("/api/me").json()["user"] == "vera"
    session = {"Cookie": f"sessionid={client.cookies['sessionid']}"}
    assert client.post("/api/logout").status_code == 204
    assert httpx.get(f"{url}/api/me", headers=session).status_code == 401


def test_a_key_is_made_and_revoked_by_commands(exposed: tuple[RunningThor, str]) -> None:
    running, url = exposed
    command(running, "user", "add", "nina", "--role", "operator", given=PASSWORD + "\n")
    key = command(running, "key", "add", "gone", "--owner", "nina", "--scopes", "read,write").strip()
    command(running, "key", "revoke", "gone")
    assert with_key(url, key).get("/api/session").status_code == 401
    assert with_key(url, "thor_0123456789ab_" + "x" * 43).get("/api/session").status_code == 401
    (row,) = json.loads(command(running, "key", "list", "--json"))[:1]
    assert (row["name"], row["owner"], row["scopes"], row["state"]) == ("gone", "nina", "read,write", "revoked")
    assert key[18:] not in json.dumps(row)


def test_a_key_that_a_server_knows_ends_when_it_is_revoked_elsewhere(exposed: tuple[RunningThor, str]) -> None:
    running, url = exposed
    program = with_key(url, add_keys(running, known=("otto", "read"))["known"])
    add_users(running, lars="viewer")
    person = logged_in(url, "lars")
    assert (program.get("/api/session").status_code, person.get("/api/session").status_code) == (200, 200)
    command(running, "key", "revoke", "known")
    within_s = REMEMBERED_S / 3
    wait_until(lambda: program.get("/api/session").status_code == 401, "the key is good for nothing", limit_s=within_s)
    in_django(
        running,
        "from django.contrib.auth.models import User",
        "User.objects.filter(username='lars').update(is_active=False)",
    )
    wait_until(lambda: person.get("/api/session").status_code == 401, "the account is locked", limit_s=within_s)


def test_guessing_is_slowed_down(exposed: tuple[RunningThor, str]) -> None:
    running, _ = exposed
    guesses = [
        httpx.post(f"{running.url}/api/login", json={"username": "eve", "password": f"guess {number}"})
        for number in range(11)
    ]
    assert [answer.status_code for answer in guesses] == [401] * 10 + [429]
    assert 1 <= int(guesses[-1].headers["retry-after"]) <= 60
    assert guesses[-1].json()["code"] == "too_many_requests"
