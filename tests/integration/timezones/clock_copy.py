"""One copy of the trigger loop in a process of its own, on a simulated clock: what the kill test starts and kills.

Each action it runs is written down, with the key of its occurrence, before it is done: that is the proof of what ran.
"""

import asyncio
import random
import sys
from datetime import datetime
from pathlib import Path

import psycopg

from thor_web.timezones.services.clock import Clock
from thor_web.timezones.services.ledger import Claim
from thor_web.timezones.services.timekeeping import SimulatedTime
from thor_web.timezones.services.trigger_loop import TriggerLoop
from thor_web.timezones.worldclock import owner_name

LEASE_S = 1.0
LONGEST_WORK_S = 0.3


async def run(conninfo: str, calendars: Path, start: datetime, speed: float, begun_s: float) -> None:
    """Until killed."""
    connection = await psycopg.AsyncConnection.connect(conninfo, autocommit=True)
    lock = asyncio.Lock()

    async def note(claim: Claim) -> str:
        async with lock:
            await connection.execute(
                "INSERT INTO executions (trigger_id, due_at, attempt) VALUES (%s, %s, %s)",
                (claim.trigger_id, claim.due_at, claim.attempts),
            )
        await asyncio.sleep(random.uniform(0.0, LONGEST_WORK_S))
        return "noted"

    loop = TriggerLoop(
        conninfo,
        Clock.load(calendars),
        SimulatedTime(start, speed=speed, begun_s=begun_s),
        {"alert": note},
        owner=owner_name(),
        lease_s=LEASE_S,
    )
    sys.stdout.write("running\n")
    sys.stdout.flush()
    await loop.run()


if __name__ == "__main__":
    words = sys.argv[1:]
    asyncio.run(run(words[0], Path(words[1]), datetime.fromisoformat(words[2]), float(words[3]), float(words[4])))
