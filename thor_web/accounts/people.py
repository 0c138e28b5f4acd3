"""What other rooms may use of accounts that needs Django's apps loaded: people, their roles, and keys."""

from thor_web.accounts.services.keys import KeyFault, akey_caller, listed_keys, make_key, revoke_key
from thor_web.accounts.services.roles import ROLES, arole_of, give_role, role_of

__all__ = [
    "ROLES",
    "KeyFault",
    "akey_caller",
    "arole_of",
    "give_role",
    "listed_keys",
    "make_key",
    "revoke_key",
    "role_of",
]
