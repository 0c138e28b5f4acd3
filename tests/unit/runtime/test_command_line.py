"""The `thor` command: exit status, one plain sentence, one JSON document, and nothing loaded before it is needed."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from thor_web.cli.faults import sentence_of
from thor_web.cli.main import build_parser
from thor_web.cli.options import CORE_VERSION
from thor_web.timezones.interface import market_names

ROOT = Path(__file__).resolve().parents[3]


def thor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("THOR_", "REDIS_URL", "DB_", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, "-P", "-m", "thor_web.cli.main", *arguments],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("fly",),
        ("up", "--port", "none"),
        ("up", "--speed", "-1"),
        ("up", "--source", "radio"),
        ("collect",),
        ("collect", "radio"),
        ("collect", "replay"),
        ("session", "--at", "yesterday"),
        ("session", "--at", "2026-11-22T18:00:00"),
        ("export", "--date", "tomorrow"),
    ],
)
def test_wrong_usage_is_status_2(arguments: tuple[str, ...]) -> None:
    done = thor(*arguments)
    assert done.returncode == 2
    assert "usage: thor" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("up", "--source", "replay:/nowhere.jsonl"), "There is no file /nowhere.jsonl to replay."),
        (("session", "MARS"), "There is no market 'MARS'"),
    ],
)
def test_what_a_person_can_mend_is_one_sentence_and_status_1(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    done = thor(*arguments, THOR_STATE=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"thor: {sentence}")
    assert done.stderr.count("\n") == 1


def test_a_wrong_setting_is_named() -> None:
    done = thor("session", STALE_AFTER_MS="soon")
    assert done.returncode == 1
    assert done.stderr.startswith("thor: The setting STALE_AFTER_MS is wrong: ")
    assert done.stderr.count("\n") == 1


def test_a_status_without_servers_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = thor("status", "--state", str(tmp_path), REDIS_URL=f"unix://{tmp_path}/none", DB_HOST=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("thor: No Thor answers")


def test_json_is_one_document_and_nothing_else() -> None:
    done = thor("session", "all", "--at", "2025-06-11T14:00:00Z", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert {state["market"] for state in json.loads(done.stdout)} == set(market_names())


def test_secrets_are_never_printed() -> None:
    done = thor("settings", "--json", DB_PASSWORD="hunter2", REDIS_URL="redis://u:hunter2@h")
    assert done.returncode == 0
    assert "hunter2" not in done.stdout
    assert {row["name"] for row in json.loads(done.stdout)} >= {"REDIS_URL", "DB_PASSWORD", "STALE_AFTER_MS"}


def test_help_loads_no_part_of_thor_that_it_does_not_show() -> None:
    program = (
        "import sys\n"
        "from thor_web.cli.main import build_parser\n"
        "build_parser().format_help()\n"
        "heavy = {'django', 'redis', 'pydantic', 'rich', 'psycopg', 'asyncio', 'thor_fast', 'polars', 'duckdb'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_command_of_the_parser_has_a_handler_or_is_forwarded() -> None:
    assert "up" in build_parser().format_help()
    for name in ("merge", "ingest", "web", "status", "doctor", "settings", "check", "up"):
        assert callable(build_parser().parse_args([name]).handler)


def test_the_core_version_is_the_pinned_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"thor-fast=={CORE_VERSION}" in project["dependencies"]


def test_a_group_of_one_error_reads_like_the_error() -> None:
    fault = FileNotFoundError(2, "No such file or directory", "quotes.json")
    assert sentence_of(ExceptionGroup("tasks", [fault])) == "quotes.json: No such file or directory."
