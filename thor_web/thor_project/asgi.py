"""The ASGI application: the live paths and static files in front, Django behind, for as long as the server runs.

Hub and fan-out belong to the server's lifespan, not to a module: they start with it, end with it, and what Django's
views need of them reaches them through the ASGI state.
"""

import asyncio
import gc
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import django.contrib.admin
import ninja
import orjson
from django.core.asgi import get_asgi_application
from servestatic import ServeStaticASGI

from collectors.bus import Bus
from collectors.instruments import load_instruments, register
from collectors.providers import parse_providers
from thor_web.accounts.interface import CALLER_STATE, Caller, follow_accounts
from thor_web.futuretrading.interface import (
    QUOTES_STATE,
    Enricher,
    LivePaths,
    QuotesState,
    follow_configuration,
    restore_market,
)
from thor_web.livedata.interface import PROVIDERS_STATE, Fanout, Hub, ProvidersState, SourceMirrors
from thor_web.thor_project.configuration import ServerSettings
from thor_web.thor_project.gate import Gate
from thor_web.thor_project.policy import POLICY
from thor_web.thor_project.web_health import HEALTH_STATE, WebHealth
from thor_web.timezones.interface import (
    calendar_folders,
    follow_files,
    follow_notices,
    follow_rulebook,
    session_changes,
    session_state,
    world_clock,
)
from thor_web.timezones.session_answers import SessionAnswers
from thor_web.timezones.session_path import SessionPath

__all__ = ["Application", "application"]

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HASHED_NAME: Final = re.compile(r"^/static/assets/.+-[\w-]{8}\.\w+$")
"""Vite puts a hash of the content into these names, so they never change."""
START_PATIENCE_S: Final = 3.0
FULL_COLLECTION_AFTER: Final = 100
"""Collections of young objects, of which Python would take 10."""
TOTAL_EVERY_S: Final = 0.25
"""How often the composite is looked at; it is told when it differs, but for its time, from what was told last."""


