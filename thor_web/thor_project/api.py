"""Every router under `/api`, one schema, and errors as problem documents."""

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from thor_web.accounts.views import router as accounts_router
from thor_web.futuretrading.bar_views import router as bars_router
from thor_web.futuretrading.instrument_views import router as instruments_router
from thor_web.futuretrading.latest_views import router as latest_router
from thor_web.futuretrading.openbb_views import router as openbb_router
from thor_web.futuretrading.signal_views import router as signals_router
from thor_web.futuretrading.tradingview_views import router as tradingview_router
from thor_web.futuretrading.views import router as quotes_router
from thor_web.futuretrading.watchlist_views import router as watchlists_router
from thor_web.livedata.raw_views import router as raw_router
from thor_web.livedata.views import router as providers_router
from thor_web.problems import Problem
from thor_web.thor_project.answers import problem_response
from thor_web.thor_project.health_views import router as health_router
from thor_web.thor_project.openapi import Api
from thor_web.thordata.backtest.views import router as backtest_router
from thor_web.thordata.query_views import router as lake_router
from thor_web.thordata.views import router as history_router
from thor_web.timezones.views import router as session_router

__all__ = ["api", "no_such_path"]

api = Api(
    title="Thor",
    version="1",
    description="Live quotes, sessions and history.",
    docs_url="/docs",
    openapi_url="/openapi.json",
)
api.add_router("", accounts_router)
api.add_router("", quotes_router)
api.add_router("", latest_router)
api.add_router("", instruments_router)
api.add_router("", signals_router)
api.add_router("", bars_router)
api.add_router("", watchlists_router)
api.add_router("", tradingview_router)
api.add_router("", openbb_router)
api.add_router("", session_router)
api.add_router("", providers_router)
api.add_router("", raw_router)
api.add_router("", backtest_router)
api.add_router("", health_router)
api.add_router("/thordata", history_router)
api.add_router("/thordata", lake_router)


@api.exception_handler(Problem)
def _on_problem(_request: HttpRequest, problem: Problem) -> HttpResponse:
    return problem_response(problem)


@api.exception_handler(ValidationError)
def _on_validation_error(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    first = error.errors[0]
    where = ".".join(str(part) for part in first.get("loc", ())[1:])
    return problem_response(Problem(400, "bad_parameter", f"{where}: {first.get('msg', 'is not valid')}"))


@api.exception_handler(AuthenticationError)
def _on_no_login(_request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    return problem_response(Problem(401, "not_logged_in", "Log in first; to write needs the CSRF token too."))


@api.exception_handler(HttpError)
def _on_http_error(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem_response(Problem(error.status_code, "request_refused", str(error)))


async def no_such_path(request: ASGIRequest) -> HttpResponse:
    """Whatever lies under `/api/` and is nothing."""
    return problem_response(Problem(404, "no_such_path", f"There is nothing at {request.path[:200]}."))
