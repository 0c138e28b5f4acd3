"""What a web process bears: too many, too much, too slow; and what it says to a browser of what it may run."""

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.accounts import add_keys, add_users, with_key
from tests.e2e.conftest import RunningThor, clean_environment, thor, wait_until

PROXY = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningThor]:
    """A Thor behind a proxy on this machine that ends TLS."""
    folder: Path = tmp_path_factory.mktemp("limits") / "state"
    named = {
        "THOR_PROXIES": "127.0.0.1",
        "THOR_TLS": "1",
        "RATE_LIMIT": "1",
        "RATE_BURST": "20",
        "BODY_LIMIT_KIB": "64",
    }
    with RunningThor(folder, environment=named) as running:
        add_users(running, otto="operator")
        yield running


def test_each_client_has_its_own_measure(behind_proxy: RunningThor) -> None:
    with httpx.Client(base_url=behind_proxy.url, headers=PROXY) as client:
        answers = [client.get("/api/session") for _ in range(25)]
    assert {answer.status_code for answer in answers[:20]} == {401}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    other = PROXY | {"X-Forwarded-For": "203.0.113.10"}
    assert httpx.get(f"{behind_proxy.url}/api/session", headers=other).status_code == 401


def test_what_a_client_says_of_its_address_is_not_believed(behind_proxy: RunningThor) -> None:
    """Only what the proxy itself has added counts: the rightmost address that is no proxy of ours."""
    statuses = [
        httpx.get(
            f"{behind_proxy.url}/api/session",
            headers=PROXY | {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.77"},
        ).status_code
        for number in range(25)
    ]
    assert statuses[-1] == 429
    lied = httpx.get(f"{behind_proxy.url}/api/session", headers=PROXY | {"X-Forwarded-For": "127.0.0.1"})
    assert lied.status_code == 401


def test_a_body_has_a_limit_told_or_not(behind_proxy: RunningThor) -> None:
    key = add_keys(behind_proxy, big=("otto", "read,write"))["big"]
    with with_key(behind_proxy.url, key) as client:
        told = client.post("/api/watchlists", headers=PROXY, content=b"x" * 70_000)
        assert (told.status_code, told.json()["code"]) == (413, "too_large")
        untold = client.post("/api/watchlists", headers=PROXY, content=iter([b"x" * 40_000] * 3))
        assert (untold.status_code, untold.json()["code"]) == (413, "too_large")
        query = client.get("/api/session?market=" + "x" * 40_000, headers=PROXY)
        assert (query.status_code, query.json()["code"]) == (414, "too_long")


def test_tls_is_asked_for_and_remembered(behind_proxy: RunningThor) -> None:
    plain = {"X-Forwarded-For": "203.0.113.20"}
    answer = httpx.get(f"{behind_proxy.url}/api/session", headers=plain)
    assert (answer.status_code, answer.json()["code"]) == (403, "needs_tls")
    secure = PROXY | {"X-Forwarded-For": "203.0.113.21", "Accept": "text/html"}
    page = httpx.get(f"{behind_proxy.url}/", headers=secure)
    assert page.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains; preload"
    assert "; Secure" in page.headers["set-cookie"]
    moved = httpx.get(f"{behind_proxy.url}/", headers=plain | {"Accept": "text/html"})
    assert (moved.status_code, moved.headers["location"][:8]) == (301, "https://")


def test_a_page_may_run_no_script_but_ours(behind_proxy: RunningThor) -> None:
    page = httpx.get(f"{behind_proxy.url}/", headers=PROXY | {"X-Forwarded-For": "203.0.113.30", "Accept": "text/html"})
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["x-frame-options"] == "DENY"
    key = add_keys(behind_proxy, static=("otto", "read"))["static"]
    with with_key(behind_proxy.url, key) as client:
        file = client.get("/static/index.html", headers=PROXY | {"X-Forwarded-For": "203.0.113.31"})
    assert file.headers["content-security-policy"] == page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"
    index = (Path(__file__).parents[2] / "thor_web" / "dashboard" / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", index)
    assert not re.search(r"\son\w+=", index)


def test_a_head_that_does_not_come_is_not_waited_for(behind_proxy: RunningThor) -> None:
    """Slow-loris: a byte now and then keeps no connection. One without end keeps no memory."""
    with socket.create_connection(("127.0.0.1", behind_proxy.port), timeout=20) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        started = time.monotonic()

        def closed() -> bool:
            try:
                slow.sendall(b"X-A: b\r\n")
            except OSError:
                return True
            return False

        wait_until(closed, "the server gives the connection up", limit_s=20)
        assert 8 < time.monotonic() - started < 16
    with socket.create_connection(("127.0.0.1", behind_proxy.port), timeout=20) as endless:
        endless.sendall(b"GET / HTTP/1.1\r\n")

        def cut() -> bool:
            try:
                endless.sendall(b"X-A: " + b"b" * 4_000 + b"\r\n")
            except OSError:
                return True
            return False

        wait_until(cut, "a head without end is cut off", limit_s=8)
    assert behind_proxy.get("/healthz").status_code == 200


def test_the_deployment_check_finds_nothing(behind_proxy: RunningThor) -> None:
    done = subprocess.run(
        [*thor("manage"), "--state", str(behind_proxy.state), "check", "--deploy", "--fail-level", "INFO"],
        env=clean_environment() | {"THOR_TLS": "1", "THOR_HOSTS": "thor.example.com"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
