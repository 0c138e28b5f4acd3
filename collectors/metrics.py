"""From what processes say of themselves to Prometheus' text format: one table a kind of process, one page of all.

A process tells its counters in its heartbeat (`health:<component>`) and nowhere else; a table here or beside another
process says which of those fields is which metric. Every series has the label `process`, the component's name. What
a heartbeat does not hold, or holds in a form that cannot be read, is left out of the page and breaks nothing.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from collectors.errors import CollectorError

__all__ = [
    "COLLECTOR_METRICS",
    "CONTENT_TYPE",
    "Family",
    "Heartbeat",
    "Tables",
    "by_json",
    "by_prefix",
    "is_state",
    "latency",
    "metrics_page",
    "number",
    "served_metrics",
]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
LOOPBACK: Final = "127.0.0.1"

Heartbeat: TypeAlias = Mapping[str, str | int | float]
"""The fields of a health hash, as they are told or as they come out of Redis again."""
Sample: TypeAlias = tuple[str, float]
Read: TypeAlias = Callable[[Heartbeat], Iterable[Sample]]
"""Pairs of a label's value (empty where the metric has no label of its own) and a value."""


@dataclass(frozen=True, slots=True)
class Family:
    """One metric of a kind of process. `label` is a label beside `process`; `read` finds the values in a heartbeat."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    text: str
    read: Read
    label: str | None = None


Tables: TypeAlias = Mapping[str, Sequence[Family]]
"""The metrics of each kind of process."""


def number(field: str, *, scale: float = 1.0) -> Read:
    """The number in a field, times `scale`."""
    return lambda told: [("", float(told[field]) * scale)]


def is_state(state: str) -> Read:
    """1 while the process says that this is its state, else 0."""
    return lambda told: [("", float(told["state"] == state))]


def by_prefix(prefix: str) -> Read:
    """A sample for each field that begins so; the rest of its name is the label."""
    return lambda told: [
        (field.removeprefix(prefix), float(value)) for field, value in told.items() if field.startswith(prefix)
    ]


def by_json(field: str) -> Read:
    """A sample for each pair of a JSON object: label and value."""
    return lambda told: [(label, float(value)) for label, value in json.loads(str(told[field])).items()]


def latency(prefix: str = "latency") -> Read:
    """The buckets of a `collectors.latency.Latency`: bounds in seconds with their cumulative counts, then the sum."""

    def read(told: Heartbeat) -> Iterator[Sample]:
        for bound_us, count in json.loads(str(told[f"{prefix}_buckets"])).items():
            yield str(int(bound_us) / 1e6), float(count)
        yield "+Inf", float(told[f"{prefix}_count"])
        yield "sum", float(told[f"{prefix}_sum_us"]) / 1e6

    return read


COLLECTOR_METRICS: Final = (
    Family("thor_collector_events", "counter", "Events that Redis has taken.", number("events")),
    Family("thor_collector_rejects", "counter", "Input that was refused.", by_json("rejects_by_code"), "code"),
    Family("thor_collector_spooled", "gauge", "Events not yet known to be in Redis.", number("spooled")),
    Family("thor_collector_dropped", "counter", "Events lost to the spool's bound.", number("dropped")),
    Family("thor_collector_waiting_for_redis", "gauge", "1 while Redis is away.", is_state("waiting_for_redis")),
    Family("thor_publish_latency_seconds", "histogram", "From receipt to Redis' answer.", latency()),
)


def metrics_page(tables: Tables, processes: Mapping[str, Heartbeat]) -> bytes:
    """The page of some processes, of content type `CONTENT_TYPE`; `collector:MOCK` is of the kind `collector`."""
    return generate_latest(_registry(tables, lambda: processes))


@contextmanager
def served_metrics(
    tables: Tables, processes: Callable[[], Mapping[str, Heartbeat]], port: int | None
) -> Iterator[None]:
    """Serve the page at `/metrics` of a port of this machine, from a thread of its own; without a port do nothing.

    For a process that is no web server. Raises CollectorError where the port is taken.
    """
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port, LOOPBACK, _registry(tables, processes))
    except OSError as error:
        raise CollectorError(f"/metrics cannot be served at port {port}: {error.strerror}") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _registry(tables: Tables, processes: Callable[[], Mapping[str, Heartbeat]]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Told(tables, processes))
    return registry


class _Told(Collector):
    """What processes tell, as prometheus_client's families."""

    def __init__(self, tables: Tables, processes: Callable[[], Mapping[str, Heartbeat]]) -> None:
        self._tables = tables
        self._processes = processes

    def describe(self) -> Iterable[Metric]:
        """Nothing ahead of time: prometheus_client would ask the processes for it."""
        return ()

    def collect(self) -> Iterator[Metric]:
        told = self._processes()
        for kind, families in self._tables.items():
            alike = {name: fields for name, fields in told.items() if name.split(":")[0] == kind}
            for family in families:
                if metric := _metric(family, alike):
                    yield metric


def _metric(family: Family, processes: Mapping[str, Heartbeat]) -> Metric | None:
    """One family over the processes that tell of it; None where none does."""
    samples = {name: read for name, told in processes.items() if (read := _read(family, told)) is not None}
    if not samples:
        return None
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.text, labels=["process"])
        for name, (*buckets, (_, total)) in samples.items():
            histogram.add_metric([name], buckets, total)
        return histogram
    labels = ["process"] if family.label is None else ["process", family.label]
    made = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    metric = made(family.name, family.text, labels=labels)
    for name, pairs in samples.items():
        for label, value in pairs:
            metric.add_metric([name] if family.label is None else [name, label], value)
    return metric


def _read(family: Family, told: Heartbeat) -> list[Sample] | None:
    try:
        return list(family.read(told))
    except (KeyError, ValueError, AttributeError, TypeError):  # not told yet, empty, or of another version
        return None
