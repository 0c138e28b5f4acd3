"""The backtest API: strategies, runs and their results. Reading is open; asking for a run needs a login.

Strategies named `module:Class` are for the command line only: no request may choose what is imported.
"""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, Final, ParamSpec, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from psycopg import OperationalError

from collectors.instruments import load_instruments
from thor_web.accounts.interface import signed_in
from thor_web.problems import Problem
from thor_web.thordata.backtest.comparison import compare_results
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.live_parity import listed_seals
from thor_web.thordata.backtest.portfolio import portfolio_of
from thor_web.thordata.backtest.registry import strategies
from thor_web.thordata.backtest.report import html_report
from thor_web.thordata.backtest.runs import Runs
from thor_web.thordata.backtest.schemas import (
    Comparison,
    RunList,
    RunRequest,
    RunStatus,
    SealRecord,
    StrategyRecord,
    SweepList,
)
from thor_web.thordata.backtest.specification import RunSpecification
from thor_web.thordata.backtest.sweep_report import sweep_report
from thor_web.thordata.backtest.sweeps import listed_sweeps, sweep_result

__all__ = ["router"]

router = Router(tags=["backtest"])

P = ParamSpec("P")
T = TypeVar("T")

STATUS_OF: Final = {"unknown_run": 404, "unknown_sweep": 404, "not_finished": 409, "unknown_strategy": 404}
MOST_COMPARED: Final = 10
REPORT_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def answered(view: Callable[P, T]) -> Callable[P, T]:
    """Errors of this room as problem documents."""

    @wraps(view)
    def inner(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return view(*args, **kwargs)
        except BacktestError as error:
            raise Problem(STATUS_OF.get(error.code, 400), error.code, str(error)) from error
        except OperationalError as error:
            raise Problem(503, "no_postgres", "Postgres is away.", retry_after_s=5) from error

    return inner


def _runs() -> Runs:
    return Runs.connect(settings.CONFIGURATION.conninfo())


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
    document = wanted.dict()
    specification = RunSpecification.from_json(document.pop("options") | document).checked(load_instruments())
    with _runs() as runs:
        number = runs.add(specification, created_by=request.user.get_username())
        return 202, runs.status(number)


@router.get("/thordata/backtest/runs", response=RunList, summary="The newest runs")
@answered
def run_list(
    request: HttpRequest,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    strategy: Annotated[str | None, Query(max_length=200)] = None,
) -> dict[str, Any]:
    """By number, newest first."""
    with _runs() as runs:
        found = runs.listed(before=before, limit=limit + 1, strategy=strategy)
    more = len(found) > limit
    return {"runs": found[:limit], "next": found[limit - 1]["id"] if more else None}


@router.get("/thordata/backtest/compare", response=Comparison, summary="Runs side by side")
@answered
def run_compare(request: HttpRequest, ids: Annotated[str, Query(max_length=200)]) -> dict[str, Any]:
    """Two to ten finished runs."""
    return compare_results(_results(ids))


def _results(ids: str) -> list[dict[str, Any]]:
    numbers = [word.strip() for word in ids.split(",") if word.strip()]
    if not 2 <= len(numbers) <= MOST_COMPARED or not all(word.isdecimal() and len(word) < 19 for word in numbers):
        raise Problem(400, "bad_parameter", f"ids are 2 to {MOST_COMPARED} numbers of runs, separated by commas.")
    with _runs() as runs:
        return [runs.result(int(word)) for word in numbers]


@router.get("/thordata/backtest/portfolio", response=dict[str, Any], summary="Finished runs in one portfolio")
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
def run_status(request: HttpRequest, run: int) -> dict[str, Any]:
    """With what is at work and the share of it that is done."""
    with _runs() as runs:
        return runs.status(run)


@router.get("/thordata/backtest/runs/{run}/result", response=dict[str, Any], summary="A run's whole result")
@answered
def run_result(request: HttpRequest, run: int) -> dict[str, Any]:
    """409 while it is not finished; a failed run answers with its own code."""
    with _runs() as runs:
        return runs.result(run)


@router.get("/thordata/backtest/runs/{run}/report", summary="A run's report as one HTML page")
@answered
def run_report(request: HttpRequest, run: int) -> HttpResponse:
    """Self-contained."""
    with _runs() as runs:
        page = html_report(runs.result(run))
    return HttpResponse(page, headers=REPORT_HEADERS)


@router.post("/thordata/backtest/runs/{run}/cancel", response=RunStatus, auth=signed_in, summary="Cancel a run")
@answered
def run_cancel(request: HttpRequest, run: int) -> dict[str, Any]:
    """A waiting run ends at once, a running one within a second."""
    with _runs() as runs:
        return runs.cancel(run)


@router.get("/thordata/backtest/parity", response=list[SealRecord], summary="The nightly proofs of parity")
@answered
def seal_list(request: HttpRequest, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[dict[str, Any]]:
    """The newest first: the chain of the signals shown live, the chain of the replayed day, and where they differ."""
    with _runs() as runs:
        return listed_seals(runs.connection, limit=limit)


@router.get("/thordata/backtest/sweeps", response=SweepList, summary="The newest sweeps")
@answered
def sweep_list(
    request: HttpRequest,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """By number, newest first."""
    with _runs() as runs:
        found = listed_sweeps(runs.connection, before=before, limit=limit + 1)
    more = len(found) > limit
    return {"sweeps": found[:limit], "next": found[limit - 1]["id"] if more else None}


@router.get("/thordata/backtest/sweeps/{sweep}/result", response=dict[str, Any], summary="A sweep's whole result")
@answered
def sweep_whole(request: HttpRequest, sweep: int) -> dict[str, Any]:
    """Every combination with its figures, and what all of them say of the best."""
    with _runs() as runs:
        return sweep_result(runs.connection, sweep)


@router.get("/thordata/backtest/sweeps/{sweep}/report", summary="A sweep's report as one HTML page")
@answered
def sweep_page(request: HttpRequest, sweep: int) -> HttpResponse:
    """Self-contained."""
    with _runs() as runs:
        page = sweep_report(sweep_result(runs.connection, sweep))
    return HttpResponse(page, headers=REPORT_HEADERS)
