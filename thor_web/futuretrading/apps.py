"""Django's registration of this room."""

from django.apps import AppConfig

__all__ = ["FuturetradingConfig"]


class FuturetradingConfig(AppConfig):
    """Instruments, signals, bars and watchlists."""

    name = "thor_web.futuretrading"
    label = "futuretrading"
    verbose_name = "Instruments and signals"
    default_auto_field = "django.db.models.BigAutoField"
