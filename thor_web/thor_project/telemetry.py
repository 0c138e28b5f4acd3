"""Requests as OpenTelemetry spans, for whoever collects them. Without OTEL_ENDPOINT nothing of it is even imported."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from thor_web.runtime.errors import ThorError

__all__ = ["Span", "spans"]

Span = Callable[[Mapping[str, Any], Mapping[bytes, bytes]], AbstractContextManager[object]]
"""Makes the span of a request from its ASGI scope and headers."""


def spans(endpoint: str) -> Span:
    """Spans that go to an OTLP endpoint (HTTP) in the background; without an endpoint none. Raises ThorError."""
    if not endpoint:
        return lambda _scope, _headers: nullcontext()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        from opentelemetry.trace import SpanKind  # noqa: PLC0415
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415
    except ImportError as error:
        raise ThorError(f"OTEL_ENDPOINT needs `pip install 'thor[otel]'` ({error}).") from error
    provider = TracerProvider(resource=Resource.create({"service.name": "thor-web"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    tracer, propagator = provider.get_tracer("thor"), TraceContextTextMapPropagator()

    def span(scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> AbstractContextManager[object]:
        parent = propagator.extract({"traceparent": headers.get(b"traceparent", b"").decode("latin-1")})
        attributes = {"http.request.method": scope["method"], "url.path": scope["path"][:200]}
        return tracer.start_as_current_span(
            f"{scope['method']} {scope['path'][:100]}", context=parent, kind=SpanKind.SERVER, attributes=attributes
        )

    return span
