"""django-eventstream as an ASGI application: events come in by POST and go out on one channel."""

from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

__all__ = ["application", "urlpatterns"]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    INSTALLED_APPS=["django_eventstream"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="only for measuring",  # noqa: S106
    USE_TZ=True,
)
django.setup()


def publish(request: HttpRequest) -> HttpResponse:
    """Send the body to everybody."""
    import orjson
    from django_eventstream import send_event

    send_event("quotes", "quote", orjson.loads(request.body))
    return HttpResponse(headers={"Content-Length": "0"})  # no middleware is there to set it


def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns: list[Any] = [
    path("healthz", healthz),
    path("publish", publish),
    path("stream", include("django_eventstream.urls"), {"channels": ["quotes"]}),
]
application = get_asgi_application()
