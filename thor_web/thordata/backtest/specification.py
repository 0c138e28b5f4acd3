"""What a run is asked to do, complete and checked: the same specification on the same data gives the same bits."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Final, Self

from collectors.instruments import Instruments
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.registry import make_strategy

__all__ = ["RunSpecification", "bad", "check_symbols", "check_whole", "parse_instant", "words_of"]

SYMBOL: Final = re.compile(r"[A-Z0-9$][A-Z0-9.$_/-]{0,31}")
MOST_SYMBOLS: Final = 100
GREATEST: Final = 10**12
YEARS: Final = range(1970, 2200)
DECIMALS: Final = (
    "cash", "fee", "fee_rate", "slippage_ticks", "initial_margin", "maintenance_margin", "participation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RunSpecification:
    """One run. Instants are UTC and the end is not part of it; money is the account's; decimals are text.

    `interval_s` is the length of a bar for strategies on bars. `fee` is a contract and side, `fee_rate` a share of the
    value, `slippage_ticks` what market and stop orders pay beyond the quote, in ticks: where not said 0 on quotes,
    whose spread is paid already, and 1 on bars. `latency_us` is how long an order travels; bars cannot show it.
    """

    kind: ClassVar[str] = "run"
    strategy: str
    symbols: tuple[str, ...]
    start: str
    end: str
    parameters: Mapping[str, Any]
    interval_s: int = 60
    cash: str = "100000"
    fee: str = "2.50"
    fee_rate: str = "0"
    slippage_ticks: str | None = None
    latency_us: int = 1_000
    flat_before_close_s: int | None = None
    fills_at_touch: bool = False
    participation: str = "0"
    initial_margin: str = "0"
    maintenance_margin: str = "0"
    source: str | None = None
    seed: int = 1

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """A specification from JSON values. Raises BacktestError `bad_specification` for what does not fit."""
        values = words_of(document, {field.name for field in fields(cls)}, {"strategy", "symbols", "start", "end"})
        values["parameters"] = document.get("parameters") or {}
        if not isinstance(values["strategy"], str) or not isinstance(values["parameters"], Mapping):
            raise bad("strategy is a text, parameters an object")
        for name in DECIMALS:
            if values.get(name) is not None:
                values[name] = str(values[name])
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """The specification as JSON values."""
        return asdict(self) | {"symbols": list(self.symbols), "parameters": dict(self.parameters)}

    def canonical(self) -> str:
        """The one text of this specification."""
        return json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_text(cls, canonical: str) -> Self:
        """The specification of its canonical text."""
        return cls.from_json(json.loads(canonical))

    def span(self) -> tuple[datetime, datetime]:
        """First instant and the one behind the last."""
        return datetime.fromisoformat(self.start), datetime.fromisoformat(self.end)

    def checked(self, instruments: Instruments, *, modules: bool = False) -> Self:
        """The same with every parameter filled in. Raises BacktestError for what cannot be run."""
        start, end = self.span()
        if start >= end:
            raise bad(f"the span is empty: {self.start} to {self.end}")
        check_symbols(self.symbols, instruments)
        strategy = make_strategy(self.strategy, self.parameters, modules=modules)
        slippage = ("0" if strategy.feed == "ticks" else "1") if self.slippage_ticks is None else self.slippage_ticks
        latency_us = self.latency_us if strategy.feed == "ticks" else 0
        full = replace(self, parameters=strategy.values, slippage_ticks=slippage, latency_us=latency_us)
        full._check_numbers()
        return full

    def _check_numbers(self) -> None:
        for name in DECIMALS:
            if decimal(getattr(self, name), name) < 0:
                raise bad(f"{name} must not be below 0")
        if decimal(self.cash, "cash") <= 0:
            raise bad("cash must be above 0")
        for name, least in (("interval_s", 1), ("latency_us", 0), ("seed", 0)):
            check_whole(getattr(self, name), name, least)
        if self.flat_before_close_s is not None:
            check_whole(self.flat_before_close_s, "flat_before_close_s", 0)
        if not isinstance(self.fills_at_touch, bool) or not isinstance(self.source, str | None):
            raise bad("fills_at_touch is true or false, source the name of a source")


def bad(message: str) -> BacktestError:
    return BacktestError("bad_specification", message)


def words_of(document: Mapping[str, Any], known: set[str], needed: set[str]) -> dict[str, Any]:
    """Known words alone, with symbols as a tuple and both instants in one form. Raises BacktestError."""
    if unknown := sorted(set(document) - known):
        raise bad(f"there is no option {unknown[0][:40]!r}")
    if missing := sorted(needed - set(document)):
        raise bad(f"{missing[0]} is missing")
    values = dict(document)
    if not isinstance(values["symbols"], list | tuple):
        raise bad("symbols is a list")
    values["symbols"] = tuple(values["symbols"])
    for name in ("start", "end"):
        values[name] = parse_instant(values[name], end=name == "end").isoformat().replace("+00:00", "Z")
    return values


def check_symbols(symbols: Sequence[object], instruments: Instruments) -> None:
    """Raises BacktestError for none, too many, one twice or an unknown one."""
    if not symbols or len(symbols) > MOST_SYMBOLS or len({str(symbol) for symbol in symbols}) != len(symbols):
        raise bad(f"there are 1 to {MOST_SYMBOLS} symbols, each once")
    for symbol in symbols:
        if not isinstance(symbol, str) or not SYMBOL.fullmatch(symbol) or symbol not in instruments:
            raise BacktestError("unknown_symbol", f"the registry has no symbol {str(symbol)[:40]!r}")


def check_whole(value: object, name: str, least: int) -> None:
    """Raises BacktestError for anything but a whole number from `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**53:
        raise bad(f"{name} must be a whole number from {least}")


def decimal(text: str, name: str) -> Decimal:
    """A finite decimal. Raises BacktestError."""
    try:
        value = Decimal(text)
    except (InvalidOperation, TypeError):
        raise bad(f"{name} must be a number, was {str(text)[:40]!r}") from None
    if not value.is_finite() or abs(value) > GREATEST:
        raise bad(f"{name} must be finite, and {GREATEST:,} at the most")
    return value


def parse_instant(text: object, *, end: bool) -> datetime:
    """An instant, or a UTC day: its first instant, as an end the first instant of the day after."""
    if isinstance(text, str):
        try:
            instant = _instant(text, end=end)
        except (ValueError, OverflowError):
            pass
        else:
            if instant is not None and instant.year in YEARS:
                return instant
    raise bad(
        f"an instant is a day or has a zone, like 2023-12-25 or 2023-12-25T22:00Z, from 1970 on, was {str(text)[:40]!r}"
    )


def _instant(text: str, *, end: bool) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        instant = datetime.fromisoformat(text)
        return None if instant.tzinfo is None else instant.astimezone(UTC)
    return datetime.combine(day + timedelta(days=1 if end else 0), time(), UTC)
