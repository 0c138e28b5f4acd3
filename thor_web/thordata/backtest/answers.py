"""What every path of the backtest API shares: the registry, errors as problem documents, results as they are kept."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Annotated, Any, Final, ParamSpec, TypeVar

from django.conf import settings
from django.http import HttpResponse
from ninja import Path, Query
from psycopg import OperationalError

from thor_web.problems import Problem
from thor_web.thordata.backtest.errors import BacktestError
from thor_web.thordata.backtest.runs import GREATEST, Runs

__all__ = ["Before", "Limit", "Number", "answered", "kept_result", "listed_page", "open_runs", "report_page"]

P = ParamSpec("P")
T = TypeVar("T")

STATUS_OF: Final = {
    "unknown_run": 404,
    "unknown_sweep": 404,
    "unknown_patterns": 404,
    "unknown_schedule": 404,
    "unknown_strategy": 404,
    "not_finished": 409,
}
REPORT_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}

Number = Annotated[int, Path(ge=1, le=GREATEST)]
Before = Annotated[int | None, Query(ge=1, le=GREATEST)]
Limit = Annotated[int, Query(ge=1, le=200)]


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


def open_runs() -> Runs:
    """A session with the registry."""
    return Runs.connect(settings.CONFIGURATION.conninfo())


def listed_page(
    name: str, kinds: Sequence[str], *, before: int | None, limit: int, strategy: str | None = None
) -> dict[str, Any]:
    """The newest of some kinds, and where the next page begins."""
    with open_runs() as runs:
        found = runs.listed(before=before, limit=limit + 1, strategy=strategy, kinds=kinds)
    more = len(found) > limit
    return {name: found[:limit], "next": found[limit - 1]["id"] if more else None}


def kept_result(number: int, kinds: Sequence[str]) -> HttpResponse:
    """A result as it is kept, with its number; nothing of it is parsed on the way."""
    with open_runs() as runs:
        text = runs.result_text(number, kinds=kinds)
    return HttpResponse(f'{{"id": {number}, {text[1:]}', content_type="application/json")


def report_page(number: int, kinds: Sequence[str], page: Callable[[dict[str, Any]], str]) -> HttpResponse:
    """A result's report, self-contained."""
    with open_runs() as runs:
        return HttpResponse(page(runs.result(number, kinds=kinds)), headers=REPORT_HEADERS)
