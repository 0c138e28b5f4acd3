"""Which processes make up a running Thor: their commands, environment, readiness and the order in which they stop.

Pure description; up.py carries it out.
"""

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from collectors import keys
from thor_web.runtime import wire
from thor_web.runtime.child import ChildSpec
from thor_web.runtime.errors import ThorError
from thor_web.runtime.state import StateFolder

__all__ = ["STOP_ORDER", "SourceChoice", "collector_spec", "forget_former_run", "thor_command", "worker_specs"]

STOP_ORDER: Final = ("collector", "merger", "ingestor", "signals", "web", "postgres", "redis")
"""What feeds stops before what is fed, so that everything received is stored before the databases go."""


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """What `--source` names: the mock market, a recorded file, or nothing. `speed` is `max` or a factor."""

    kind: str
    file: Path | None = None
    speed: str = "1"

    @classmethod
    def parse(cls, text: str, *, speed: str) -> "SourceChoice":
        """Read `mock`, `none` or `replay:FILE`. Raises ValueError for another word, ThorError for a missing file."""
        if text in {"mock", "none"}:
            return cls(text, speed=speed)
        kind, colon, name = text.partition(":")
        if kind != "replay" or not colon or not name:
            raise ValueError(f"a source is mock, none or replay:FILE, was {text!r}")
        file = Path(name).expanduser().absolute()
        if not file.is_file():
            raise ThorError(f"There is no file {name} to replay.")
        return cls(kind, file, speed)

    def __str__(self) -> str:
        return f"replay of {self.file.name} at speed {self.speed}" if self.file else self.kind


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
    )


def collector_spec(state: StateFolder, environment: Mapping[str, str], source: SourceChoice) -> ChildSpec | None:
    """The process that brings quotes in, or None when none is wanted."""
    if source.kind == "none":
        return None
    arguments = ["collect", source.kind]
    if source.file is not None:
        arguments += [str(source.file), "--speed", source.speed]
    return ChildSpec(
        name="collector",
        purpose=f"source: {source}",
        argv=thor_command(*arguments),
        environment=environment,
        log=state.logs / "collector.log",
        may_finish=True,
    )


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
    names = [keys.health(name) for name in ("merger", "ingestor", "signals", "web", "merger:standby")]
    names += [keys.lease(name) for name in ("merger", "ingestor")]
    wire.redis_call(redis_socket, "DEL", *names)
