"""Django's name for this room."""

from django.apps import AppConfig

__all__ = ["TimezonesConfig"]


class TimezonesConfig(AppConfig):
    """The world clock's tables and their admin."""

    name = "thor_web.timezones"
    label = "timezones"
    verbose_name = "World clock"

    def ready(self) -> None:
        """Make the conditions of feature flags known, before a flag is asked for."""
        from thor_web.timezones.flag_conditions import register_conditions  # noqa: PLC0415 - apps must be loaded

        register_conditions()
