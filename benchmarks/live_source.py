"""A source whose events are lines of standard input, through the real publisher: `python -m benchmarks.live_source`.

It says READY once its connection stands, and ends when its input does and everything is in Redis.
"""

import asyncio
import os
import sys
from typing import Final

from collectors.bus import Bus
from collectors.publisher import Publisher
from collectors.settings import CollectorSettings
from collectors.spool import Spool
from thor_fast import register_source
from thor_web.cli.loop import run_until_asked

__all__: list[str] = []

SOURCE: Final = "MOCK"
PIECE: Final = 1 << 20


async def publish() -> None:
    """Publish whatever lines there are each time that some have come, as a live source does."""
    settings = CollectorSettings()
    register_source(SOURCE)
    bus = Bus.from_url(os.environ["REDIS_URL"])
    spool = Spool(memory_events=settings.spool_memory_events, disk_bytes=0, folder=None)
    spool.open()
    publisher = Publisher(bus, settings, spool, name=SOURCE, mode="live")
    await bus.register_source(SOURCE)
    reader = asyncio.StreamReader(limit=PIECE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    sys.stdout.write("READY\n")
    sys.stdout.flush()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.run())
        rest = b""
        while piece := await reader.read(PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            if lines:
                await publisher.offer(lines)
        await publisher.finish()
    assert not rest
    assert publisher.tally.rejects.total() == 0
    assert publisher.dropped == 0
    await bus.close()


if __name__ == "__main__":
    run_until_asked(publish)
