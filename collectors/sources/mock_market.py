"""An invented market over the eleven futures: pure, seeded, driven by the time it is given. Not a forecast of anything.

Levels and daily moves are of the size seen in real sheets of late 2025, so that screens, signals and precisions look
as they will with a real feed. Every price is a whole number of ticks; the market never sleeps, because a
demonstration has to move on a Sunday too, but its day has quiet and busy hours and it settles at 17:00 in Chicago.
"""

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

from collectors.instruments import Instrument, Instruments
from thor_fast import QuoteEvent

__all__ = ["MOCK_SOURCE", "PROFILES", "MockMarket", "Profile", "next_settlement_us"]

MOCK_SOURCE: Final = "MOCK"
CHICAGO: Final = ZoneInfo("America/Chicago")
SETTLEMENT_HOUR: Final = 17
REVERSION_S: Final = 2_400.0
"""How long the market takes to forget a move: signals change within minutes instead of being set for the day."""
TRADE_SHARE: Final = 0.35
SPREAD_CHANGE_SHARE: Final = 0.15
FARTHEST_LAST_TICKS: Final = 3
"""A last price farther than this from the book is answered by a trade: nobody leaves such an order standing."""
LONGEST_SILENCE_US: Final = 2_000_000

_HOURLY_PACE: Final = (
    *(0.6, 0.7, 0.9, 1.0, 0.9, 0.9, 1.0, 1.2, 1.8, 1.7, 1.4, 1.2),
    *(1.1, 1.2, 1.6, 1.1, 0.6, 0.8, 0.9, 0.8, 0.8, 0.7, 0.6, 0.5),
)
_MEAN_PACE: Final = sum(_HOURLY_PACE) / 24
_HOUR_US: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Profile:
    """How one future behaves. Prices in points; `day_move` is the usual distance from the settlement."""

    settlement: str
    day_move: float
    low52: str
    high52: str
    day_volume: int
    book_size: float
    trade_size: float
    activity: float
    spread_weights: tuple[float, float, float]
    loadings: tuple[float, float, float]
    """Shares of stocks, metals and the dollar in its moves; what is left is its own."""


PROFILES: Final = {
    "YM": Profile("46514", 150, "36708", "48528", 95_000, 3, 1.3, 1.5, (0.5, 0.3, 0.2), (0.92, 0, 0)),
    "ES": Profile("6721.25", 20, "4832", "6953.75", 1_300_000, 22, 2.5, 3, (0.95, 0.05, 0), (0.97, 0, 0)),
    "NQ": Profile("24948.25", 110, "16460", "26399", 560_000, 3, 1.4, 3, (0.5, 0.35, 0.15), (0.94, 0, 0)),
    "RTY": Profile("2418.8", 14, "1732.7", "2566.4", 180_000, 6, 1.6, 1.2, (0.6, 0.3, 0.1), (0.86, 0, 0)),
    "CL": Profile("58.84", 0.7, "54.78", "80.59", 270_000, 14, 1.8, 1.5, (0.85, 0.12, 0.03), (0.2, 0, -0.2)),
    "SI": Profile("50.96", 0.5, "28.31", "54.415", 75_000, 3, 1.2, 0.8, (0.5, 0.3, 0.2), (0, 0.85, -0.2)),
    "HG": Profile("5.053", 0.05, "4.051", "5.9585", 42_000, 6, 1.3, 0.7, (0.6, 0.3, 0.1), (0.35, 0.45, 0)),
    "GC": Profile("4130.8", 22, "2584.6", "4398", 200_000, 4, 1.3, 1.3, (0.5, 0.3, 0.2), (0, 0.9, -0.25)),
    "VX": Profile("19.8948", 0.4, "14.65", "47.6", 60_000, 140, 6, 0.6, (0.9, 0.1, 0), (-0.78, 0, 0)),
    "DX": Profile("99.820", 0.2, "96.060", "110.015", 18_000, 18, 2, 0.6, (0.5, 0.3, 0.2), (0, 0, 0.97)),
    "ZB": Profile("117.34375", 0.25, "108.5", "124.28125", 380_000, 700, 9, 1.2, (0.97, 0.03, 0), (-0.35, 0, -0.2)),
}


