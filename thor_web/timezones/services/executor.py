"""Runs what is due in the ledger: claims under a lease, renews it while at work, and writes down what became of it."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final

import psycopg

from thor_web.timezones.services.actions import Action, ActionError
from thor_web.timezones.services.ledger import Claim, Ledger

__all__ = ["Executor"]

log = logging.getLogger(__name__)

LEASE_S: Final = 30.0
MOST_AT_ONCE: Final = 64
RETRY_AFTER_S: Final = (5.0, 60.0)
"""First pause before another attempt, and the longest."""


class Executor:
    """One copy. `owner` names it in the ledger."""

    def __init__(self, ledger: Ledger, actions: Mapping[str, Action], *, owner: str, lease_s: float = LEASE_S) -> None:
        self._ledger = ledger
        self._actions = actions
        self._owner = owner
        self._lease_s = lease_s
        self._running: dict[int, asyncio.Task[None]] = {}
        self.done = 0
        self.failed = 0

    async def run_due(self, now: datetime) -> int:
        """Start everything that is due and fits; how many were started. Raises psycopg.Error."""
        room = MOST_AT_ONCE - len(self._running)
        claims = await self._ledger.claim(self._owner, most=room, lease_s=self._lease_s) if room > 0 else []
        for claim in claims:
            task = asyncio.create_task(self._run(claim, now))
            self._running[claim.id] = task
            task.add_done_callback(partial(self._forget, claim.id))
        return len(claims)

    async def keep_leases(self) -> None:
        """Renew the leases of what is at work, until cancelled. Raises psycopg.Error."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            if self._running:
                await self._ledger.renew(self._owner, list(self._running), lease_s=self._lease_s)

    async def drain(self) -> None:
        """Wait for what is at work."""
        while self._running:
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def stop(self) -> None:
        """Cancel what is at work; its leases run out and another copy takes it over."""
        for task in self._running.values():
            task.cancel()

    def _forget(self, number: int, _task: asyncio.Task[None]) -> None:
        self._running.pop(number, None)

    async def _run(self, claim: Claim, now: datetime) -> None:
        try:
            await self._attempt(claim, now)
        except psycopg.Error as error:
            # The lease runs out, and somebody does it again.
            log.warning("the run of %s due %s cannot be closed: %s", claim.name, claim.due_at, error)

    async def _attempt(self, claim: Claim, now: datetime) -> None:
        late_s = (now - claim.due_at).total_seconds()
        if claim.attempts == 1 and claim.misfire == "skip" and late_s > claim.grace_s:
            reason = f"reached {late_s:.0f} s late; the policy is to skip"
            await self._ledger.finish(claim, self._owner, "missed", reason=reason)
            return
        if claim.attempts > claim.max_attempts:
            self.failed += 1
            reason = f"given up after {claim.max_attempts} attempts: the last one never came back"
            await self._ledger.finish(claim, self._owner, "failed", reason=reason)
            return
        try:
            result = await self._act(claim)
        except ActionError as error:
            await self._failed(claim, str(error), final=error.final)
        except Exception as error:
            log.exception("the action %s of %s failed", claim.action, claim.name)
            await self._failed(claim, f"{type(error).__name__}: {error}", final=False)
        else:
            self.done += 1
            await self._ledger.finish(claim, self._owner, "done", result=result)

    async def _act(self, claim: Claim) -> str:
        action = self._actions.get(claim.action)
        if action is None:
            raise ActionError(f"nothing here does {claim.action!r}", final=True)
        try:
            async with asyncio.timeout(claim.timeout_s):
                return await action(claim)
        except TimeoutError as error:
            raise ActionError(f"not done within {claim.timeout_s} s") from error

    async def _failed(self, claim: Claim, reason: str, *, final: bool) -> None:
        if final or claim.attempts >= claim.max_attempts:
            self.failed += 1
            await self._ledger.finish(claim, self._owner, "failed", reason=reason)
            return
        first, longest = RETRY_AFTER_S
        await self._ledger.retry(
            claim, self._owner, reason=reason, in_s=min(longest, first * 2 ** (claim.attempts - 1))
        )
