"""docs/adding-a-source.md is followed to the letter in a copy of the project, and the source works."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from collectors import keys
from collectors.bus import Bus
from tests.integration.own_redis import OwnRedis

ROOT = Path(__file__).parents[3]
STEP = re.compile(
    r"^(?:Write `(?P<new>[^`]+)`|In `(?P<file>[^`]+)`, (?P<how>below|in place of) `(?P<anchor>[^`]+)`):\n\n"
    r"```python\n(?P<code>.*?)```$",
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's own packages and the contract, with the page's steps carried out."""
    copied = tmp_path / "project"
    for name in ("collectors", "thor_web"):
        ignored = shutil.ignore_patterns("__pycache__", "dashboard")
        shutil.copytree(ROOT / name, copied / name, ignore=ignored)
    (copied / "tests" / "unit" / "collectors").mkdir(parents=True)
    for name in ("__init__.py", "source_contract.py"):
        shutil.copy(ROOT / "tests" / name, copied / "tests" / name)
    page = (ROOT / "docs" / "adding-a-source.md").read_text(encoding="utf-8")
    steps = list(STEP.finditer(page))
    assert len(steps) == page.count("```python")
    for step in steps:
        if step["new"]:
            (copied / step["new"]).write_text(step["code"], encoding="utf-8")
            continue
        path = copied / step["file"]
        path.write_text(changed(path.read_text(encoding="utf-8"), step), encoding="utf-8")
    return copied


def changed(text: str, step: "re.Match[str]") -> str:
    """The file after one step: the anchor is one of its lines, and what is added is indented as that is."""
    lines = text.splitlines(keepends=True)
    (place,) = (at for at, line in enumerate(lines) if line.strip() == step["anchor"])
    indent = lines[place][: -len(lines[place].lstrip())]
    added = [f"{indent}{line}" for line in step["code"].splitlines(keepends=True)]
    kept = [] if step["how"] == "in place of" else [lines[place]]
    return "".join([*lines[:place], *kept, *added, *lines[place + 1 :]])


def run(copy: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    own = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=copy,
        env=os.environ | own | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_page_s_own_test_passes(copy: Path) -> None:
    options = ["-q", "--import-mode=importlib", "-p", "no:valkey", "-p", "no:cacheprovider"]
    options += ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function", "-W", "error"]
    tested = run(copy, "-m", "pytest", *options, "tests/unit/collectors/test_lines.py")
    output, _ = tested.communicate(timeout=120)
    assert tested.returncode == 0, output
    assert "5 passed" in output


async def test_the_source_runs_by_its_command_and_publishes(copy: Path, own_redis: OwnRedis, own_bus: Bus) -> None:
    quotes = copy / "quotes.txt"
    quotes.write_text("/ES:XCME 6708.25 6708.50 6708.75\n?! 1 2 3\n")
    running = run(
        copy, "-m", "thor_web.cli.main", "collect", "lines", str(quotes), REDIS_URL=own_redis.url, THOR_STATE=str(copy)
    )
    try:
        async with asyncio.timeout(60):
            while not (entries := await own_bus.entries_after(keys.source_stream("LINES"), "0-0", count=10)):
                assert running.poll() is None, running.communicate()[0]
                await asyncio.sleep(0.05)
        refused = await own_bus.rejects(count=10)
    finally:
        running.terminate()
        running.communicate(timeout=20)
    assert [(entry.data or b"")[:25] for entry in entries] == [b'{"v":1,"symbol":"ES","ts"']
    assert [reject["code"] for reject in refused] == ["bad_symbol"]
