"""The backtest API: strategies, runs and their results. Reading is open; asking for a run needs a login.

Strategies named `module:Class` are for the command line only: no request may choose what is imported.
"""

from typing import Annotated, Any, Final

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from collectors.instruments import load_instruments
from thor_web.accounts.interface import signed_in
from thor_web.problems import Problem
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
from thor_web.thordata.backtest.comparison import compare_results
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.live_parity import listed_seals
from thor_web.thordata.backtest.portfolio import portfolio_of
from thor_web.thordata.backtest.registry import strategies
from thor_web.thordata.backtest.report import html_report
from thor_web.thordata.backtest.requests import run_of
from thor_web.thordata.backtest.result_schemas import PortfolioResult, RunResult
from thor_web.thordata.backtest.runs import PLAYED
from thor_web.thordata.backtest.schedule_views import router as schedule_router
from thor_web.thordata.backtest.schemas import Comparison, RunList, RunRequest, RunStatus, SealRecord, StrategyRecord
from thor_web.thordata.backtest.sweep_views import router as sweep_router

__all__ = ["router"]

router = Router(tags=["backtest"])
router.add_router("", sweep_router)
router.add_router("", schedule_router)

MOST_COMPARED: Final = 10


@router.get("/thordata/backtest/strategies", response=list[StrategyRecord], summary="Strategies and their parameters")
def strategy_list(request: HttpRequest) -> list[dict[str, Any]]:
    """Every registered strategy; one that cannot be loaded says why."""
    found: list[dict[str, Any]] = []
    for name, kind in strategies().items():
        if isinstance(kind, BacktestError):
            found.append({"name": name, "summary": "", "feed": "", "parameters": [], "error": str(kind)})
        else:
            parameters = [parameter.to_json() for parameter in kind.parameters]
            found.append({"name": name, "summary": kind.summary, "feed": kind.feed, "parameters": parameters})
    return found


@router.post(
    "/thordata/backtest/runs", response={202: RunStatus}, auth=signed_in, summary="Ask for a run; a worker plays it"
)
@answered
def run_add(request: HttpRequest, wanted: RunRequest) -> tuple[int, dict[str, Any]]:
    """Checked at once, played by `thor backtest work`."""
    specification = run_of(wanted.dict(exclude_unset=True)).checked(load_instruments())
    with open_runs() as runs:
        return 202, runs.status(runs.add(specification, created_by=request.user.get_username()))


@router.get("/thordata/backtest/runs", response=RunList, summary="The newest runs")
@answered
def run_list(
    request: HttpRequest,
    before: Before = None,
    limit: Limit = 50,
    strategy: Annotated[str | None, Query(max_length=200)] = None,
) -> dict[str, Any]:
    """By number, newest first."""
    return listed_page("runs", PLAYED, before=before, limit=limit, strategy=strategy)


@router.get("/thordata/backtest/compare", response=Comparison, summary="Runs side by side")
@answered
def run_compare(request: HttpRequest, ids: Annotated[str, Query(max_length=200)]) -> dict[str, Any]:
    """Two to ten finished runs."""
    return compare_results(_results(ids))


def _results(ids: str) -> list[dict[str, Any]]:
    numbers = [word.strip() for word in ids.split(",") if word.strip()]
    if not 2 <= len(numbers) <= MOST_COMPARED or not all(word.isdecimal() and len(word) < 19 for word in numbers):
        raise Problem(400, "bad_parameter", f"ids are 2 to {MOST_COMPARED} numbers of runs, separated by commas.")
    with open_runs() as runs:
        return [runs.result(int(word)) for word in numbers]


@router.get(
    "/thordata/backtest/portfolio", response=PortfolioResult, by_alias=True, summary="Finished runs in one portfolio"
)
@answered
def run_portfolio(
    request: HttpRequest,
    ids: Annotated[str, Query(max_length=200)],
    sizing: Annotated[str, Query(max_length=40)] = "equal",
    target: Annotated[float, Query(gt=0, le=10)] = 0.1,
    kelly: Annotated[float, Query(gt=0, le=10)] = 0.5,
) -> dict[str, Any]:
    """Weights, risk contribution, correlation and stress of two to ten runs over the periods that they share."""
    return portfolio_of(_results(ids), sizing=sizing, target=target, kelly=kelly)


@router.get("/thordata/backtest/runs/{run}", response=RunStatus, summary="A run's state")
@answered
def run_status(request: HttpRequest, run: Number) -> dict[str, Any]:
    """With what is at work and the share of it that is done."""
    with open_runs() as runs:
        return runs.status(run, kinds=PLAYED)


@router.get("/thordata/backtest/runs/{run}/result", response=RunResult, summary="A run's whole result")
@answered
def run_result(request: HttpRequest, run: Number) -> HttpResponse:
    """409 while it is not finished; a failed run answers with its own code."""
    return kept_result(run, PLAYED)


@router.get("/thordata/backtest/runs/{run}/report", summary="A run's report as one HTML page")
@answered
def run_report(request: HttpRequest, run: Number) -> HttpResponse:
    """Self-contained."""
    return report_page(run, PLAYED, html_report)


@router.post("/thordata/backtest/runs/{run}/cancel", response=RunStatus, auth=signed_in, summary="Cancel a run")
@answered
def run_cancel(request: HttpRequest, run: Number) -> dict[str, Any]:
    """A waiting run ends at once, a running one within a second."""
    with open_runs() as runs:
        return runs.cancel(run, kinds=PLAYED)


@router.get("/thordata/backtest/parity", response=list[SealRecord], summary="The nightly proofs of parity")
@answered
def seal_list(request: HttpRequest, limit: Limit = 50) -> list[dict[str, Any]]:
    """The newest first: the chain of the signals shown live, the chain of the replayed day, and where they differ."""
    with open_runs() as runs:
        return listed_seals(runs.connection, limit=limit)
