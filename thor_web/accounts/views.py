"""The login API: who am I, in, out. Pages without script log in at /login."""

from typing import Any

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from ninja import Router

from thor_web.accounts.schemas import LoginInput, Me
from thor_web.accounts.services.access import Role
from thor_web.accounts.services.logins import logins_of
from thor_web.accounts.services.roles import role_of
from thor_web.accounts.services.sign import caller_of, login_required
from thor_web.problems import Problem

__all__ = ["router"]

router = Router(tags=["accounts"])


@router.get("/me", response=Me, summary="Who I am here, and what I may do")
def me(request: HttpRequest) -> dict[str, Any]:
    """Sets the cookie `csrftoken`; every write of a session sends its value back as `X-CSRFToken`."""
    return _me(request)


@router.post("/login", response=Me, summary="Log in with name and password")
def log_me_in(request: HttpRequest, given: LoginInput) -> dict[str, Any]:
    """Sets the session's cookie. Wants `Content-Type: application/json`, which no other site's form can send."""
    if request.content_type != "application/json":
        raise Problem(415, "bad_content_type", "A login is application/json.")
    logins_of(request).log_in(request, given.username, given.password)
    return _me(request)


@router.post("/logout", response={204: None}, summary="Log out")
def log_me_out(request: HttpRequest) -> HttpResponse:
    """The session is over for every window that used it."""
    logout(request)
    return HttpResponse(status=204)


def _me(request: HttpRequest) -> dict[str, Any]:
    caller, user = caller_of(request), request.user
    # A login that has just been is not yet what the gate has found.
    role = caller.role if caller.scopes is not None else max(caller.role, role_of(user))
    return {
        "user": user.get_username() if user.is_authenticated else None,
        "role": role.word,
        "may_write": role >= Role.OPERATOR and (caller.scopes is None or "write" in caller.scopes),
        "login_required": login_required(request),
        "csrf_token": get_token(request),
    }