def next_settlement_us(now_us: int) -> int:
    """The first 17:00 in Chicago after an instant, in microseconds UTC."""
    local = _chicago(now_us)
    day = local.date()
    if local.hour >= SETTLEMENT_HOUR:
        day += timedelta(days=1)
    settlement = datetime(day.year, day.month, day.day, SETTLEMENT_HOUR, tzinfo=CHICAGO)
    return int(settlement.timestamp()) * 1_000_000


class MockMarket:
    """The market from `start_us` on. Seed, start and rate decide every event, whatever the size of the steps."""

    def __init__(self, seed: int, start_us: int, instruments: Instruments, *, rate: float = 40.0) -> None:
        if not (rate > 0 and math.isfinite(rate)):
            raise ValueError(f"rate must be above 0 events a second, was {rate}")
        self._random = random.Random(seed)  # noqa: S311 - a reproducible market, not a secret
        self._rate = rate
        self._run_ms = start_us // 1_000
        self._factors = _Factors(self._random, start_us)
        self._settles_us = next_settlement_us(start_us)
        elapsed = 1 - (self._settles_us - start_us) / (24 * _HOUR_US)
        self._contracts = [
            _Contract(instruments[symbol], profile, self._factors, start_us, max(elapsed, 0.001))
            for symbol, profile in PROFILES.items()
            if symbol in instruments
        ]
        self._weights = list(accumulate(contract.profile.activity for contract in self._contracts))
        self._longest_silence_us = max(LONGEST_SILENCE_US, int(2e6 * len(self._contracts) / rate))
        self._pace_known_until_us = 0
        self._pace = 1.0
        self._next_us = start_us

    def step(self, now_us: int) -> list[QuoteEvent]:
        """What happens up to and including `now_us`, oldest first."""
        events: list[QuoteEvent] = []
        while self._next_us <= now_us:
            events.append(self._event(self._next_us))
            self._next_us += self._pause_us(self._next_us)
        return events

    def skip_to(self, now_us: int) -> None:
        """Let time pass unseen, as when the machine slept: nothing is said about the time between."""
        self._next_us = max(self._next_us, now_us)

    def _event(self, at_us: int) -> QuoteEvent:
        self._factors.advance(at_us)
        while at_us >= self._settles_us:
            for contract in self._contracts:
                contract.settle()
            self._settles_us = next_settlement_us(self._settles_us)
        return self._choose(at_us).act(at_us, self._run_ms)

    def _choose(self, at_us: int) -> "_Contract":
        quietest = min(self._contracts, key=lambda contract: contract.acted_us)
        if at_us - quietest.acted_us >= self._longest_silence_us:
            return quietest
        return self._random.choices(self._contracts, cum_weights=self._weights)[0]

    def _pause_us(self, at_us: int) -> int:
        if at_us >= self._pace_known_until_us:
            self._pace = _HOURLY_PACE[_chicago(at_us).hour] / _MEAN_PACE
            self._pace_known_until_us = (at_us // _HOUR_US + 1) * _HOUR_US
        return max(1, round(self._random.expovariate(self._rate * self._pace) * 1e6))


class _Reverting:
    """A standard normal level that wanders and returns: an Ornstein-Uhlenbeck process, stepped exactly."""

    __slots__ = ("_at_us", "level")

    def __init__(self, source: random.Random, at_us: int) -> None:
        self.level = max(-2.0, min(2.0, source.gauss(0, 1)))
        self._at_us = at_us

    def advance(self, source: random.Random, at_us: int) -> None:
        kept = math.exp(-(at_us - self._at_us) / (REVERSION_S * 1e6))
        self.level = kept * self.level + math.sqrt(1 - kept * kept) * source.gauss(0, 1)
        self._at_us = at_us


class _Factors:
    """What moves several contracts at once: stocks, metals, the dollar."""

    __slots__ = ("_processes", "random")

    def __init__(self, source: random.Random, at_us: int) -> None:
        self.random = source
        self._processes = tuple(_Reverting(source, at_us) for _ in range(3))

    def advance(self, at_us: int) -> None:
        for process in self._processes:
            process.advance(self.random, at_us)

    def weighed(self, loadings: tuple[float, float, float]) -> float:
        return sum(loading * process.level for loading, process in zip(loadings, self._processes, strict=True))


class _Contract:
    """The book, the tape and the day of one future. Prices inside are whole ticks."""

    def __init__(
        self,
        instrument: Instrument,
        profile: Profile,
        factors: _Factors,
        at_us: int,
        day_elapsed: float,
    ) -> None:
        self.profile = profile
        self.acted_us = at_us
        self._instrument = instrument
        self._factors = factors
        self._random = factors.random
        self._own = _Reverting(self._random, at_us)
        self._own_share = math.sqrt(1 - sum(loading * loading for loading in profile.loadings))
        tick = float(instrument.tick)
        self._anchor = float(profile.settlement) / tick
        self._move = profile.day_move / tick
        self._close = Decimal(profile.settlement)
        self._spread = 1
        self._bid = self._ask = 0
        self._bid_size = self._ask_size = 1
        self._seq = 0
        self._requote()
        self._last = self._bid
        self._last_size = self._size(profile.trade_size)
        self._new_day = False
        self._open = round(self._anchor + self._random.gauss(0, 0.3) * self._move)
        reach = [abs(self._random.gauss(0, 0.3)) * self._move * math.sqrt(day_elapsed) for _ in range(2)]
        self._high = max(self._open, self._last) + round(reach[0])
        self._low = min(self._open, self._last) - round(reach[1])
        self._volume = round(profile.day_volume * day_elapsed)
        self._high52 = max(Decimal(profile.high52), self._price(self._high))
        self._low52 = min(Decimal(profile.low52), self._price(self._low))

    def settle(self) -> None:
        """End the day: the last price is the settlement, and the next trade opens the new day."""
        self._close = self._price(self._last)
        self._new_day = True
        self._volume = 0

    def act(self, at_us: int, run_ms: int) -> QuoteEvent:
        """One event: the book moves, and perhaps somebody trades."""
        self._own.advance(self._random, at_us)
        self._requote()
        left_behind = not (self._bid - FARTHEST_LAST_TICKS <= self._last <= self._ask + FARTHEST_LAST_TICKS)
        if self._new_day or left_behind or self._random.random() < TRADE_SHARE:
            self._trade()
        self._seq += 1
        self.acted_us = at_us
        return QuoteEvent(
            symbol=self._instrument.symbol,
            ts_us=at_us,
            source=MOCK_SOURCE,
            last=self._price(self._last),
            bid=self._price(self._bid),
            ask=self._price(self._ask),
            last_size=self._last_size,
            bid_size=self._bid_size,
            ask_size=self._ask_size,
            seq=self._seq,
            venue=self._instrument.exchange,
            meta=self._meta(run_ms),
        )

    def _requote(self) -> None:
        if self._random.random() < SPREAD_CHANGE_SHARE:
            self._spread = self._random.choices((1, 2, 3), self.profile.spread_weights)[0]
        level = self._factors.weighed(self.profile.loadings) + self._own_share * self._own.level
        bid = math.floor(self._anchor + self._move * level - (self._spread - 1) / 2)
        if bid != self._bid or self._random.random() < 0.5:
            self._bid_size = self._size(self.profile.book_size)
        if bid + self._spread != self._ask or self._random.random() < 0.5:
            self._ask_size = self._size(self.profile.book_size)
        self._bid, self._ask = bid, bid + self._spread

    def _trade(self) -> None:
        self._last_size = self._size(self.profile.trade_size)
        self._volume += self._last_size
        if self._random.random() < 0.5:
            self._last = self._bid
            self._bid_size = max(1, self._bid_size - self._last_size)
        else:
            self._last = self._ask
            self._ask_size = max(1, self._ask_size - self._last_size)
        if self._new_day:
            self._open = self._high = self._low = self._last
            self._new_day = False
        self._high = max(self._high, self._last)
        self._low = min(self._low, self._last)
        self._high52 = max(self._high52, self._price(self._last))
        self._low52 = min(self._low52, self._price(self._last))

    def _size(self, mean: float) -> int:
        return 1 + int(self._random.expovariate(1 / mean))

    def _price(self, ticks: int) -> Decimal:
        return self._instrument.tick * ticks

    def _meta(self, run_ms: int) -> str:
        opened, high, low = (self._price(ticks) for ticks in (self._open, self._high, self._low))
        return (
            f'{{"precision":{self._instrument.precision},"run":{run_ms},"volume":{self._volume}'
            f',"netChange":{self._price(self._last) - self._close},"open":{opened},"high":{high},"low":{low}'
            f',"close":{self._close}'
            f',"high52":{self._high52},"low52":{self._low52}}}'
        )


def _chicago(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // 1_000_000, UTC).astimezone(CHICAGO)
