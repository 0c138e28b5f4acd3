"""Keys of programs: `thor_<public part>_<secret>`. Only a hash of the secret is kept.

The secret has 256 random bits, so one round of SHA-256 is enough: there is nothing to guess as there is in a password.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.contrib.auth.models import User

from thor_web.accounts.models import ApiKey
from thor_web.accounts.services.access import SCOPES, Caller
from thor_web.accounts.services.roles import arole_of

__all__ = ["KeyFault", "akey_caller", "listed_keys", "make_key", "revoke_key"]

KEY: Final = re.compile(r"thor_([0-9a-f]{12})_([\w-]{43})", re.ASCII)
LONGEST_DAYS: Final = 3_660
USED_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use of a key is known."""


class KeyFault(Exception):  # noqa: N818 - said to a person as it is
    """A key that cannot be made or found, in one sentence."""


def make_key(owner: User, name: str, scopes: Iterable[str], *, days: int) -> tuple[ApiKey, str]:
    """A new key, and its text, which is nowhere else. Raises KeyFault."""
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= SCOPES.keys():
        raise KeyFault(f"the scopes of a key are some of {', '.join(SCOPES)}, were {', '.join(wanted) or 'none'}")
    if not 1 <= days <= LONGEST_DAYS:
        raise KeyFault(f"a key lasts 1 to {LONGEST_DAYS} days")
    if ApiKey.objects.filter(name=name).exists():
        raise KeyFault(f"there is a key {name!r} already")
    public, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    made = ApiKey.objects.create(
        name=name,
        owner=owner,
        public_part=public,
        digest=_digest(secret),
        scopes=wanted,
        expires_at=datetime.now(UTC) + timedelta(days=days),
    )
    return made, f"thor_{public}_{secret}"


def revoke_key(name: str) -> None:
    """It is good for nothing any more. Raises KeyFault where there is none of that name."""
    if not ApiKey.objects.filter(name=name).update(revoked_at=datetime.now(UTC)):
        raise KeyFault(f"there is no key {name!r}")


def listed_keys() -> list[dict[str, Any]]:
    """Every key by name, without its secret. `state` is good, revoked or over."""
    now = datetime.now(UTC)
    return [
        {
            "name": key.name,
            "owner": key.owner.get_username(),
            "public_part": key.public_part,
            "scopes": ",".join(key.scopes),
            "state": "revoked" if key.revoked_at else "over" if key.expires_at <= now else "good",
            "expires_at": key.expires_at.isoformat(),
            "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
        }
        for key in ApiKey.objects.select_related("owner")
    ]


async def akey_caller(text: str, *, local: bool) -> Caller | None:
    """The caller that a key stands for; None for one that is unknown, revoked, over, or whose owner is locked."""
    parts = KEY.fullmatch(text)
    if parts is None:
        return None
    key = await ApiKey.objects.select_related("owner").filter(public_part=parts[1]).afirst()
    digest = _digest(parts[2])
    # Compared in any case, so that the time tells nothing of whether the public part is known.
    same = hmac.compare_digest(bytes(key.digest) if key else bytes(32), digest)
    now = datetime.now(UTC)
    if key is None or not same or key.revoked_at is not None or key.expires_at <= now or not key.owner.is_active:
        return None
    if key.last_used_at is None or now - key.last_used_at > USED_EVERY:
        await ApiKey.objects.filter(pk=key.pk).aupdate(last_used_at=now)
    role = await arole_of(key.owner)
    return Caller(f"key {key.pk}", role, key.owner_id, frozenset(key.scopes), local=local)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
