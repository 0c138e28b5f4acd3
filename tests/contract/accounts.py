"""People and keys of a running Thor, made as an operator makes them."""

import subprocess

import httpx

from tests.e2e.conftest import RunningThor, clean_environment, thor

ONE_BY_ONE = httpx.Limits(max_keepalive_connections=0)
"""A client that keeps no connection need not be closed."""
PASSWORD = "correct horse battery staple"


def command(running: RunningThor, *words: str, given: str = "") -> str:
    """What a command of Thor prints."""
    done = subprocess.run(
        [*thor(*words), "--state", str(running.state)],
        input=given,
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def add_users(running: RunningThor, **roles: str) -> None:
    """Somebody of each name, all with PASSWORD."""
    lines = ["from django.contrib.auth.models import User", "from thor_web.accounts.people import ROLES, give_role"]
    for name, role in roles.items():
        lines.append(f"give_role(User.objects.create_user({name!r}, password={PASSWORD!r}), ROLES[{role!r}])")
    in_django(running, *lines)


def add_keys(running: RunningThor, **wanted: tuple[str, str]) -> dict[str, str]:
    """A key for each name, by owner and scopes."""
    lines = ["from django.contrib.auth.models import User", "from thor_web.accounts.people import make_key"]
    for name, (owner, scopes) in wanted.items():
        lines.append(f"owner = User.objects.get(username={owner!r})")
        lines.append(f"print('KEY', make_key(owner, {name!r}, {scopes.split(',')!r}, days=1)[1])")
    printed = in_django(running, *lines)
    return dict(zip(wanted, (line[4:] for line in printed.splitlines() if line.startswith("KEY ")), strict=True))


def in_django(running: RunningThor, *lines: str) -> str:
    """What some lines of Python print in the Django of a running Thor."""
    done = subprocess.run(
        [*thor("manage"), "--state", str(running.state), "shell", "--no-imports", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def client_of(url: str, headers: dict[str, str] | None = None) -> httpx.Client:
    return httpx.Client(base_url=url, timeout=20, limits=ONE_BY_ONE, headers=headers)


def logged_in(url: str, name: str) -> httpx.Client:
    """A browser's session: its cookies, and the token that it must send with a write."""
    client = client_of(url)
    answer = client.post("/api/login", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRFToken"] = answer.json()["csrf_token"]
    return client


def with_key(url: str, key: str) -> httpx.Client:
    return client_of(url, {"Authorization": f"Bearer {key}"})
