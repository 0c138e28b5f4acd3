"""Signals: those of now, those of before, and how they turned out."""

import time
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal

import orjson
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from ninja import Query, Router

from thor_web.futuretrading.models import TradingSignal
from thor_web.futuretrading.schemas import AccuracyReport, CurrentSignals, FindingRecord, SignalPage
from thor_web.futuretrading.services.accuracy import DIMENSIONS, accuracy
from thor_web.futuretrading.services.findings import configuration_findings
from thor_web.futuretrading.services.quotes_state import QUOTES_STATE, QuotesState

__all__ = ["router"]

router = Router(tags=["signals"])

SHOWN: Final = (
    "symbol",
    "signal",
    "stat_value",
    "contract_weight",
    "signal_weight",
    "change",
    "last",
    "ts",
    "active_source",
    "marks",
    "config_version",
)
MOST_SIGNALS: Final = 500
BY: Final = "^(?:{0})(?:,(?:{0}))*$".format("|".join(DIMENSIONS))
SYMBOL: Final = r"^[A-Z0-9$][A-Z0-9.$_/-]{0,31}$"
SymbolName = Annotated[str, Query(pattern=SYMBOL, max_length=32)]
Cursor = Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next_cursor` of the page before.")]


@router.get("/signals", response=CurrentSignals, summary="The signal of each symbol now, and TOTAL")
async def current(request: ASGIRequest) -> Any:
    """Signals of the newest quotes, in display order; null where a symbol has none."""
    state: QuotesState = request.scope["state"][QUOTES_STATE]
    records = [orjson.loads(frame.record(state.enricher)) for frame in state.newest_frames()]
    signals = [{name: record[name] for name in SHOWN} for record in records]
    return {"signals": signals, "total": orjson.loads(state.enricher.total(time.time_ns() // 1_000_000))}


@router.get("/signals/history", response=SignalPage, summary="The recorded signals of a symbol, newest first")
def history(
    request: HttpRequest,
    symbol: SymbolName,
    limit: Annotated[int, Query(ge=1, le=MOST_SIGNALS)] = 100,
    cursor: Cursor = None,
) -> Any:
    """Every change of its signal with what it was computed from; TOTAL is the composite. `next_cursor` goes on."""
    rows = TradingSignal.objects.filter(symbol=symbol).order_by("-id")
    if cursor is not None:
        rows = rows.filter(id__lt=cursor)
    page = list(rows[: limit + 1])
    return {"items": page[:limit], "next_cursor": page[limit - 1].pk if len(page) > limit else None}


@router.get("/signals/accuracy", response=AccuracyReport, summary="How signals turned out")
def signal_accuracy(
    request: HttpRequest,
    *,
    by: Annotated[
        str, Query(pattern=BY, description="Any of symbol, signal, phase and measure, separated by commas.")
    ] = "symbol,signal,phase,measure",
    symbol: Annotated[str | None, Query(pattern=SYMBOL, max_length=32)] = None,
    measure: Literal["1m", "5m", "15m", "1h", "target"] | None = None,
    mock: Annotated[bool, Query(description="Those of the made-up market instead of the real ones.")] = False,
) -> Any:
    """Counts, hit rates and average moves with 95 % intervals.

    A signal is entered at the first quote after its event, a buyer at the ask and a seller at the bid, and left at the
    other side. `target`: whether it earned the instrument's target before it lost as much.
    """
    names = list(dict.fromkeys(by.split(",")))
    return {"mock": mock, "rows": [asdict(row) for row in accuracy(names, symbol=symbol, measure=measure, mock=mock)]}


@router.get("/signals/findings", response=list[FindingRecord], summary="What is doubtful about the thresholds")
def findings(
    request: HttpRequest,
    *,
    mock: Annotated[bool, Query(description="By trade dates of the made-up market instead of the real ones.")] = False,
) -> Any:
    """`faulty_thresholds` contradict themselves, `incomplete_thresholds` lack a part: the symbol has no signal.
    `thresholds_never_fire`: on every recorded trade date, five at least, the change stayed within HOLD."""
    return [asdict(finding) for finding in configuration_findings(mock=mock)]
