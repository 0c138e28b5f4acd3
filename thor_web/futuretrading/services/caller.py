"""Who asks for quotes."""

from dataclasses import dataclass

__all__ = ["Caller"]


@dataclass(frozen=True, slots=True)
class Caller:
    """`name` tells callers apart for their limits; `user_id` is a user's who is logged in."""

    name: str
    user_id: int | None = None
