"""What an installation gets: the wheel of `thor` holds the built dashboard, whole."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD = "thor_web/dashboard/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("thor-*.whl")
    return zipfile.ZipFile(built)


def named_in(text: str) -> set[str]:
    """The assets that a page or a style sheet names."""
    return {f"{DASHBOARD}assets/{name}" for name in re.findall(r"(?:/static/assets/|\./)([\w.-]+-[\w-]{8}\.\w+)", text)}


def test_index_html_and_everything_it_loads_are_in_it(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    page = wheel.read(f"{DASHBOARD}index.html").decode()
    loaded = named_in(page)
    assert {Path(name).suffix for name in loaded} >= {".js", ".css"}
    assert loaded <= names
    assert {f"{DASHBOARD}{name}" for name in ("favicon.svg", "manifest.webmanifest", "theme.js")} <= names


def test_every_part_that_is_loaded_later_is_in_it(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    scripts = [name for name in names if name.startswith(f"{DASHBOARD}assets/") and name.endswith(".js")]
    later = set().union(*(named_in(wheel.read(name).decode()) for name in scripts))
    assert any("ChartPanel" in name for name in later)
    assert later <= names


def test_it_is_the_dashboard_that_is_built_here(wheel: zipfile.ZipFile) -> None:
    built = {f"{DASHBOARD}{path.relative_to(ROOT / DASHBOARD)}" for path in (ROOT / DASHBOARD).rglob("*.*")}
    assert {name for name in wheel.namelist() if name.startswith(DASHBOARD)} == built
