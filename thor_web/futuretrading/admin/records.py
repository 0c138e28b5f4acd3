"""Recorded signals, how they turned out, trade dates and rolls: to be read, not edited."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from thor_web.futuretrading.admin.editing import ReadOnlyAdmin
from thor_web.futuretrading.models import ContractRoll, MarketData, SignalGrade, TradingSignal
from thor_web.futuretrading.services.accuracy import DIMENSIONS, accuracy

__all__ = ["MarketDataAdmin", "RollAdmin", "SignalAdmin"]


class GradeInline(admin.TabularInline):
    model = SignalGrade
    can_delete = False
    extra = 0
    max_num = 0


@admin.register(TradingSignal)
class SignalAdmin(ReadOnlyAdmin):
    """Every change of a signal, with its grades; and a page that counts them."""

    change_list_template = "admin/futuretrading/signals.html"
    inlines = [GradeInline]
    list_display = ["at", "symbol", "signal", "previous", "change", "last", "source", "phase", "config_version"]
    list_filter = ["symbol", "signal", "source", "phase", "trade_date"]
    search_fields = ["symbol", "contract"]
    date_hierarchy = "at"

    def get_urls(self) -> list[URLPattern]:
        page = path("accuracy/", self.admin_site.admin_view(self.accuracy_page), name="futuretrading_accuracy")
        return [page, *super().get_urls()]

    def accuracy_page(self, request: HttpRequest) -> HttpResponse:
        """Hit rates and average moves, by whatever was ticked."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        by = [name for name in DIMENSIONS if name in request.GET.getlist("by")] or ["symbol", "signal", "measure"]
        mock = request.GET.get("mock") == "1"
        symbol = request.GET.get("symbol", "").strip().upper().replace("\0", "") or None
        context = self.admin_site.each_context(request) | {
            "title": "How signals turned out",
            "opts": self.model._meta,
            "dimensions": [(name, name in by) for name in DIMENSIONS],
            "by": by,
            "mock": mock,
            "symbol": symbol or "",
            "rows": [
                {"group": [getattr(row, name) for name in by], "row": row}
                for row in accuracy(by, symbol=symbol, mock=mock)
            ],
        }
        return TemplateResponse(request, "admin/futuretrading/accuracy.html", context)


@admin.register(MarketData)
class MarketDataAdmin(ReadOnlyAdmin):
    """Trade dates."""

    list_display = ["trade_date", "symbol", "contract", "open", "high", "low", "close", "volume", "vwap", "mock"]
    list_filter = ["symbol", "mock", "trade_date"]
    search_fields = ["symbol", "contract"]


@admin.register(ContractRoll)
class RollAdmin(ReadOnlyAdmin):
    """Rolls."""

    list_display = ["at", "symbol", "from_contract", "to_contract"]
    list_filter = ["symbol"]
