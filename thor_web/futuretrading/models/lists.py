"""Watchlists: a user's instruments in the user's order."""

from django.conf import settings
from django.db import models

from thor_web.futuretrading.models.instruments import TradingInstrument

__all__ = ["Watchlist", "WatchlistEntry"]


class Watchlist(models.Model):
    """A named list of one user."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="watchlists")
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["owner", "name"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_watchlist_a_name")]

    def __str__(self) -> str:
        return self.name


class WatchlistEntry(models.Model):
    """An instrument's place in a list."""

    watchlist = models.ForeignKey(Watchlist, models.CASCADE, related_name="entries")
    instrument = models.ForeignKey(TradingInstrument, models.CASCADE, related_name="+")
    order = models.PositiveIntegerField()

    class Meta:
        ordering = ["watchlist", "order"]
        constraints = [
            models.UniqueConstraint(fields=["watchlist", "instrument"], name="one_place_in_a_watchlist"),
        ]

    def __str__(self) -> str:
        return f"{self.watchlist} {self.instrument}"
