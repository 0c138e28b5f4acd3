"""Every metric that a dashboard or an alert asks for is one that Thor tells."""

import json
import re
from pathlib import Path

import pytest

from thor_web.thor_project.web_health import METRICS

DEPLOY = Path(__file__).parents[3] / "deploy"
NAME = re.compile(r"\bthor_[a-z0-9_]+")
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
TOLD = {
    family.name + suffix for families in METRICS.values() for family in families for suffix in SUFFIXES[family.kind]
}


def asked(file: Path) -> set[str]:
    """The metrics that a file's expressions name."""
    if file.suffix == ".json":
        panels = json.loads(file.read_text())["panels"]
        expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    else:
        expressions = re.findall(r"^\s+expr: (.+)$", file.read_text(), flags=re.MULTILINE)
    assert len(expressions) > 10
    return {name for expression in expressions for name in NAME.findall(expression)}


@pytest.mark.parametrize("file", ["grafana/thor.json", "prometheus/alerts.yml"])
def test_what_is_asked_for_is_told(file: str) -> None:
    assert asked(DEPLOY / file) - TOLD == set()


def test_every_alert_says_how_bad_it_is_and_what_is_wrong() -> None:
    rules = (DEPLOY / "prometheus" / "alerts.yml").read_text().split("- alert: ")[1:]
    assert len(rules) > 10
    for rule in rules:
        assert re.search(r"labels: \{severity: (warning|critical)\}", rule), rule
        assert "summary: " in rule
