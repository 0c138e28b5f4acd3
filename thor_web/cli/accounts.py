"""`thor user` and `thor key`: who may do what on a server that others can reach."""

import argparse
import getpass
import os
import sys
from typing import Any

from thor_web.cli.options import Commands, add_state, find_servers
from thor_web.cli.output import print_json, print_table
from thor_web.runtime.errors import ThorError

__all__ = ["register"]

ROLES = ("viewer", "operator", "admin")


def register(commands: Commands) -> None:
    _register_user(commands)
    _register_key(commands)


def _register_user(commands: Commands) -> None:
    users = commands.add_parser("user", help="people who may log in: add, role, password, list").add_subparsers(
        title="actions", metavar="ACTION", required=True
    )
    for name, text, handler in (
        ("add", "make an account; the password is asked for, or read from standard input", _user_add),
        ("role", "change what somebody may do", _user_role),
        ("password", "set somebody's password anew; every session of theirs ends", _user_password),
        ("list", "everybody, with role and last login", _user_list),
    ):
        parser = users.add_parser(name, help=text)
        add_state(parser)
        if name == "list":
            parser.add_argument("--json", action="store_true", help="print one JSON document")
        else:
            parser.add_argument("name", metavar="NAME")
        if name in {"add", "role"}:
            parser.add_argument("--role", choices=ROLES, required=name == "role", default="viewer")
        parser.set_defaults(handler=handler)


def _register_key(commands: Commands) -> None:
    keys = commands.add_parser("key", help="keys of programs: add, revoke, list").add_subparsers(
        title="actions", metavar="ACTION", required=True
    )
    add = keys.add_parser("add", help="make a key; it is printed once and kept nowhere")
    add.add_argument("name", metavar="NAME", help="what it is for")
    add.add_argument("--owner", required=True, metavar="USER", help="for whom it acts; it may never do more")
    add.add_argument("--scopes", default="read", metavar="read,write,…", help="read, write, backtest, metrics")
    add.add_argument("--days", type=int, default=90, help="how long it lasts (default: 90)")
    add.set_defaults(handler=_key_add)
    revoke = keys.add_parser("revoke", help="make a key good for nothing, at once")
    revoke.add_argument("name", metavar="NAME")
    revoke.set_defaults(handler=_key_revoke)
    listed = keys.add_parser("list", help="every key, without its secret")
    listed.add_argument("--json", action="store_true", help="print one JSON document")
    listed.set_defaults(handler=_key_list)
    for parser in (add, revoke, listed):
        add_state(parser)


def _django(arguments: argparse.Namespace) -> None:
    find_servers(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor_web.thor_project.settings")
    import django

    django.setup()


def _user(name: str) -> Any:
    from django.contrib.auth.models import User

    found = User.objects.filter(username=name).first()
    if found is None:
        raise ThorError(f"There is no user {name!r}; `thor user list` shows all.")
    return found


def _user_add(arguments: argparse.Namespace) -> int:
    _django(arguments)
    from django.contrib.auth.models import User
    from django.core.exceptions import ValidationError

    from thor_web.accounts.people import ROLES as ROLE_OF
    from thor_web.accounts.people import give_role

    made = User(username=arguments.name)
    try:
        made.full_clean(exclude=["password"])
    except ValidationError as error:
        raise ThorError(" ".join(error.messages)) from None
    made.set_password(_new_password(made))
    made.save()
    give_role(made, ROLE_OF[arguments.role])
    sys.stdout.write(f"{arguments.name} may log in as {arguments.role}.\n")
    return 0


def _user_role(arguments: argparse.Namespace) -> int:
    _django(arguments)
    from thor_web.accounts.people import ROLES as ROLE_OF
    from thor_web.accounts.people import give_role

    give_role(_user(arguments.name), ROLE_OF[arguments.role])
    sys.stdout.write(f"{arguments.name} is {arguments.role} now.\n")
    return 0


def _user_password(arguments: argparse.Namespace) -> int:
    _django(arguments)
    user = _user(arguments.name)
    user.set_password(_new_password(user))
    user.save(update_fields=["password"])
    sys.stdout.write(f"{arguments.name} has a new password; every session of theirs has ended.\n")
    return 0


def _user_list(arguments: argparse.Namespace) -> int:
    _django(arguments)
    from django.contrib.auth.models import User

    from thor_web.accounts.people import role_of

    rows = [
        {
            "name": user.get_username(),
            "role": role_of(user).word,
            "active": user.is_active,
            "last_login": user.last_login.isoformat() if user.last_login else None,
        }
        for user in User.objects.order_by("username")
    ]
    _show(arguments, rows, ("name", "role", "active", "last_login"))
    return 0


def _key_add(arguments: argparse.Namespace) -> int:
    _django(arguments)
    from thor_web.accounts.people import KeyFault, make_key

    scopes = [word.strip() for word in arguments.scopes.split(",") if word.strip()]
    try:
        key, text = make_key(_user(arguments.owner), arguments.name, scopes, days=arguments.days)
    except KeyFault as fault:
        raise ThorError(f"{fault}.") from None
    sys.stderr.write(f"Good until {key.expires_at:%Y-%m-%d}, for {', '.join(key.scopes)}. It is shown only now:\n")
    sys.stdout.write(f"{text}\n")
    return 0


def _key_revoke(arguments: argparse.Namespace) -> int:
    _django(arguments)
    from thor_web.accounts.people import KeyFault, revoke_key

    try:
        revoke_key(arguments.name)
    except KeyFault as fault:
        raise ThorError(f"{fault}.") from None
    sys.stdout.write(f"{arguments.name} is revoked.\n")
    return 0


def _key_list(arguments: argparse.Namespace) -> int:
    _django(arguments)
    from thor_web.accounts.people import listed_keys

    _show(arguments, listed_keys(), ("name", "owner", "public_part", "scopes", "state", "expires_at", "last_used_at"))
    return 0


def _show(arguments: argparse.Namespace, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    if arguments.json:
        print_json(rows)
    else:
        print_table(columns, [tuple("-" if row[name] is None else str(row[name]) for name in columns) for row in rows])


def _new_password(user: Any) -> str:
    """A password that the rules accept: asked twice on a terminal, else the first line of standard input."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Again: "):
            raise ThorError("The two passwords differ.")
    else:
        password = sys.stdin.readline().rstrip("\n")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ThorError(" ".join(error.messages)) from None
    return password
