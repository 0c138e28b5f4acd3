"""The schwab source: quotes of Schwab's level-one streamer, for as long as there is a login and a connection.

One streamer a user is all that Schwab allows, so a lease in Redis keeps a second collector waiting. A lost connection
is tried again with fresh particulars and every subscription; what had been merged is forgotten, since the deltas of a
new connection say nothing about the old one's state. While the streamer is away for long, REST gives a look now and
then.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Final, Protocol

from collectors.bus import Bus, BusError
from collectors.instants import iso_from_ms
from collectors.instruments import Instruments
from collectors.settings import CollectorSettings
from collectors.sources.base import CollectSpec, Mode, SourceError
from collectors.sources.repeat import Repeater
from collectors.sources.schwab.access import SchwabAccess
from collectors.sources.schwab.errors import LoginNeededError, SchwabDeniedError, SchwabUnavailableError
from collectors.sources.schwab.oauth import TokenKeeper
from collectors.sources.schwab.reconnect import TOO_MANY_CONNECTIONS, Pace, Reconnect
from collectors.sources.schwab.rest import SchwabRest
from collectors.sources.schwab.snapshot import frames_of
from collectors.sources.schwab.streamer import StreamerConnection, open_streamer
from collectors.sources.schwab.subscriptions import SOURCE, Subscriptions
from thor_fast import SchwabFrame

__all__ = ["SchwabSource", "StreamLease", "create"]

WARNED_BEFORE_S: Final = 12 * 3_600.0
LOOK_AT_REST_S: Final = 5.0
"""A wait at least this long begins with a look at REST."""
TICK_S: Final = 0.5
REPORTED_S: Final = 2.0
REPORT_LASTS_S: Final = 10

log = logging.getLogger(__name__)


class StreamLease(Protocol):
    """The right to be this user's one streamer; `bus.Lease` is one."""

    async def acquire(self) -> bool:
        """Take or renew it. True while it is ours."""

    async def release(self) -> None:
        """Give it up."""


