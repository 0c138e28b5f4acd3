"""Django's name for this room."""

from django.apps import AppConfig

__all__ = ["TimezonesConfig"]


class TimezonesConfig(AppConfig):
    """The world clock's tables and their admin."""

    name = "thor_web.timezones"
    label = "timezones"
    verbose_name = "World clock"
