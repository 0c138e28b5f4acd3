"""The login page: a form without script, for browsers that come to a server which turns strangers away."""

from typing import Final

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from thor_web.accounts.services.logins import logins_of
from thor_web.accounts.services.sign import login_required
from thor_web.problems import Problem

__all__ = ["login_page", "logout_page"]

LONGEST_NAME: Final = 150
LONGEST_PASSWORD: Final = 1_024


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def login_page(request: HttpRequest) -> HttpResponse:
    """The form, or what became of it. Where strangers are turned away the form itself comes with 401."""
    if request.method != "POST":
        status = 401 if login_required(request) and not request.user.is_authenticated else 200
        return _form(request, request.GET.get("next", ""), status=status)
    target = request.POST.get("next", "")
    name, password = request.POST.get("username", ""), request.POST.get("password", "")
    if not name or not password or len(name) > LONGEST_NAME or len(password) > LONGEST_PASSWORD:
        return _form(request, target, status=401, fault="A name and a password are needed.")
    try:
        logins_of(request).log_in(request, name, password)
    except Problem as problem:
        answer = _form(request, target, status=problem.status, fault=problem.detail)
        if problem.retry_after_s is not None:
            answer["Retry-After"] = str(problem.retry_after_s)
        return answer
    return HttpResponseRedirect(_own(request, target))


@never_cache
@require_http_methods(["POST"])
def logout_page(request: HttpRequest) -> HttpResponse:
    """The session is over."""
    logout(request)
    return HttpResponseRedirect("/login")


def _form(request: HttpRequest, target: str, *, status: int, fault: str = "") -> HttpResponse:
    context = {"next": _own(request, target), "fault": fault}
    return render(request, "accounts/login.html", context, status=status)


def _own(request: HttpRequest, target: str) -> str:
    """Where to go on: a path of ours, and never another server."""
    fine = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if fine and target.startswith("/") else "/"
