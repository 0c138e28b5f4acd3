"""The roles of people: Django's groups of the same names, with the admin's permissions that belong to them."""

from typing import Final

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group, Permission, User

from thor_web.accounts.services.access import Role

__all__ = ["ROLES", "arole_of", "give_role", "role_of"]

ROLES: Final = {role.word: role for role in (Role.VIEWER, Role.OPERATOR, Role.ADMIN)}
"""The roles that people have, by name."""
ROOMS: Final = ("futuretrading", "timezones", "thordata", "flags")
"""Whose tables an operator edits and a viewer sees in the admin."""


def role_of(user: AbstractBaseUser | AnonymousUser) -> Role:
    """The highest role of a user; whoever has none is a viewer."""
    if not isinstance(user, User) or not user.is_active:
        return Role.NOBODY
    return _highest(user, set(user.groups.values_list("name", flat=True)))


async def arole_of(user: AbstractBaseUser | AnonymousUser) -> Role:
    """The same, without blocking the loop."""
    if not isinstance(user, User) or not user.is_active:
        return Role.NOBODY
    return _highest(user, {name async for name in user.groups.values_list("name", flat=True)})


def _highest(user: User, groups: set[str]) -> Role:
    if user.is_superuser:
        return Role.ADMIN
    return max((role for name, role in ROLES.items() if name in groups), default=Role.VIEWER)


def give_role(user: User, role: Role) -> None:
    """Make it the user's only role. Operators and admins may enter the admin, admins do everything there."""
    if role.word not in ROLES:
        raise ValueError(f"a person is one of {', '.join(ROLES)}")
    user.is_staff = role >= Role.OPERATOR
    user.is_superuser = role is Role.ADMIN
    user.save(update_fields=["is_staff", "is_superuser"])
    user.groups.remove(*Group.objects.filter(name__in=ROLES))
    user.groups.add(_group(role))


def _group(role: Role) -> Group:
    """The group of a role, with its permissions as they are meant now."""
    group, _ = Group.objects.get_or_create(name=role.word)
    verbs = ("view",) if role is Role.VIEWER else ("view", "add", "change", "delete")
    rooms = Permission.objects.filter(content_type__app_label__in=ROOMS)
    group.permissions.set([found for found in rooms if found.codename.partition("_")[0] in verbs])
    return group
