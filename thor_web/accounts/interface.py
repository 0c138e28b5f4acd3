"""What other rooms may use of accounts."""

from thor_web.accounts.services.access import SCOPES, Caller, Role, judge, need_of
from thor_web.accounts.services.following import follow_accounts
from thor_web.accounts.services.logins import LOGINS_STATE, Logins, logins_of
from thor_web.accounts.services.rates import Rate
from thor_web.accounts.services.sign import (
    CALLER_STATE,
    LOGIN_STATE,
    caller_of,
    login_required,
    signed_in,
    signed_in_async,
)

__all__ = [
    "CALLER_STATE",
    "LOGINS_STATE",
    "LOGIN_STATE",
    "SCOPES",
    "Caller",
    "Logins",
    "Rate",
    "Role",
    "caller_of",
    "follow_accounts",
    "judge",
    "login_required",
    "logins_of",
    "need_of",
    "signed_in",
    "signed_in_async",
]
