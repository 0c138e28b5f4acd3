"""Exports and dropped days in the admin, to look at: they are what happened, so nothing of them can be changed."""

from django.contrib import admin
from django.http import HttpRequest

from thor_web.thordata.models import ExportRun, LakeSpan, QualityReport, RetiredDay

__all__ = ["ExportRunAdmin", "LakeSpanAdmin", "QualityReportAdmin", "RetiredDayAdmin"]


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list to look at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds what happened."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Nor changes it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object | None = None) -> bool:
        """Nor takes it away."""
        return False


@admin.register(ExportRun)
class ExportRunAdmin(ReadOnlyAdmin):
    """Exports, newest first."""

    list_display = ("trade_date", "state", "rows", "bytes", "written", "unchanged", "checksum", "started_at")
    list_filter = ("state",)
    date_hierarchy = "trade_date"


@admin.register(LakeSpan)
class LakeSpanAdmin(ReadOnlyAdmin):
    """What the lake holds."""

    list_display = ("trade_date", "starts_at", "ends_at", "version", "exported_at")


@admin.register(RetiredDay)
class RetiredDayAdmin(ReadOnlyAdmin):
    """Partitions that were dropped."""

    list_display = ("day", "rows", "digest", "dropped_at")


@admin.register(QualityReport)
class QualityReportAdmin(ReadOnlyAdmin):
    """What the checks found."""

    list_display = ("trade_date", "symbol", "rows", "counts", "checked_at")
    search_fields = ("symbol",)
    date_hierarchy = "trade_date"
