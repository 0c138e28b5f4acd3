"""Django's name for this room."""

from django.apps import AppConfig

__all__ = ["AccountsConfig"]


class AccountsConfig(AppConfig):
    """Keys of programs. People are Django's own users, their roles its groups."""

    name = "thor_web.accounts"
    label = "accounts"
    verbose_name = "Accounts"
