"""Watchlists: one's own only, and nothing is written without a login and the session's token."""

import json
from typing import Any

import pytest

PATH = "/api/watchlists"


@pytest.fixture
def people(seeded: Any) -> Any:
    """Clients of two users, and one of nobody. They check CSRF as a browser's requests are checked."""
    from django.contrib.auth.models import User
    from django.test import Client

    clients = []
    for name in ("ada", "bob"):
        client = Client(enforce_csrf_checks=True)
        client.force_login(User.objects.create_user(name))
        clients.append(client)
    return (*clients, Client())


def send(client: Any, method: str, path: str, body: Any = None, *, token: bool = True) -> Any:
    """A request with a JSON body, with the token that a page of ours has."""
    from django.middleware.csrf import _get_new_csrf_string

    headers = {}
    if token:
        secret = _get_new_csrf_string()
        client.cookies["csrftoken"] = secret
        headers["X-CSRFToken"] = secret
    return client.generic(method, path, json.dumps(body), content_type="application/json", headers=headers)


def test_a_list_is_made_changed_and_removed(people: Any) -> None:
    ada, _, _ = people
    made = send(ada, "POST", PATH, {"name": "rates", "symbols": ["ZB", "ES"]})
    assert (made.status_code, made.json()["symbols"]) == (201, ["ZB", "ES"])
    path = f"{PATH}/{made.json()['id']}"
    changed = send(ada, "PUT", path, {"name": "bonds", "symbols": ["ES", "ZB", "GC"]})
    assert changed.json() == {"id": made.json()["id"], "name": "bonds", "symbols": ["ES", "ZB", "GC"]}
    assert ada.get(path).json() == changed.json()
    assert [found["name"] for found in ada.get(PATH).json()] == ["bonds"]
    assert send(ada, "DELETE", path).status_code == 204
    assert ada.get(PATH).json() == []


def test_what_is_wrong_is_named(people: Any) -> None:
    ada, _, _ = people
    send(ada, "POST", PATH, {"name": "rates", "symbols": []})
    for body, status, code in (
        ({"name": "rates", "symbols": []}, 409, "duplicate_name"),
        ({"name": "x", "symbols": ["ES", "XX"]}, 400, "unknown_symbol"),
        ({"name": "x", "symbols": ["ES", "ES"]}, 400, "duplicate_symbol"),
        ({"name": "", "symbols": []}, 400, "bad_parameter"),
        ({"name": "x", "symbols": ["e\u0000s"]}, 400, "bad_parameter"),
    ):
        answer = send(ada, "POST", PATH, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code), body


def test_other_peoples_lists_are_not_there(people: Any) -> None:
    ada, bob, nobody = people
    path = f"{PATH}/{send(ada, 'POST', PATH, {'name': 'mine', 'symbols': ['ES']}).json()['id']}"
    assert bob.get(PATH).json() == []
    assert (bob.get(path).status_code, send(bob, "DELETE", path).status_code) == (404, 404)
    assert (nobody.get(PATH).status_code, nobody.get(PATH).json()["code"]) == (401, "not_logged_in")


def test_writing_needs_the_sessions_token(people: Any) -> None:
    ada, _, _ = people
    answer = send(ada, "POST", PATH, {"name": "rates", "symbols": []}, token=False)
    assert answer.status_code == 403
    assert ada.get(PATH).json() == []
