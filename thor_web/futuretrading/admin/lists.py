"""Watchlists of every user."""

from django.contrib import admin

from thor_web.futuretrading.models import Watchlist, WatchlistEntry

__all__ = ["WatchlistAdmin"]


class EntryInline(admin.TabularInline):
    model = WatchlistEntry
    autocomplete_fields = ["instrument"]
    extra = 0


@admin.register(Watchlist)
class WatchlistAdmin(admin.ModelAdmin):
    """Lists with their instruments in order."""

    inlines = [EntryInline]
    list_display = ["name", "owner", "created_at"]
    list_filter = ["owner"]
    search_fields = ["name", "owner__username"]
