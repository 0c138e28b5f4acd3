"""A request's span reaches a collector, as a child of the trace that the request brought."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from thor_web.thor_project.telemetry import spans

ASK = """
import sys
from thor_web.thor_project.telemetry import spans
span = spans(sys.argv[1])
with span({"method": "GET", "path": "/api/session"}, {b"traceparent": sys.argv[2].encode()}):
    pass
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    received: list[tuple[str, bytes]] = []

    def do_POST(self) -> None:
        self.received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def test_a_span_is_exported_when_the_process_ends() -> None:
    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        endpoint = f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
        # A process of its own: the exporter works in a thread that ends with its process.
        subprocess.run([sys.executable, "-c", ASK, endpoint, PARENT], check=True, timeout=30)
        server.shutdown()
        thread.join()
    ((path, body),) = Collector.received
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = resource.scope_spans[0].spans
    assert (path, span.name) == ("/v1/traces", "GET /api/session")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    assert {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"] == "thor-web"


def test_without_an_endpoint_nothing_is_loaded() -> None:
    code = (
        "import sys; from thor_web.thor_project.telemetry import spans; spans(''); "
        "print('opentelemetry' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
    with spans("")({"method": "GET", "path": "/"}, {}):
        pass
