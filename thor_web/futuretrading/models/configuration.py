"""The composite's boundaries, the version of everything that decides a signal, and who changed what.

Version and changes are written by a trigger of the database (migration 0002), so that no way of editing can pass
them by.
"""

from decimal import Decimal
from typing import Any, Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

__all__ = ["ConfigurationChange", "ConfigurationVersion", "HbsThresholds"]

BOUND: Final[Any] = {"max_digits": 12, "decimal_places": 3}


class HbsThresholds(models.Model):
    """Boundaries of the composite's class on the sum of the signal weights; the active row counts."""

    name = models.CharField(max_length=60, unique=True)
    strong_buy = models.DecimalField(**BOUND, default=Decimal(9), help_text="Above it: strong buy.")
    buy = models.DecimalField(**BOUND, default=Decimal(3), help_text="Above it, up to strong buy: buy.")
    sell = models.DecimalField(**BOUND, default=Decimal(-3), help_text="Below it, down to strong sell: sell.")
    strong_sell = models.DecimalField(**BOUND, default=Decimal(-9), help_text="Below it: strong sell.")
    min_live_share = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.75"),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(1))],
        help_text="With a smaller share of live symbols no class is strong.",
    )
    is_active = models.BooleanField(default=False)
    seeded = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ["-is_active", "name"]
        verbose_name = verbose_name_plural = "composite thresholds (hold, buy, sell)"
        constraints = [
            models.UniqueConstraint(fields=["is_active"], condition=Q(is_active=True), name="one_active_hbs_thresholds")
        ]

    def __str__(self) -> str:
        return self.name


class ConfigurationVersion(models.Model):
    """The one row that says which configuration holds. Rises by one with each transaction that changed any of it."""

    version = models.BigIntegerField(default=0)
    transaction = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.version)


class ConfigurationChange(models.Model):
    """One row that was added, edited or removed, as it was before and after."""

    version = models.BigIntegerField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=150, blank=True)
    table = models.CharField(max_length=63)
    row = models.CharField(max_length=80)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.version}: {self.table} {self.row}"
