"""The pages that are no API: health for machines, and the dashboard's one HTML file for every path of its own."""

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpResponse, JsonResponse

from collectors.metrics import CONTENT_TYPE
from thor_web.problems import Problem
from thor_web.thor_project.answers import problem_response
from thor_web.thor_project.web_health import HEALTH_STATE, WebHealth

__all__ = ["dashboard", "healthz", "metrics", "readyz"]


async def healthz(_request: ASGIRequest) -> HttpResponse:
    """This process lives and answers."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


async def readyz(request: ASGIRequest) -> HttpResponse:
    """This process can do its work: Redis and Postgres are there. 503 otherwise, saying which is not."""
    parts = {"redis": _health(request).ready, "postgres": await sync_to_async(_postgres_answers)()}
    return JsonResponse(
        {"status": "ready" if all(parts.values()) else "not ready"} | parts,
        status=200 if all(parts.values()) else 503,
        headers={"Cache-Control": "no-store"},
    )


async def metrics(request: ASGIRequest) -> HttpResponse:
    """The counters and histograms of every process, for Prometheus."""
    page = await _health(request).metrics()
    return HttpResponse(page, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})


def _health(request: ASGIRequest) -> WebHealth:
    health: WebHealth = request.scope["state"][HEALTH_STATE]
    return health


def _postgres_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return False
    return True


async def dashboard(_request: ASGIRequest) -> HttpResponse:
    """The dashboard's page. Its assets carry a hash in their names; this file must always be asked for anew."""
    page = settings.DASHBOARD_DIR / "index.html"
    try:
        content = await sync_to_async(page.read_bytes, thread_sensitive=False)()
    except FileNotFoundError:
        return problem_response(Problem(503, "no_dashboard", "The dashboard is not built here; run ./thor up."))
    return HttpResponse(content, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-cache"})
