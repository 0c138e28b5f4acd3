"""The API of sweeps and of patterns: asked for, waited for and read like runs, played by the same worker."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router

from collectors.instruments import load_instruments
from thor_web.accounts.interface import signed_in
from thor_web.thordata.backtest.analysis import patterns_report
from thor_web.thordata.backtest.answers import (
    Before,
    Limit,
    Number,
    answered,
    kept_result,
    listed_page,
    open_runs,
    report_page,
)
from thor_web.thordata.backtest.requests import patterns_of_request, sweep_of
from thor_web.thordata.backtest.result_schemas import PatternsResult, SweepResult
from thor_web.thordata.backtest.runs import PATTERNS, SWEEPS
from thor_web.thordata.backtest.schemas import (
    PatternsList,
    PatternsRequest,
    PatternsStatus,
    SweepList,
    SweepRequest,
    SweepStatus,
)
from thor_web.thordata.backtest.sweep_report import sweep_report

__all__ = ["router"]

router = Router(tags=["backtest"])


@router.post(
    "/thordata/backtest/sweeps", response={202: SweepStatus}, auth=signed_in, summary="Ask for a sweep of a grid"
)
@answered
def sweep_add(request: HttpRequest, wanted: SweepRequest) -> tuple[int, dict[str, Any]]:
    """Checked at once, played on this machine's processors by `thor backtest work`; every combination is a trial."""
    asked = sweep_of(wanted.dict(exclude_unset=True)).checked(load_instruments())
    with open_runs() as runs:
        return 202, runs.status(runs.add(asked, created_by=request.user.get_username()))


@router.get("/thordata/backtest/sweeps", response=SweepList, summary="The newest sweeps")
@answered
def sweep_list(request: HttpRequest, before: Before = None, limit: Limit = 50) -> dict[str, Any]:
    """By number, newest first; those that wait too."""
    return listed_page("sweeps", SWEEPS, before=before, limit=limit)


@router.get("/thordata/backtest/sweeps/{sweep}", response=SweepStatus, summary="A sweep's state")
@answered
def sweep_status(request: HttpRequest, sweep: Number) -> dict[str, Any]:
    """With the share of the combinations that is played."""
    with open_runs() as runs:
        return runs.status(sweep, kinds=SWEEPS)


@router.get(
    "/thordata/backtest/sweeps/{sweep}/result", response=SweepResult, by_alias=True, summary="A sweep's whole result"
)
@answered
def sweep_whole(request: HttpRequest, sweep: Number) -> HttpResponse:
    """Every combination with its figures, and what all of them say of the best. 409 while it is not finished."""
    return kept_result(sweep, SWEEPS)


@router.get("/thordata/backtest/sweeps/{sweep}/report", summary="A sweep's report as one HTML page")
@answered
def sweep_page(request: HttpRequest, sweep: Number) -> HttpResponse:
    """Self-contained."""
    return report_page(sweep, SWEEPS, sweep_report)


@router.post("/thordata/backtest/sweeps/{sweep}/cancel", response=SweepStatus, auth=signed_in, summary="Cancel a sweep")
@answered
def sweep_cancel(request: HttpRequest, sweep: Number) -> dict[str, Any]:
    """A waiting sweep ends at once, a running one within seconds; none of it is kept."""
    with open_runs() as runs:
        return runs.cancel(sweep, kinds=SWEEPS)


@router.post(
    "/thordata/backtest/patterns",
    response={202: PatternsStatus},
    auth=signed_in,
    summary="Ask for the patterns of markets",
)
@answered
def patterns_add(request: HttpRequest, wanted: PatternsRequest) -> tuple[int, dict[str, Any]]:
    """Hours, gaps, opening ranges, volatility, candlesticks, breakouts, signals: counted by `thor backtest work`."""
    asked = patterns_of_request(wanted.dict()).checked(load_instruments())
    with open_runs() as runs:
        return 202, runs.status(runs.add(asked, created_by=request.user.get_username()))


@router.get("/thordata/backtest/patterns", response=PatternsList, summary="The newest analyses of patterns")
@answered
def patterns_list(request: HttpRequest, before: Before = None, limit: Limit = 50) -> dict[str, Any]:
    """By number, newest first; those that wait too."""
    return listed_page("patterns", PATTERNS, before=before, limit=limit)


@router.get("/thordata/backtest/patterns/{patterns}", response=PatternsStatus, summary="An analysis' state")
@answered
def patterns_status(request: HttpRequest, patterns: Number) -> dict[str, Any]:
    """With the share of the symbols that is done."""
    with open_runs() as runs:
        return runs.status(patterns, kinds=PATTERNS)


@router.get("/thordata/backtest/patterns/{patterns}/result", response=PatternsResult, summary="An analysis' result")
@answered
def patterns_result(request: HttpRequest, patterns: Number) -> HttpResponse:
    """Every line with its count and interval. 409 while it is not finished."""
    return kept_result(patterns, PATTERNS)


@router.get("/thordata/backtest/patterns/{patterns}/report", summary="An analysis' report as one HTML page")
@answered
def patterns_page(request: HttpRequest, patterns: Number) -> HttpResponse:
    """Self-contained."""
    return report_page(patterns, PATTERNS, patterns_report)


@router.post(
    "/thordata/backtest/patterns/{patterns}/cancel",
    response=PatternsStatus,
    auth=signed_in,
    summary="Cancel an analysis",
)
@answered
def patterns_cancel(request: HttpRequest, patterns: Number) -> dict[str, Any]:
    """One that waits ends at once, one at work within seconds."""
    with open_runs() as runs:
        return runs.cancel(patterns, kinds=PATTERNS)
