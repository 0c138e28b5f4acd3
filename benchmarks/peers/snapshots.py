"""Two ways to answer with the newest quotes: a plain async Django view over the latest hashes, and ready bytes.

Which one is served, and its input, are in the environment: `SNAPSHOT_PEER` is `django` or `starlette`.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["application"]


def application() -> Callable[..., Any]:
    """For `uvicorn --factory`."""
    return starlette() if os.environ["SNAPSHOT_PEER"] == "starlette" else django()


def starlette() -> Callable[..., Any]:
    """The same bytes for everybody."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse, Response
    from starlette.routing import Route

    body = Path(os.environ["SNAPSHOT_BODY"]).read_bytes()

    async def quotes(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("")

    application: Callable[..., Any] = Starlette(routes=[Route("/api/quotes", quotes), Route("/healthz", healthz)])
    return application


def django() -> Callable[..., Any]:
    """HGETALL of each symbol, a JsonResponse, the usual middlewares."""
    import django as framework
    from django.conf import settings
    from django.core.asgi import get_asgi_application
    from django.http import HttpRequest, HttpResponse, JsonResponse
    from django.urls import path
    from redis.asyncio import Redis

    redis = Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    names = [f"quotes:latest:S{number:03}" for number in range(int(os.environ["SNAPSHOT_SYMBOLS"]))]

    async def quotes(_request: HttpRequest) -> JsonResponse:
        return JsonResponse([await redis.hgetall(name) for name in names], safe=False)

    async def healthz(_request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        INSTALLED_APPS=["django.contrib.sessions", "django.contrib.auth", "django.contrib.contenttypes",
                        "django.contrib.messages"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        ROOT_URLCONF=(path("api/quotes", quotes), path("healthz", healthz)),
        SECRET_KEY="only for measuring",  # noqa: S106
        USE_TZ=True,
    )  # fmt: skip
    framework.setup()
    return get_asgi_application()
