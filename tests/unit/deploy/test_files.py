"""The files of deploy/ and the workflows, by what reads them without an engine: schemas and linters."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def passes(*words: str | Path) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_is_one() -> None:
    passes(*checked("vendor.compose-spec"), DEPLOY / "compose.yaml")


def test_the_workflows_are_some() -> None:
    passes(*checked("vendor.github-workflows"), *sorted((ROOT / ".github" / "workflows").glob("*.yml")))


def test_the_dockerfile_has_no_fault_that_hadolint_knows() -> None:
    passes(Path(sys.executable).parent / "hadolint", DEPLOY / "Dockerfile")


def test_every_command_of_a_unit_or_service_is_one_of_thor() -> None:
    from thor_web.cli.main import build_parser

    lines = [
        line for unit in UNITS for line in re.findall(r"^ExecStart=\S+/thor (.+)$", unit.read_text(), re.MULTILINE)
    ]
    lines += [
        words.replace(",", "")
        for words in re.findall(
            r"^    command: \[((?!valkey)[^]]+)\]", (DEPLOY / "compose.yaml").read_text(), re.MULTILINE
        )
        if not words.startswith("manage")
    ]
    assert len(lines) > 8
    for line in lines:
        build_parser().parse_args(line.replace("%i", "mock").split())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_gives_nothing_away(unit: Path) -> None:
    text = unit.read_text()
    for line in (
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "CapabilityBoundingSet=",
        "User=thor",
    ):
        assert f"\n{line}\n" in text
    analyzer = shutil.which("systemd-analyze")
    if analyzer:  # where there is systemd it is asked as well
        passes(analyzer, "security", "--offline=true", "--threshold=20", unit)


def checked(schema: str) -> list[str | Path]:
    return [Path(sys.executable).parent / "check-jsonschema", "--builtin-schema", schema]
