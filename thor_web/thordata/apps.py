"""Django's name for this room."""

from django.apps import AppConfig


class ThordataConfig(AppConfig):
    name = "thor_web.thordata"
    label = "thordata"
    verbose_name = "Ticks and lake"
