"""Heartbeats as a Prometheus page: what it says, what it leaves out, and a port of its own."""

from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from collectors.errors import CollectorError
from collectors.latency import Latency
from collectors.metrics import (
    COLLECTOR_METRICS,
    CONTENT_TYPE,
    Family,
    Heartbeat,
    by_prefix,
    is_state,
    latency,
    metrics_page,
    number,
    served_metrics,
)

TABLES = {
    "mill": (
        Family("mill_sacks", "counter", "Sacks filled.", number("sacks")),
        Family("mill_turning", "gauge", "1 while it turns.", is_state("turning")),
        Family("mill_weight_kg", "gauge", "Weight by corn.", by_prefix("grams_"), "corn"),
        Family("mill_wait_seconds", "histogram", "Wait of the farmers.", latency()),
    )
}


def samples(page: bytes) -> dict[tuple[Any, ...], float]:
    """Every sample of a page: its name, its process and the value of its other label, to its value."""
    families = text_string_to_metric_families(page.decode())
    return {
        (sample.name, sample.labels.pop("process"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_each_process_of_a_kind_has_its_series() -> None:
    told: dict[str, Heartbeat] = {
        "mill:north": {"state": "turning", "sacks": 3},
        "mill": {"state": "still", "sacks": "0"},
        "barn": {},
    }
    assert samples(metrics_page(TABLES, told)) == {
        ("mill_sacks_total", "mill:north"): 3,
        ("mill_sacks_total", "mill"): 0,
        ("mill_turning", "mill:north"): 1,
        ("mill_turning", "mill"): 0,
    }


def test_fields_become_labels() -> None:
    found = samples(metrics_page(TABLES, {"mill": {"grams_rye": 1, "grams_oats": "2.5", "sacks": ""}}))
    assert found == {("mill_weight_kg", "mill", "rye"): 1, ("mill_weight_kg", "mill", "oats"): 2.5}


def test_a_latency_is_a_histogram_in_seconds() -> None:
    waited = Latency()
    waited.record(100)
    waited.record(2_000_000, times=2)
    found = samples(metrics_page(TABLES, {"mill": {name: str(value) for name, value in waited.fields().items()}}))
    assert found["mill_wait_seconds_bucket", "mill", "0.000127"] == 1
    assert found["mill_wait_seconds_bucket", "mill", "16.777215"] == 3
    assert found["mill_wait_seconds_bucket", "mill", "+Inf"] == 3
    assert found["mill_wait_seconds_sum", "mill"] == 4.0001
    assert found["mill_wait_seconds_count", "mill"] == 3


def test_totals_take_nothing_from_the_next_heartbeat() -> None:
    waited = Latency()
    waited.record(100)
    assert waited.totals()["latency_count"] == 1
    assert waited.fields()["latency_p50_us"] == 100
    assert waited.fields()["latency_p50_us"] == ""


@pytest.mark.parametrize("broken", [{"latency_buckets": "no JSON"}, {"latency_buckets": "[]"}, {"sacks": "many"}, {}])
def test_what_cannot_be_read_breaks_nothing(broken: dict[str, str]) -> None:
    assert samples(metrics_page(TABLES, {"mill": broken, "mill:2": {"sacks": 1}})) == {
        ("mill_sacks_total", "mill:2"): 1
    }


def test_a_collectors_rejects_are_told_by_code() -> None:
    found = samples(metrics_page({"collector": COLLECTOR_METRICS}, {"collector:TOS": {"rejects_by_code": '{"x": 2}'}}))
    assert found == {("thor_collector_rejects_total", "collector:TOS", "x"): 2}


def test_a_process_without_a_web_server_serves_its_own(unused_tcp_port: int) -> None:
    told: dict[str, dict[str, int]] = {}
    with served_metrics(TABLES, lambda: told, unused_tcp_port):
        told["mill"] = {"sacks": 7}
        answer = httpx.get(f"http://127.0.0.1:{unused_tcp_port}/metrics")
        assert answer.headers["content-type"] == CONTENT_TYPE
        assert samples(answer.content) == {("mill_sacks_total", "mill"): 7}
        with (
            pytest.raises(CollectorError, match=f"port {unused_tcp_port}"),
            served_metrics(TABLES, dict, unused_tcp_port),
        ):
            pass
    with served_metrics(TABLES, dict, unused_tcp_port):  # free again
        assert httpx.get(f"http://127.0.0.1:{unused_tcp_port}/metrics").content == b""
    with served_metrics(TABLES, dict, None):
        pass
