"""The bootstrap's stamps: a step runs when the content of its inputs has changed, and only then."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("thor_bootstrap", str(ROOT / "thor"))
    spec = importlib.util.spec_from_loader("thor_bootstrap", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module


@pytest.fixture
def source(tmp_path: Path) -> Path:
    file = tmp_path / "source"
    file.write_text("one")
    return file


def make_step(bootstrap: ModuleType, source: Path) -> Any:
    return bootstrap.Step("step", [str(source)], lambda: None, str(source.parent / "product"))


def stamp(step: Any) -> dict[str, dict[str, str]]:
    return {"step": {"content": step.content(), "glance": step.glance()}}


def test_a_step_never_done_is_to_be_done(bootstrap: ModuleType, source: Path) -> None:
    assert not make_step(bootstrap, source).is_done({})


def test_a_step_is_done_while_nothing_changes(bootstrap: ModuleType, source: Path) -> None:
    step = make_step(bootstrap, source)
    (source.parent / "product").touch()
    assert step.is_done(stamp(step))


def test_a_new_time_alone_is_no_change(bootstrap: ModuleType, source: Path) -> None:
    step = make_step(bootstrap, source)
    (source.parent / "product").touch()
    stamps = stamp(step)
    os.utime(source, (1, 1))
    assert step.is_done(stamps)
    assert stamps == stamp(step)


def test_new_content_is_a_change(bootstrap: ModuleType, source: Path) -> None:
    step = make_step(bootstrap, source)
    (source.parent / "product").touch()
    stamps = stamp(step)
    source.write_text("two")
    os.utime(source, (1, 1))
    assert not step.is_done(stamps)


def test_a_lost_product_is_made_again(bootstrap: ModuleType, source: Path) -> None:
    step = make_step(bootstrap, source)
    assert not step.is_done(stamp(step))


def test_build_folders_are_not_inputs(bootstrap: ModuleType, tmp_path: Path) -> None:
    for folder in ("src", "target", "node_modules", "__pycache__"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").touch()
    assert list(bootstrap.files_below(str(tmp_path))) == [str(tmp_path / "src" / "file")]


def test_a_missing_tool_is_one_sentence(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "find_tool", lambda _name: None)
    with pytest.raises(bootstrap.Missing, match=r"^cargo is missing: install Rust 1\.88 or newer"):
        bootstrap.require_rust()


def test_an_old_rust_is_one_sentence(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "find_tool", lambda _name: "cargo")
    monkeypatch.setattr(bootstrap, "version_of", lambda _argv: (1, 63, 0))
    with pytest.raises(bootstrap.Missing, match=r"Rust 1\.88 or newer is needed, this is 1\.63"):
        bootstrap.require_rust()


def test_the_oldest_rust_is_the_crates_own(bootstrap: ModuleType) -> None:
    wanted = ".".join(map(str, bootstrap.OLDEST_RUST))
    assert f'rust-version = "{wanted}"' in (ROOT / "thor_fast" / "Cargo.toml").read_text()


def test_an_old_python_is_one_sentence() -> None:
    program = (
        "import runpy, sys\n"
        "sys.version_info = (3, 9, 2, 'final', 0)\n"
        f"runpy.run_path({str(ROOT / 'thor')!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("thor: Python 3.11 or newer is needed")
    assert done.stderr.count("\n") == 1
