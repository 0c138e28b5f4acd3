"""From merged events to the records a trader reads, and to the composite of them: `thor_fast.Enricher`, configured.

The core decides everything; this door gives it the configuration and the calendars.
"""

from collections.abc import Sequence
from typing import Final, Self

from collectors.instruments import load_instruments
from thor_fast import Enricher as Core
from thor_fast import QuoteBatch, QuoteEvent, Records, parse_batch
from thor_web.futuretrading.services.configuration import Configuration
from thor_web.futuretrading.services.trade_dates import trade_date_of
from thor_web.livedata.interface import Frame

__all__ = ["Enricher"]

MANY: Final = 32
"""So many new records are made together; fewer are made one by one, and kept with their frames."""


class Enricher:
    """Makes records. Events come in the order of the unified stream; see `thor_fast.Enricher`."""

    def __init__(self, configuration: Configuration, *, stale_after_ms: int, recording: bool = False) -> None:
        self.core = Core(trade_date_of, stale_after_ms=stale_after_ms, recording=recording)
        self.configure(configuration)

    @classmethod
    def shipped(cls, *, stale_after_ms: int) -> Self:
        """An enricher with what ships with Thor."""
        return cls(Configuration.shipped(load_instruments()), stale_after_ms=stale_after_ms)

    def configure(self, configuration: Configuration) -> None:
        """Take another configuration over; the next event of a symbol has its signal."""
        self.core.configure(*configuration.core())
        self.configuration = configuration
        self._orders = {instrument.symbol: place for place, instrument in enumerate(configuration.instruments)}

    def __call__(self, event: QuoteEvent, entry_id: str) -> bytes:
        """The record of an event that entered the unified stream under that id: one JSON object."""
        return self.core.record(event, entry_id)

    def records(self, frames: Sequence[Frame]) -> list[bytes] | Records:
        """The record of each frame."""
        if sum(not frame.has_record for frame in frames) < MANY:
            return [frame.record(self) for frame in frames]
        batch, _ = parse_batch([frame.data for frame in frames])
        return self.core.records(batch, [frame.id for frame in frames])

    def observe(self, batch: QuoteBatch, ids: Sequence[str]) -> None:
        """Take events in without making records."""
        self.core.observe(batch, ids)

    def take(self, frames: Sequence[Frame], batch: QuoteBatch | None = None, *, bars: bool = False) -> None:
        """Take in what the hub has just read; `batch` are the events of the frames, where all of them are events.

        With `bars`, each frame is left its symbol's bars after it.
        """
        if batch is None:
            frames = [frame for frame in frames if frame.symbol is not None]
            # Every frame was made of an event that was read, so none is refused here.
            batch, _ = parse_batch([frame.data for frame in frames])
        ids = [frame.id for frame in frames]
        if not bars:
            self.core.observe(batch, ids)
            return
        for frame, made in zip(frames, self.core.observe_bars(batch, ids), strict=True):
            frame.bars = made

    def total(self, now_ms: int) -> bytes:
        """The composite's row at an instant, milliseconds UTC: one JSON object."""
        return self.core.total(now_ms)

    def order(self, symbol: str) -> tuple[int, str]:
        """Sort key of a symbol: the configuration's order, everything else behind it by name."""
        known = self._orders.get(symbol)
        return (len(self._orders) if known is None else known, symbol)
