"""A log line as JSON: one object, with the trace of the work that wrote it."""

import contextvars
import json
import logging

import pytest

from collectors.tracing import begin_trace, current_trace
from thor_web.cli.logs import configure_logs

PARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def root_logger() -> logging.Logger:
    return logging.getLogger()


def test_a_line_says_who_what_when_and_in_which_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], root_logger: logging.Logger
) -> None:
    monkeypatch.setenv("THOR_LOG_FORMAT", "json")
    before = root_logger.handlers[:]
    root_logger.handlers.clear()
    try:
        configure_logs("ingest")
        contextvars.copy_context().run(_work)
        logging.getLogger("thor.b").warning("without one")
    finally:
        root_logger.handlers[:] = before
        logging.captureWarnings(False)
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["level"], first["logger"], first["message"]) == ("ERROR", "thor.a", "it broke: 7")
    assert (first["process"], first["trace_id"], first["stream"]) == (
        "ingest",
        "0af7651916cd43dd8448eb211c80319c",
        "quotes:stream:TOS",
    )
    assert "ZeroDivisionError" in first["exception"]
    assert first["time"].endswith("Z")
    assert "trace_id" not in second


def _work() -> None:
    begin_trace(PARENT)
    try:
        1 / 0  # noqa: B018 - the fault
    except ZeroDivisionError:
        logging.getLogger("thor.a").exception("it broke: %d", 7, extra={"stream": "quotes:stream:TOS"})


def test_work_without_a_parent_gets_a_trace_of_its_own() -> None:
    def begin(parent: bytes) -> str:
        return contextvars.copy_context().run(begin_trace, parent)

    assert begin(PARENT) == "0af7651916cd43dd8448eb211c80319c"
    one, other = begin(b""), begin(b"00-nonsense-01")
    assert len(one) == len(other) == 32
    assert one != other
    assert current_trace() == ""
