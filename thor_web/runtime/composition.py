"""Which processes make up a running Thor: their commands, environment, readiness and the order in which they stop.

Pure description; up.py carries it out.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from collectors import keys
from collectors.providers import parse_providers
from thor_web.runtime import wire
from thor_web.runtime.child import ChildSpec
from thor_web.runtime.errors import ThorError
from thor_web.runtime.state import StateFolder

__all__ = [
    "SourceChoice",
    "collector_specs",
    "forget_former_run",
    "stop_order",
    "thor_command",
    "worker_specs",
]

COLLECTOR: Final = "collector"
STOP_ORDER: Final = ("backtests", "sealer", "clock", "merger", "ingestor", "signals", "web", "postgres", "redis")
"""What feeds stops before what is fed, so that everything received is stored before the databases go."""


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """One source that `--source` or DATA_PROVIDER names. `speed` is `max` or a factor, for a replay."""

    kind: str
    file: Path | None = None
    speed: str = "1"

    @classmethod
    def parse_all(cls, text: str, *, speed: str) -> "tuple[SourceChoice, ...]":
        """Read `mock`, `none`, `replay:FILE`, `excel_live,schwab`. Raises ValueError, ThorError for a missing file."""
        found: list[SourceChoice] = []
        for provider in parse_providers(text):
            # The name of an open workbook is no file to look for.
            needs_file = provider.file is not None and provider.kind != "excel_live"
            file = provider.file.absolute() if provider.file is not None and needs_file else provider.file
            if needs_file and file is not None and not file.is_file():
                purpose = "replay" if provider.kind == "replay" else "read"
                raise ThorError(f"There is no file {provider.file} to {purpose}.")
            found.append(cls(provider.kind, file, speed))
        return tuple(found)

    def __str__(self) -> str:
        if self.kind == "replay" and self.file is not None:
            return f"replay of {self.file.name} at speed {self.speed}"
        return f"{self.kind} of {self.file.name}" if self.file else self.kind


def thor_command(*arguments: str) -> tuple[str, ...]:
    """The command line of one `thor` process, run by this interpreter and importing nothing from the work folder."""
    return (sys.executable, "-P", "-m", "thor_web.cli.main", *arguments)


def worker_specs(state: StateFolder, environment: Mapping[str, str], *, port: int) -> tuple[ChildSpec, ...]:
    """The processes every Thor has beside its servers and its source."""
    redis_url = environment["REDIS_URL"]
    return (
        ChildSpec(
            name="web",
            purpose="dashboard, REST and event streams",
            argv=thor_command("web", "--port", str(port)),
            environment=environment,
            log=state.logs / "web.log",
            ready=partial(wire.http_ok, port, "/healthz"),
            place=f"http://127.0.0.1:{port}",
        ),
        ChildSpec(
            name="merger",
            purpose="chooses the source of each symbol",
            argv=thor_command("merge"),
            environment=environment,
            log=state.logs / "merger.log",
            ready=health_probe(redis_url, "merger"),
        ),
        ChildSpec(
            name="ingestor",
            purpose="stores every event as a tick",
            argv=thor_command("ingest"),
            environment=environment,
            log=state.logs / "ingestor.log",
            ready=health_probe(redis_url, "ingestor"),
            grace_s=20.0,  # it stores and acknowledges what it holds
        ),
        ChildSpec(
            name="signals",
            purpose="records signals, bars and trade dates",
            argv=thor_command("signals"),
            environment=environment,
            log=state.logs / "signals.log",
            ready=health_probe(redis_url, "signals"),
        ),
        ChildSpec(
            name="clock",
            purpose="what markets do, and what is due because of it",
            argv=thor_command("clock"),
            environment=environment,
            log=state.logs / "clock.log",
            ready=health_probe(redis_url, "clock"),
        ),
        ChildSpec(
            name="backtests",
            purpose="plays backtests from the queue",
            argv=thor_command("backtest", "work"),
            environment=environment,
            log=state.logs / "backtests.log",
            later=True,
        ),
        ChildSpec(
            name="sealer",
            purpose="seals the signals that are shown",
            argv=thor_command("backtest", "seal"),
            environment=environment,
            log=state.logs / "sealer.log",
        ),
    )


def collector_specs(
    state: StateFolder, environment: Mapping[str, str], sources: Sequence[SourceChoice]
) -> tuple[ChildSpec, ...]:
    """The processes that bring quotes in, one a source."""
    return tuple(
        _collector_spec(COLLECTOR if place == 0 else f"{COLLECTOR}-{source.kind}", state, environment, source)
        for place, source in enumerate(sources)
    )


def _collector_spec(name: str, state: StateFolder, environment: Mapping[str, str], source: SourceChoice) -> ChildSpec:
    arguments = ["collect", source.kind]
    if source.file is not None:
        arguments.append(str(source.file))
    if source.kind == "replay":
        arguments += ["--speed", source.speed]
    return ChildSpec(
        name=name,
        purpose=f"source: {source}",
        argv=thor_command(*arguments),
        environment=environment,
        log=state.logs / f"{name}.log",
        may_finish=True,
    )


def stop_order(names: Iterable[str]) -> tuple[str, ...]:
    """The order in which these processes stop: every collector first."""
    return (*(name for name in names if name.startswith(COLLECTOR)), *STOP_ORDER)


def health_probe(redis_url: str, component: str) -> Callable[[], bool]:
    """A check of whether a component has said that it lives."""
    parts = urlsplit(redis_url)
    if parts.scheme == "unix" and parts.query == "db=0":
        return partial(_lives_in_own_redis, Path(parts.path), component)
    return lambda: asyncio.run(_lives_in(redis_url, component))


def _lives_in_own_redis(socket: Path, component: str) -> bool:
    try:
        return wire.redis_call(socket, "EXISTS", keys.health(component)) == ":1"
    except OSError:
        return False


async def _lives_in(redis_url: str, component: str) -> bool:
    from collectors.bus import Bus, BusError  # noqa: PLC0415 - needed only where Redis is somebody else's

    bus = Bus.from_url(redis_url)
    try:
        return component in await bus.health()
    except BusError:
        return False
    finally:
        await bus.close()


def forget_former_run(redis_socket: Path) -> None:
    """Drop health and leases that a killed Thor left in its own Redis, so that no reader believes in them."""
    names = [keys.health(name) for name in ("merger", "ingestor", "clock", "signals", "web", "merger:standby")]
    names += [keys.lease(name) for name in ("merger", "ingestor")]
    wire.redis_call(redis_socket, "DEL", *names)
