"""The light fault suite: one Thor under load, everything done to it in turn, nothing lost, nothing doubled.

`python -m tests.faults` has the heavy ones: 20 rounds, soaks, 10,000 connections, cut networks, full disks.
"""

import time
from pathlib import Path

from tests.e2e.conftest import wait_until
from tests.faults.clock import Clock
from tests.faults.feeding import POISON
from tests.faults.rig import Rig

RATE = 150.0
FROZEN_S = 3.0


def test_whatever_dies_or_hangs_nothing_is_lost(tmp_path: Path) -> None:
    with Rig(tmp_path / "state", rate=RATE) as rig:
        rig.also("merge")  # started by mistake: both stand by the other
        rig.also("ingest")
        never_reads = rig.connect(b"GET /api/quotes/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        rig.abandon(300)
        refused = rig.feeder.poison()
        for victim in ("merge", "ingest", "web", "valkey", "postgres"):
            rig.kill(victim)
        for victim in ("postgres", "valkey", "merge"):
            with rig.frozen(victim):
                time.sleep(FROZEN_S)  # how long it hangs is the fault itself
        rig.feeder.repeat(500)
        rig.comes_through()
        counts = rig.counts()
        assert refused == len(POISON) * 6
        assert (counts.lost, counts.doubled, counts.refused) == (0, 0, refused), str(counts)
        assert counts.sent == counts.stored == counts.delivered
        never_reads.close()


def test_a_redis_that_lost_everything_and_a_clock_that_jumps(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    with Rig(tmp_path / "state", rate=RATE, environment=clock.environment()) as rig:
        # Only what is stored can outlive the loss of Redis' data, so the load rests until it is.
        rig.feeder.rest(resting=True)
        wait_until(lambda: rig.stored() == rig.feeder.sent == len(rig.follower.ids), "everything is stored")
        rig.lose_redis()
        rig.feeder.rest(resting=False)
        rig.comes_through()
        for offset_s in (3_600, -3_600, 0):
            clock.set(offset_s)
            rig.comes_through()
        counts = rig.counts()
        assert (counts.lost, counts.doubled) == (0, 0), str(counts)
