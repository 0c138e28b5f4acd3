"""How a web process comes to know the session: what `thor signals` has seen, and the entries after it.

From then on it takes in each frame that its hub reads. Without `thor signals` it knows the session from its own start
on, and its records say so (`since`).
"""

import logging
from typing import Final

from collectors import keys
from collectors.bus import Bus, BusError, parse_id
from thor_fast import parse_batch
from thor_web.futuretrading.services.enrichment import Enricher

__all__ = ["catch_up", "restore_market"]

log = logging.getLogger(__name__)

PAGE: Final = 2_000
MOST_ENTRIES: Final = 200_000
"""Entries after the state that are read; more would hold up a start for longer than they are worth."""


async def restore_market(bus: Bus, enricher: Enricher) -> None:
    """Bring the enricher to the end of the unified stream. A Redis that fails leaves it as far as it came."""
    try:
        state = await bus.get(keys.MARKET_STATE)
        if state is not None:
            _import(enricher, state)
        await catch_up(bus, enricher)
    except BusError as error:
        log.warning("what the market did before is not known: %s", error)


async def catch_up(bus: Bus, enricher: Enricher) -> None:
    """Take in what entered the unified stream since. An enricher that knows nothing stays so. Raises BusError."""
    for _ in range(MOST_ENTRIES // PAGE):
        if enricher.core.position == "0-0":
            return
        entries = await bus.entries_after(keys.UNIFIED_STREAM, enricher.core.position, count=PAGE)
        batch, rejects = parse_batch([entry.data or b"" for entry in entries])
        refused = {reject.position for reject in rejects}
        ids = [entry.id for number, entry in enumerate(entries) if number not in refused]
        enricher.observe(batch, ids)
        if len(entries) < PAGE or parse_id(enricher.core.position) < parse_id(entries[-1].id):
            return


def _import(enricher: Enricher, state: bytes) -> None:
    try:
        enricher.core.import_state(state)
    except ValueError:
        log.warning("the market's state has another form: the session is known from now on only")
