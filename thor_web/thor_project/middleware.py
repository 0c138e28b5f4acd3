"""What every answer of Django's shares: the caller as its user, the CSRF check of every write, and a strict policy."""

from collections.abc import Callable
from typing import Any, Final

from asgiref.sync import iscoroutinefunction
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import SimpleLazyObject

from thor_web.accounts.interface import Caller, caller_of
from thor_web.problems import Problem
from thor_web.thor_project.answers import problem_response
from thor_web.thor_project.policy import POLICY

__all__ = ["access", "content_policy"]

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
WITHOUT_TOKEN: Final = frozenset({"/api/login"})
"""It takes nothing but JSON, which no other site's page can send."""

Answer = Callable[[HttpRequest], Any]


@sync_and_async_middleware
def access(get_response: Answer) -> Answer:
    """Make a key's owner the request's user; ask every other write under /api for the session's CSRF token."""
    check = CsrfViewMiddleware(_no_response)

    def refused(request: HttpRequest) -> HttpResponse | None:
        caller = caller_of(request)
        if caller.scopes is not None:
            _act_for_owner(request, caller)
            return None
        if request.method in SAFE or not request.path.startswith("/api/") or request.path in WITHOUT_TOKEN:
            return None
        check.process_request(request)
        if check.process_view(request, _any_view, (), {}) is None:
            return None
        return problem_response(
            Problem(403, "bad_csrf_token", "To write, send the cookie csrftoken's value as X-CSRFToken.")
        )

    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            answer: HttpResponseBase = refused(request) or await get_response(request)
            return answer

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = refused(request) or get_response(request)
        return answer

    return synchronous


@sync_and_async_middleware
def content_policy(get_response: Answer) -> Answer:
    """Tell the browser what an answer may load and run, unless the view has said it itself."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            return _with_policy(await get_response(request))

        return asynchronous

    return lambda request: _with_policy(get_response(request))


def _with_policy(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=()")
    return response


def _act_for_owner(request: HttpRequest, caller: Caller) -> None:
    owner_id = caller.user_id or 0
    request.user = SimpleLazyObject(lambda: User.objects.get(pk=owner_id))  # type: ignore[assignment]

    async def owner() -> User:
        return await User.objects.aget(pk=owner_id)

    request.auser = owner


def _no_response(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _any_view(_request: HttpRequest) -> HttpResponse:
    """What the check looks at for exemptions: it has none, unlike ninja's views."""
    return HttpResponse()
