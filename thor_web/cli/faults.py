"""What went wrong, in one plain sentence for a person. Knows every room's exceptions by name, imports none."""

import sys

from thor_web.runtime.errors import ThorError

__all__ = ["sentence_of"]

EXPECTED = (
    ("collectors.errors", "CollectorError"),
    ("collectors.bus", "BusError"),
    ("thor_web.thordata.backtest.errors", "BacktestError"),
    ("thor_web.thordata.errors", "StorageError"),
    ("thor_web.timezones.interface", "UnknownMarketError"),
    ("psycopg", "OperationalError"),
    ("botocore.exceptions", "BotoCoreError"),
    ("django.core.management.base", "CommandError"),
)
"""Where a loaded module defines one of these, its text is meant for a person. Never imports a module for it."""


def sentence_of(error: BaseException) -> str:
    """One sentence that ends with a full stop."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    text = _text_of(error)
    text = " ".join(text.split()).strip()
    if text.partition(" ")[0].isalpha():  # not a file, not a variable
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _text_of(error: BaseException) -> str:
    if isinstance(error, ThorError):
        return str(error)
    if kind := _expected_kind(error):
        prefix = {"BusError": "Redis: ", "OperationalError": "Postgres: "}.get(kind, "")
        return f"{prefix}{error}"
    if _is(error, "pydantic_core", "ValidationError"):
        return _settings_fault(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, ModuleNotFoundError):
        return f"{error}; run ./thor doctor"
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"an unexpected fault, {text} (THOR_DEBUG=1 shows where)"


def _expected_kind(error: BaseException) -> str | None:
    for module, name in EXPECTED:
        if _is(error, module, name):
            return name
    return None


def _is(error: BaseException, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(error, kind)


def _settings_fault(error: BaseException) -> str:
    """The first fault of a settings table, with the name of its environment variable."""
    faults = error.errors()  # type: ignore[attr-defined]  # a pydantic ValidationError
    variable = "_".join(str(part) for part in faults[0]["loc"]).upper()
    return f"the setting {variable} is wrong: {faults[0]['msg']}"
