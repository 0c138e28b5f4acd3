"""What the gate knows of a request, for views: who is signed in, by a session or by a key."""

from typing import Any, Final

from django.http import HttpRequest

from thor_web.accounts.services.access import Caller

__all__ = ["CALLER_STATE", "LOGIN_STATE", "caller_of", "login_required", "signed_in", "signed_in_async"]

CALLER_STATE: Final = "caller"
"""Name under which the gate puts the caller into a request's ASGI state."""
LOGIN_STATE: Final = "login_required"
"""And whether strangers are turned away."""


def signed_in(request: HttpRequest) -> Any:
    """For ninja's `auth=`: the user, or None, which is answered 401. CSRF is checked for every write by middleware."""
    return request.user if request.user.is_authenticated else None


async def signed_in_async(request: HttpRequest) -> Any:
    """The same for views that are coroutines."""
    user = await request.auser()
    return user if user.is_authenticated else None


def caller_of(request: HttpRequest) -> Caller:
    """Who asks, as the gate has found out; nobody where there is no gate in front."""
    found = _state(request).get(CALLER_STATE)
    return found if isinstance(found, Caller) else Caller("unknown")


def login_required(request: HttpRequest) -> bool:
    """Whether this server turns strangers away."""
    return bool(_state(request).get(LOGIN_STATE, True))


def _state(request: HttpRequest) -> dict[str, Any]:
    found: dict[str, Any] = getattr(request, "scope", {}).get("state", {})
    return found
