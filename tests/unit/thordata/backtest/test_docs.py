"""docs/writing-a-strategy.md, followed word by word."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "writing-a-strategy.md"
BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_is_true(lake: Path, tmp_path: Path) -> None:
    folder, installed = tmp_path / "mine", tmp_path / "installed"
    folder.mkdir()
    environment = {
        **os.environ, "LAKE_DIR": str(lake), "THOR_STATE": str(tmp_path), "PYTHONPATH": f"{installed}:{folder}:{ROOT}",
    }  # fmt: skip
    answers: list[str] = []
    for kind, name, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if name:
            (folder / name).write_text(text, encoding="utf-8")
        elif kind == "sh":
            answers += [_run(line, folder, installed, environment) for line in text.splitlines()]
    tested, by_module, _, known, by_name = answers
    assert "2 passed" in tested
    assert "my_strategies:ThreeUp" in by_module
    assert all(name in known for name in ("three_up", "above_mean", "calm_quotes"))
    result = json.loads(by_name)
    assert result["parity"]["match"] is True
    assert result["trade_statistics"]["fills"] > 0


def _run(line: str, folder: Path, installed: Path, environment: dict[str, str]) -> str:
    words = shlex.split(line)
    if words[0] == "thor":
        words = [sys.executable, "-m", "thor_web.cli.main", *words[1:]]
    else:
        words = [sys.executable, *words[1:]]
    if "pip" in words:  # into a folder of the test's own, without the network
        words += ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(installed)]
    if "pytest" in words:
        words += ["-p", "no:cacheprovider", "--rootdir", str(folder), "-c", os.devnull]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout
