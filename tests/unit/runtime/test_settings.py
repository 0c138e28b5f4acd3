"""Settings that come from elsewhere than a variable of their own name."""

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from thor_web.thor_project.configuration import ServerSettings


def test_a_secret_may_lie_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("from the file\n")
    monkeypatch.delenv("DB_PASSWORD", raising=False)
    monkeypatch.setenv("DB_PASSWORD_FILE", str(tmp_path / "password"))
    assert ServerSettings().db_password == SecretStr("from the file")
    monkeypatch.setenv("DB_PASSWORD", "from the environment")
    assert ServerSettings().db_password == SecretStr("from the environment")


def test_a_secret_file_that_is_not_there_is_no_empty_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ValueError, match=r"DB_PASSWORD_FILE: .*nothing cannot be read"):
        ServerSettings()


def test_history_may_be_asked_of_a_replica() -> None:
    settings = ServerSettings(db_host="primary", db_read_host="replica", db_password=SecretStr("x"))
    assert conninfo_to_dict(settings.reading())["host"] == "replica"
    assert conninfo_to_dict(settings.conninfo())["host"] == "primary"
    assert conninfo_to_dict(ServerSettings(db_host="only").reading())["host"] == "only"


def test_no_secret_is_shown_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    from thor_web.cli.settings_table import settings_rows

    monkeypatch.setenv("DB_PASSWORD", "hunter2 hunter2")
    monkeypatch.setenv("REDIS_URL", "redis://thor:hunter2@127.0.0.1/0")
    assert "hunter2" not in repr(ServerSettings())
    assert "hunter2" not in repr(settings_rows())
