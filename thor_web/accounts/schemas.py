"""Shapes of the login API."""

from ninja import Field, Schema

__all__ = ["LoginInput", "Me"]


class LoginInput(Schema):
    """A name and a password."""

    username: str = Field(max_length=150, min_length=1)
    password: str = Field(max_length=1_024, min_length=1)


class Me(Schema):
    """Who the caller is here. `user` is null for somebody unknown who may read on this machine (role `reader`)."""

    user: str | None
    role: str
    may_write: bool
    login_required: bool
    csrf_token: str
