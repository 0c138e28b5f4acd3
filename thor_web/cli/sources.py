"""`thor forget-source`: takes a source out that will not come back, with its stream."""

import argparse
import sys
from typing import TYPE_CHECKING, Final

from thor_web.cli.options import Commands, add_state, find_servers, require_core
from thor_web.runtime.errors import ThorError

if TYPE_CHECKING:
    from collectors.bus import Bus

__all__ = ["register"]

AT_WORK: Final = frozenset({"running", "resting", "waiting_for_redis"})


def register(commands: Commands) -> None:
    forget = commands.add_parser("forget-source", help="take out a source that will not come back, with its stream")
    forget.add_argument("source", metavar="SOURCE", help="its name, as `thor status` shows it: MOCK, TOS, SCHWAB")
    forget.add_argument("--force", action="store_true", help="also what no reader has taken of it yet")
    add_state(forget)
    forget.set_defaults(handler=_forget)


def _forget(arguments: argparse.Namespace) -> int:
    require_core()
    find_servers(arguments)
    import asyncio

    from collectors.bus import Bus
    from collectors.settings import CollectorSettings

    async def forget() -> int:
        bus = Bus.from_url(CollectorSettings().redis_url.get_secret_value())
        try:
            entries = await require_forgettable(bus, arguments.source, force=arguments.force)
            await bus.forget_source(arguments.source)
        finally:
            await bus.close()
        return entries

    entries = asyncio.run(forget())
    sys.stdout.write(
        f"{arguments.source} is forgotten, with {entries} entries; what was merged or stored of it stays.\n"
    )
    return 0


async def require_forgettable(bus: "Bus", source: str, *, force: bool) -> int:
    """How many entries its stream has. Raises ThorError for a source that is at work, unread or unknown."""
    from collectors import keys

    if source not in await bus.sources():
        raise ThorError(f"No source {source} has published here.")
    if (await bus.health()).get(f"collector:{source}", {}).get("state") in AT_WORK:
        raise ThorError(f"The collector of {source} is at work: stop it first.")
    state = await bus.stream_state(keys.source_stream(source))
    unread = {group.name: (group.lag or 0) + group.pending for group in state.groups} if state else {}
    if not force and any(unread.values()):
        behind = ", ".join(f"{group} {count}" for group, count in unread.items() if count)
        raise ThorError(f"Not all of {source} has been read yet ({behind} entries behind): wait, or use --force.")
    return state.length if state else 0
