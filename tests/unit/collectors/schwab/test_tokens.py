"""A kept login: private, whole, and never shown."""

import json
import stat
from pathlib import Path

import keyring
import keyring.backend
import pytest

from collectors.errors import CollectorError
from collectors.sources.schwab.tokens import FileTokenStore, KeyringTokenStore, Tokens, open_store

ANSWER = {"access_token": "an-access", "refresh_token": "a-refresh", "expires_in": 1800}
TOKENS = Tokens.from_login(ANSWER, 1_000.0)


def test_a_login_is_kept_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    store = FileTokenStore(tmp_path / "state" / "tokens.json")
    assert store.load() is None
    store.save(TOKENS)
    assert store.load() == TOKENS
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert [path.name for path in store.path.parent.iterdir()] == ["tokens.json"]


def test_a_file_that_others_could_read_is_private_after_the_next_save(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(TOKENS.to_json())
    path.chmod(0o644)
    FileTokenStore(path).save(TOKENS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_save_that_fails_leaves_the_old_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    store.save(TOKENS)

    def refuse(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(CollectorError, match="No space left"):
        store.save(TOKENS.refreshed(ANSWER | {"access_token": "another"}, 2_000.0))
    assert store.load() == TOKENS
    assert len(list(tmp_path.iterdir())) == 1


def test_a_token_file_of_schwab_py_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(
        json.dumps(
            {
                "creation_timestamp": 1_700_000_000,
                "token": {"access_token": "a", "refresh_token": "r", "expires_at": 1_700_001_800, "scope": "api"},
            }
        )
    )
    loaded = FileTokenStore(path).load()
    assert loaded == Tokens("a", "r", access_expires_at=1_700_001_800.0, created_at=1_700_000_000.0)
    assert loaded.login_expires_at == 1_700_000_000 + 7 * 86_400


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"token": {}, "creation_timestamp": 1}', '{"token": "secret"}'])
def test_what_is_no_login_is_told_without_its_content(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tokens.json"
    path.write_text(text)
    with pytest.raises(CollectorError, match="run thor schwab login") as failure:
        FileTokenStore(path).load()
    assert "secret" not in str(failure.value)


def test_a_refresh_does_not_make_a_login_younger() -> None:
    refreshed = TOKENS.refreshed({"access_token": "new", "expires_in": 1800}, 5_000.0)
    assert (refreshed.access_token, refreshed.refresh_token) == ("new", "a-refresh")
    assert refreshed.access_expires_at == 6_800.0
    assert refreshed.login_expires_at == TOKENS.login_expires_at


def test_tokens_show_no_secret() -> None:
    assert "an-access" not in f"{TOKENS!r} {TOKENS}"
    assert "a-refresh" not in f"{TOKENS!r} {TOKENS}"


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring for a test."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


def test_a_login_may_be_kept_in_the_system_s_keyring() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    try:
        store = open_store("keyring", state=None, app_key="the-app")
        assert isinstance(store, KeyringTokenStore)
        assert store.load() is None
        store.save(TOKENS)
        assert store.load() == TOKENS
    finally:
        keyring.set_keyring(before)


def test_the_place_of_the_file_is_the_setting_s_or_the_state_folder_s(tmp_path: Path) -> None:
    named = open_store(str(tmp_path / "mine.json"), state=tmp_path / "state", app_key="k")
    default = open_store(None, state=tmp_path / "state", app_key="k")
    assert isinstance(named, FileTokenStore)
    assert isinstance(default, FileTokenStore)
    assert (named.path, default.path) == (tmp_path / "mine.json", tmp_path / "state" / "schwab-tokens.json")