class SchwabSource:
    """Runs in the event loop; everything it needs from outside is an argument."""

    name: str = SOURCE
    mode: Mode = "live"

    def __init__(
        self,
        subscriptions: Subscriptions,
        rest: SchwabRest,
        keeper: TokenKeeper,
        *,
        context: ssl.SSLContext,
        lease: StreamLease | None = None,
        report: Callable[[dict[str, str]], Awaitable[None]] | None = None,
        pace: Pace | None = None,
        repeat_s: float = 2.0,
        once: bool = False,
        on_end: AsyncExitStack | None = None,
    ) -> None:
        self._subscriptions = subscriptions
        self._rest = rest
        self._keeper = keeper
        self._context = context
        self._lease = lease
        self._report = report
        self._pace = pace or Pace()
        self._reconnect = Reconnect(self._pace)
        self._frames = subscriptions.new_frames()
        self._repeater = Repeater(repeat_s)
        self._once = once
        self._on_end = on_end
        self._trouble: str | None = None
        self.state = "starting"
        """`starting`, `standby`, `login_needed`, `connecting`, `streaming` or `waiting`."""
        self.connections = 0
        self.unknown: set[str] = set()

    @property
    def problem(self) -> str | None:
        """What is wrong now; while nothing is, a login that is about to run out."""
        if self._trouble is not None:
            return self._trouble
        expires = self._keeper.login_expires_at
        left = None if expires is None else expires - time.time()
        if left is not None and left < WARNED_BEFORE_S:
            return f"The Schwab login expires in {max(0.0, left) / 3_600:.0f} h: run thor schwab login."
        return None

    def particulars(self) -> dict[str, str]:
        """What health tells of this source beside its counters."""
        expires = self._keeper.login_expires_at
        return {
            "state": self.state,
            "login_expires_at": "" if expires is None else iso_from_ms(int(expires * 1_000)),
            "connections": str(self.connections),
            "unknown": ",".join(sorted(self.unknown)),
        }

    async def batches(self) -> AsyncGenerator[Sequence[bytes], None]:
        """Candidates as they come, for ever."""
        reporting = None if self._report is None else asyncio.ensure_future(self._keep_reporting(self._report))
        try:
            if self._once:
                yield await self._look()
                return
            while True:
                if not await self._hold_lease():
                    await asyncio.sleep(self._pace.lease_s)
                    continue
                async for candidates in self._one_connection():
                    yield candidates
        finally:
            if reporting is not None:
                reporting.cancel()
            if self._lease is not None:
                with suppress(BusError, TimeoutError):
                    async with asyncio.timeout(1.0):
                        await self._lease.release()
            if self._on_end is not None:
                await self._on_end.aclose()

    async def _keep_reporting(self, report: Callable[[dict[str, str]], Awaitable[None]]) -> None:
        while True:
            with suppress(BusError, TimeoutError):
                async with asyncio.timeout(REPORTED_S):
                    await report(self.particulars())
            await asyncio.sleep(REPORTED_S)

    async def _look(self) -> Sequence[bytes]:
        """One look through REST."""
        try:
            return await self._snapshot()
        except (LoginNeededError, SchwabUnavailableError) as error:
            raise SourceError(str(error)) from error

    async def _snapshot(self) -> Sequence[bytes]:
        quotes = await self._rest.quotes(self._subscriptions.rest_symbols)
        self.unknown |= set(self._subscriptions.rest_symbols) - quotes.keys()
        frames = [self._frames.read(frame, time.time_ns() // 1_000) for frame in frames_of(quotes)]
        return [candidate for frame in frames for candidate in frame.candidates]

    async def _one_connection(self) -> AsyncGenerator[Sequence[bytes], None]:
        """From connecting to whatever ended it, and the wait after that."""
        began: float | None = None
        failure: Exception | None = None
        try:
            self._become("connecting")
            info = await self._rest.streamer_info()
            # Asked for afterwards: the call may just have found out that the old token is no good.
            token = await self._keeper.access_token()
            self._frames.forget()
            async with open_streamer(info, token, self._frames, context=self._context, pace=self._pace) as connection:
                await connection.subscribe(self._subscriptions.keys)
                self.connections += 1
                began = time.monotonic()
                async for candidates in self._streamed(connection):
                    yield candidates
        except LoginNeededError as error:
            await self._await_login(str(error))
            return
        except (SchwabDeniedError, SchwabUnavailableError, ValueError) as error:
            failure = error
        self._repeater.forget()
        following = self._reconnect.after(failure, lasted_s=0.0 if began is None else time.monotonic() - began)
        self._lose(failure)
        if following.login_needed:
            await self._await_login("Schwab's streamer denies the login: run thor schwab login.")
            return
        if following.wait_s >= LOOK_AT_REST_S and not _is_occupied(failure):
            with suppress(LoginNeededError, SchwabUnavailableError):
                yield await self._snapshot()
        await asyncio.sleep(following.wait_s)
        if following.fresh_token:
            with suppress(LoginNeededError, SchwabUnavailableError):
                await self._keeper.access_token(fresh=True)

    async def _streamed(self, connection: StreamerConnection) -> AsyncGenerator[Sequence[bytes], None]:
        """The candidates of a connection until it ends; ends in order when the lease is another's."""
        lease_due = repeat_due = time.monotonic()
        async for frame in connection.frames(tick_s=TICK_S):
            now = time.monotonic()
            if frame is not None:
                candidates = self._told(frame, connection)
                # A frame alone, be it a heartbeat, says that Schwab is there: in silence nothing is said again.
                if now >= repeat_due:
                    repeat_due = now + TICK_S
                    candidates += self._repeater.due()
                if candidates:
                    yield candidates
            if now >= lease_due:
                lease_due = now + self._pace.lease_s
                if not await self._hold_lease():
                    return

    def _told(self, frame: SchwabFrame, connection: StreamerConnection) -> list[bytes]:
        # A quiet night has heartbeats alone: they too say that all is well again.
        self._become("streaming")
        self._trouble = _refused(connection)
        candidates = list(frame.candidates)
        self._repeater.tell(frame.symbols, candidates)
        self.unknown.update(frame.unknown)
        for fault in frame.faults:
            log.warning("a field was passed over, %s", fault)
        return candidates

    async def _hold_lease(self) -> bool:
        """Whether we may stream. Redis being away is no reason not to: nobody else can take the lease either."""
        if self._lease is None:
            return True
        try:
            async with asyncio.timeout(self._pace.answer_s):
                held = await self._lease.acquire()
        except (BusError, TimeoutError):
            return True
        if not held:
            self._become("standby")
            self._trouble = "Another collector streams for this Schwab user; this one stands by."
        return held

    async def _await_login(self, sentence: str) -> None:
        """Wait for a person. The store is looked at, Schwab is not asked."""
        self._repeater.forget()
        self._become("login_needed")
        if self._trouble != sentence:
            log.error("%s", sentence)
        self._trouble = sentence
        while True:
            await asyncio.sleep(self._pace.login_look_s)
            if self._keeper.reload():
                self._trouble = None
                return
            await self._hold_lease()
            self._trouble = sentence

    def _lose(self, failure: Exception | None) -> None:
        if failure is None:
            return
        self._become("waiting")
        sentence = _sentence(failure)
        if self._trouble != sentence:
            log.warning("%s", sentence)
        self._trouble = sentence

    def _become(self, state: str) -> None:
        if state != self.state:
            log.info("schwab: %s", state)
        self.state = state


def _is_occupied(failure: Exception | None) -> bool:
    return isinstance(failure, SchwabDeniedError) and failure.code == TOO_MANY_CONNECTIONS


def _sentence(failure: Exception) -> str:
    if _is_occupied(failure):
        return "Another streamer of this Schwab user is connected (12); waiting for it to end."
    if isinstance(failure, ValueError):
        return f"A frame of Schwab's streamer cannot be read: {failure}."
    return str(failure)


def _refused(connection: StreamerConnection) -> str | None:
    if not connection.refused:
        return None
    return "Schwab does not serve " + ", ".join(f"{name} ({code})" for name, code in connection.refused.items()) + "."


def create(spec: CollectSpec, instruments: Instruments) -> SchwabSource:
    """From the settings SCHWAB_…; the lease and the particulars are kept in the Redis of REDIS_URL."""
    settings = CollectorSettings()
    extra = [symbol.strip() for symbol in settings.schwab_symbols.split(",") if symbol.strip()]
    subscriptions = Subscriptions(instruments, extra)
    access = SchwabAccess.from_settings(settings)
    on_end = AsyncExitStack()
    on_end.push_async_callback(access.close)
    if spec.once:
        return SchwabSource(subscriptions, access.rest, access.keeper, context=access.context, once=True, on_end=on_end)
    bus = Bus.from_url(settings.redis_url.get_secret_value())
    on_end.push_async_callback(bus.close)
    pace = Pace()

    async def report(particulars: dict[str, str]) -> None:
        await bus.heartbeat(f"source:{SOURCE}", particulars, ttl_s=REPORT_LASTS_S)

    return SchwabSource(
        subscriptions,
        access.rest,
        access.keeper,
        context=access.context,
        lease=bus.lease(access.lease_name, ttl_ms=int(3_000 * pace.lease_s)),
        report=report,
        pace=pace,
        repeat_s=settings.repeat_unchanged_ms / 1_000,
        on_end=on_end,
    )
