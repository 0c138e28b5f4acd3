"""Plans and runs triggers for as long as a clock process lives; a lost connection is taken up again."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import psycopg

from thor_web.timezones.services.actions import Action
from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.executor import Executor
from thor_web.timezones.services.instants import instant
from thor_web.timezones.services.ledger import Ledger
from thor_web.timezones.services.planner import Planner
from thor_web.timezones.services.timekeeping import Timekeeper

__all__ = ["TriggerLoop"]

log = logging.getLogger(__name__)

LONGEST_SLEEP_S: Final = 5.0
"""A stepped clock, a machine that slept and runs that another copy left behind are noticed this soon."""
SHORTEST_SLEEP_S: Final = 0.002
RETRY_S: Final = 0.5


class TriggerLoop:
    """One copy's planner and executor. `changed` is set by whoever sees that triggers or calendars were edited."""

    def __init__(
        self,
        conninfo: str,
        clock: Clock,
        timekeeper: Timekeeper,
        actions: Mapping[str, Action],
        *,
        owner: str,
        lease_s: float = 30.0,
    ) -> None:
        self._conninfo = conninfo
        self._clock = clock
        self._timekeeper = timekeeper
        self._actions = actions
        self._owner = owner
        self._lease_s = lease_s
        self.changed = asyncio.Event()
        self.state = "starting"
        self.done = 0
        self.failed = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                connect = psycopg.AsyncConnection.connect
                async with (
                    await connect(self._conninfo, autocommit=True, application_name="thor clock") as planning,
                    await connect(self._conninfo, autocommit=True, application_name="thor clock") as executing,
                ):
                    await self._work(planning, executing)
            except psycopg.Error as error:
                self.state = "waiting for postgres"
                log.warning("triggers wait for postgres: %s", " ".join(str(error).split()))
            await asyncio.sleep(RETRY_S)

    async def _work(self, planning: psycopg.AsyncConnection, executing: psycopg.AsyncConnection) -> None:
        planner = Planner(Ledger(planning), self._clock)
        executor = Executor(Ledger(executing), self._actions, owner=self._owner, lease_s=self._lease_s)
        leases = asyncio.create_task(executor.keep_leases())
        ledger = Ledger(planning)
        try:
            self.changed.set()
            while True:
                if self.changed.is_set():
                    self.changed.clear()
                    await planner.load()
                now = self._timekeeper.now()
                await planner.plan(now)
                started = await executor.run_due(now)
                self.state, self.done, self.failed = "running", executor.done, executor.failed
                await self._sleep(planner, None if started else await ledger.next_wake_s())
        finally:
            leases.cancel()
            executor.stop()
            with suppress(asyncio.CancelledError, psycopg.Error):
                await leases

    async def _sleep(self, planner: Planner, claimable_in_s: float | None) -> None:
        """Until the next trigger is due, a run can be claimed, or something was edited."""
        pause = LONGEST_SLEEP_S if claimable_in_s is None else min(LONGEST_SLEEP_S, claimable_in_s)
        due = planner.next_due()
        if due is not None:
            left = (instant(due) - self._timekeeper.now()).total_seconds()
            pause = min(pause, self._timekeeper.real_s(left))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(SHORTEST_SLEEP_S, pause)):
                await self.changed.wait()
