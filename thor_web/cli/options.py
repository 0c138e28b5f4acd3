"""Options and checks that several commands share. No command of its own."""

import argparse
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from thor_web.runtime.errors import ThorError

if TYPE_CHECKING:
    from thor_web.runtime.state import StateFolder

__all__ = [
    "Commands",
    "add_metrics_port",
    "add_state",
    "day",
    "find_servers",
    "port",
    "require_core",
    "speed",
    "state_folder",
    "symbols",
    "worker_count",
]

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = object

CORE_VERSION: Final = "0.1.0"
"""The version of thor_fast that this Thor is written for; the pin in pyproject.toml says the same."""


def add_state(parser: argparse.ArgumentParser) -> None:
    """Add `--state DIR`."""
    parser.add_argument(
        "--state", metavar="DIR", help="folder of a `thor up` (default: THOR_STATE, or your user state folder)"
    )


def add_metrics_port(parser: argparse.ArgumentParser) -> None:
    """Add `--metrics-port N`."""
    parser.add_argument(
        "--metrics-port",
        type=port,
        metavar="N",
        help="serve /metrics of this process alone at a port of this machine (the web server's tells of every process)",
    )


def state_folder(arguments: argparse.Namespace) -> "StateFolder":
    """The state folder that the command line or the environment names."""
    from thor_web.runtime.state import StateFolder, default_state_path

    named: str | None = getattr(arguments, "state", None)
    return StateFolder(Path(named).expanduser().absolute() if named else default_state_path())


def find_servers(arguments: argparse.Namespace) -> "StateFolder":
    """Name the servers of the state folder in our environment, before any settings are read."""
    state = state_folder(arguments)
    state.apply(os.environ)
    return state


def require_core() -> None:
    """Raise ThorError unless the Rust core is installed in the version this Thor needs.

    In a checkout the folder thor_fast/ imports as an empty package where nothing is installed, and fails much later.
    """
    try:
        import thor_fast
    except ImportError as error:
        raise ThorError(f"The Rust core thor_fast does not load ({error}): run ./thor doctor.") from error
    if thor_fast.__file__ is None:
        raise ThorError("The Rust core thor_fast is not built: run ./thor, or `pip install ./thor_fast`.")
    if thor_fast.__version__ != CORE_VERSION:
        raise ThorError(
            f"The Rust core thor_fast is version {thor_fast.__version__}, not {CORE_VERSION}: run ./thor to build it."
        )


def speed(text: str) -> float | None:
    """A factor of the recorded speed, or None for `max`."""
    if text == "max":
        return None
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError("a speed is above 0")
    return value


def day(text: str) -> date:
    """A date, YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a date is YYYY-MM-DD, was {text!r}") from None


def symbols(text: str) -> list[str]:
    """Symbols, separated by commas."""
    return [symbol.strip().upper() for symbol in text.split(",") if symbol.strip()]


def port(text: str) -> int:
    """A TCP port."""
    value = int(text)
    if not 1 <= value <= 65_535:
        raise ValueError("a port is from 1 to 65535")
    return value


def worker_count(text: str) -> int:
    """A number of web processes, from 1 to 64."""
    value = int(text)
    if not 1 <= value <= 64:
        raise ValueError("there are 1 to 64 workers")
    return value
