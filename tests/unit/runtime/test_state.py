"""The state folder: one holder, private files, names short enough for sockets, the environment first."""

import json
import os
import stat
from pathlib import Path

import pytest

from thor_web.runtime.errors import AlreadyRuns, ThorError
from thor_web.runtime.state import SOCKET_PATH_LIMIT, Servers, StateFolder, default_state_path, private_folder

SERVERS = Servers(
    redis_url="unix:///run/x/redis.sock?db=0",
    db_host="/run/x",
    db_port=5432,
    db_name="thor",
    db_user="thor",
    db_password="",
    web_url="http://127.0.0.1:8000",
    pid=4711,
)


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.create()
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_second_holder_is_told_the_pid_of_the_first(state: StateFolder) -> None:
    sentence = rf"^Thor already runs here, pid {os.getpid()}\.$"
    with state.held(), pytest.raises(AlreadyRuns, match=sentence), state.held():
        pass


def test_the_folder_is_free_again_after_its_holder(state: StateFolder) -> None:
    with state.held():
        assert state.holder() == os.getpid()
    assert state.holder() is None
    with state.held():
        pass


def test_the_folder_and_the_secret_key_are_private(state: StateFolder) -> None:
    assert mode(state.path) == 0o700
    assert mode(state.secret_key_file) == 0o600


def test_the_secret_key_stays_the_same(state: StateFolder) -> None:
    key = state.secret_key_file.read_text()
    state.create()
    assert state.secret_key_file.read_text() == key
    assert len(key.strip()) >= 50


def test_servers_are_read_as_they_were_written(state: StateFolder) -> None:
    state.write_servers(SERVERS)
    assert state.read_servers() == SERVERS
    assert mode(state.servers_file) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", json.dumps({"redis_url": "x"})])
def test_a_damaged_servers_file_is_one_sentence(state: StateFolder, text: str) -> None:
    state.servers_file.write_text(text)
    with pytest.raises(ThorError, match="is damaged"):
        state.read_servers()


def test_an_environment_without_servers_gets_ours(state: StateFolder) -> None:
    state.write_servers(SERVERS)
    environment: dict[str, str] = {}
    state.apply(environment)
    assert environment["REDIS_URL"] == SERVERS.redis_url
    assert environment["DB_HOST"] == SERVERS.db_host
    assert environment["THOR_STATE"] == str(state.path)


def test_what_the_environment_names_comes_first(state: StateFolder) -> None:
    state.write_servers(SERVERS)
    environment = {"REDIS_URL": "redis://elsewhere", "DB_HOST": "elsewhere"}
    state.apply(environment)
    assert environment["REDIS_URL"] == "redis://elsewhere"
    assert {name: value for name, value in environment.items() if name.startswith("DB_")} == {"DB_HOST": "elsewhere"}


def test_sockets_of_a_deep_folder_have_short_names(tmp_path: Path) -> None:
    deep = StateFolder(tmp_path.joinpath(*["a-rather-long-name"] * 12))
    folder = deep.socket_folder({"XDG_RUNTIME_DIR": str(tmp_path)})
    assert len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    assert mode(folder) == 0o700
    assert folder == deep.socket_folder({"XDG_RUNTIME_DIR": str(tmp_path)})
    folder.rmdir()


def test_a_long_runtime_folder_is_passed_over(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 120)
    long.mkdir()
    folder = StateFolder(tmp_path).socket_folder({"XDG_RUNTIME_DIR": str(long)})
    assert long not in folder.parents
    folder.rmdir()


def test_a_planted_link_is_not_a_private_folder(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(ThorError, match="belongs to somebody else"):
        private_folder(tmp_path / "link")


def test_the_state_folder_of_the_environment_is_the_default(tmp_path: Path) -> None:
    assert default_state_path({"THOR_STATE": str(tmp_path)}) == tmp_path
    assert default_state_path({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "thor"
