"""How a process of Thor writes its log: one line a record on standard error, as text or JSON, instants in UTC."""

import json
import logging
import os
import sys
import time
from typing import Any, Final

from collectors.tracing import current_trace

__all__ = ["configure_logs"]

STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; whatever else it has was given as `extra`."""


def _instant(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"


class _OneLine(logging.Formatter):
    """A record and its traceback, if any, on one line."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's name
        return _instant(record)

    def format(self, record: logging.LogRecord) -> str:
        return " | ".join(line for line in super().format(record).splitlines() if line.strip())


class _Json(logging.Formatter):
    """A record as one JSON object: time, level, logger, message, process, trace, and what was given as `extra`."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": _instant(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": self._process,
            "pid": record.process,
        }
        if trace := current_trace():
            entry["trace_id"] = trace
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        entry |= {name: value for name, value in vars(record).items() if name not in STANDARD}
        return json.dumps(entry, default=str)


def configure_logs(process: str = "thor") -> None:
    """Send every logger to standard error, from the level THOR_LOG_LEVEL on, in the form THOR_LOG_FORMAT."""
    handler = logging.StreamHandler(sys.stderr)
    if os.environ.get("THOR_LOG_FORMAT", "").lower() == "json":
        handler.setFormatter(_Json(process))
    else:
        handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s %(message)s"))
    level = os.environ.get("THOR_LOG_LEVEL", "INFO").upper()
    logging.basicConfig(level=level if level in logging.getLevelNamesMapping() else "INFO", handlers=[handler])
    logging.captureWarnings(True)