class Application:
    """Thor's web process."""

    def __init__(self, settings: ServerSettings, dashboard: Path) -> None:
        self._settings = settings
        static = ServeStaticASGI(
            get_asgi_application(),
            immutable_file_test=lambda _path, url: bool(HASHED_NAME.match(url)),
            allow_all_origins=False,
            add_headers_function=add_policy,
        )
        if dashboard.is_dir():
            static.add_files(dashboard, prefix="static/")
        for package in (django.contrib.admin, ninja):
            static.add_files(Path(str(package.__file__)).parent / "static", prefix="static/")
        self._static = static
        session_answers = SessionAnswers(world_clock(), settings.default_market)
        self._session = SessionPath(session_answers, caller_of, hosts=settings.hosts)
        self._live: LivePaths | None = None
        self._gate = Gate(self._answer, settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self._gate(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that has passed the gate."""
        live = self._live
        if live is not None and live.answers(scope["path"]):
            await live(scope, send)
        elif self._session.answers(scope["path"]):
            await self._session(scope, send)
        else:
            await self._static(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            bus = Bus.from_url(self._settings.redis_url.get_secret_value())
            stack.push_async_callback(bus.close)
            hub = Hub(bus, capacity=self._settings.stream_ring)
            enricher = Enricher.shipped(stale_after_ms=self._settings.stale_after_ms)
            # Before anybody who may ask for the records of what has just come.
            hub.listen(lambda frames, batch: enricher.take(frames, batch, bars=fanout.wants_bars))
            fanout = Fanout(
                hub,
                most_clients=self._settings.stream_clients,
                most_a_caller=self._settings.stream_clients_each,
            )
            instruments = load_instruments()
            register(instruments)
            health = WebHealth(
                bus,
                hub,
                fanout,
                enricher,
                instruments,
                worker=self._settings.thor_worker,
                stale_after_ms=self._settings.stale_after_ms,
            )
            scope["state"][PROVIDERS_STATE] = ProvidersState(
                bus, parse_providers(self._settings.data_provider), SourceMirrors(bus)
            )
            state = QuotesState(
                instruments,
                enricher,
                lambda: hub.newest if hub.ready else None,
                lambda: self._session_event() + total_event(enricher),
            )
            scope["state"] |= {HEALTH_STATE: health, QUOTES_STATE: state}
            self._live = LivePaths(
                hub,
                fanout,
                state,
                caller_of,
                hosts=self._settings.hosts,
                stale_after_ms=self._settings.stale_after_ms,
            )
            await restore_market(bus, enricher)
            configured = self._follow_configuration(bus, hub, enricher)
            for work in (
                hub.run(),
                fanout.run(),
                self._announce_sessions(hub),
                self._follow_rulebook(),
                self._follow_accounts(),
                follow_files(world_clock(), *calendar_folders()),
                self._announce_notices(hub),
                announce_total(hub, enricher),
                health.run(),
                configured,
            ):
                task = asyncio.create_task(work)
                stack.push_async_callback(ended, task)
            # A server that takes requests can answer them, unless Redis is away: then it says so to each.
            await hub.wait_ready(timeout_s=START_PATIENCE_S)
            # What is here now stays: a collection that walks all of Django would stop every stream for 30 ms.
            gc.collect()
            gc.freeze()
            # What follows is mostly frames of the ring, which no cycle holds: to walk them as often as Python would
            # costs 20 ms each time.
            gc.set_threshold(*gc.get_threshold()[:2], FULL_COLLECTION_AFTER)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await fanout.drain()
        await send({"type": "lifespan.shutdown.complete"})

    def _session_event(self) -> bytes:
        state = session_state(self._settings.default_market, datetime.now(UTC))
        return b"event: session\ndata: " + orjson.dumps(state.to_json()) + b"\n\n"

    async def _follow_configuration(self, bus: Bus, hub: Hub, enricher: Enricher) -> None:
        """Take each new configuration over, and tell every client, whose records have changed without an event."""
        async for configuration in follow_configuration(bus):
            enricher.configure(configuration)
            hub.forget_records()
            hub.announce("configuration", orjson.dumps({"version": configuration.version}))

    async def _announce_sessions(self, hub: Hub) -> None:
        """Tell every client when the state of a market changes."""
        async for state in session_changes(world_clock(), lambda: datetime.now(UTC)):
            hub.announce("session", orjson.dumps(state.to_json()))

    async def _announce_notices(self, hub: Hub) -> None:
        """Tell every client of each notification, and of its acknowledgement."""
        async for notice in follow_notices(self._settings.conninfo()):
            hub.announce("notification", orjson.dumps(notice))

    async def _follow_rulebook(self) -> None:
        """Keep this process's clock at what operators write."""
        async for _ in follow_rulebook(self._settings.conninfo(), world_clock()):
            pass

    async def _follow_accounts(self) -> None:
        """Forget who callers were when what somebody may do has changed in any process."""
        async for _ in follow_accounts(self._settings.conninfo()):
            self._gate.forget_callers()


def add_policy(headers: MutableMapping[str, str], _path: str, _url: str) -> None:
    """Say with a static file, which may be a page or a worker, what it may load and run."""
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"


async def caller_of(scope: Mapping[str, Any]) -> Caller:
    """Who asks, as the gate has found out."""
    caller: Caller = scope["state"][CALLER_STATE]
    return caller


def total_event(enricher: Enricher) -> bytes:
    """The composite of now as a message of the stream."""
    return b"event: total\ndata: " + enricher.total(now_ms()) + b"\n\n"


async def announce_total(hub: Hub, enricher: Enricher) -> None:
    """Tell every client when the composite changes: by an event, a configuration, or because a symbol went silent."""
    told: dict[str, Any] = {}
    while True:
        await asyncio.sleep(TOTAL_EVERY_S)
        if not hub.ready:
            continue
        data = enricher.total(now_ms())
        total = orjson.loads(data)
        del total["as_of"]
        if total != told:
            told = total
            hub.announce("total", data)


def now_ms() -> int:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def application() -> Application:
    """The application of this process, for `uvicorn --factory`."""
    django.setup()
    from thor_web.thor_project import settings  # noqa: PLC0415 - reads the environment: not before it is asked for

    return Application(settings.CONFIGURATION, settings.DASHBOARD_DIR)
