"""The module as a whole: its stub is true, its examples run, its names and versions agree."""

import ast
import doctest
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import thor_fast
from thor_fast import _core

PACKAGE = Path(thor_fast.__file__).parent
CRATE = Path(__file__).parents[3] / "thor_fast"


def test_the_stub_says_what_the_module_does(tmp_path: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "thor_fast"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_installed_stub_is_the_repositorys() -> None:
    for name in ("_core.pyi", "__init__.py", "_error.py", "py.typed"):
        assert (PACKAGE / name).read_bytes() == (CRATE / "python" / "thor_fast" / name).read_bytes()


def test_everything_of_the_core_is_exported() -> None:
    assert set(thor_fast.__all__) == set(_core.__all__)
    assert thor_fast.__all__ == sorted(thor_fast.__all__, key=lambda name: (not name.isupper(), name.islower(), name))


def test_one_version_everywhere() -> None:
    cargo = tomllib.loads((CRATE / "Cargo.toml").read_text())["package"]["version"]
    project = tomllib.loads((CRATE / "pyproject.toml").read_text())["project"]["version"]
    assert thor_fast.__version__ == _core.__version__ == cargo == project


def test_help_begins_with_the_stubs_words() -> None:
    for node in ast.parse((PACKAGE / "_core.pyi").read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            stub, live = ast.get_docstring(node), getattr(thor_fast, node.name).__doc__
            assert stub is not None
            assert live is not None
            assert live.splitlines()[0] == stub.splitlines()[0]


def documented() -> Iterator[tuple[str, str]]:
    """Name and docstring of everything in the stub that has an example."""
    for node in ast.walk(ast.parse((PACKAGE / "_core.pyi").read_text())):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node)
            if text is not None and ">>>" in text:
                yield node.name, text


@pytest.mark.parametrize(("name", "text"), list(documented()), ids=[name for name, _ in documented()])
def test_the_examples_run(name: str, text: str) -> None:
    example = doctest.DocTestParser().get_doctest(text, {}, name, None, None)
    assert doctest.DocTestRunner().run(example).failed == 0


def test_the_fields_are_the_contracts() -> None:
    names = [name for name, *_ in thor_fast.EVENT_FIELDS]
    assert " ".join(names) == "v symbol ts source last bid ask lastSize bidSize askSize seq condition venue meta"
    assert {need for _, _, need, *_ in thor_fast.EVENT_FIELDS} == {"required", "nullable", "optional"}
