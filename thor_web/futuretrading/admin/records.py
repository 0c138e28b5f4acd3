"""Recorded signals, how they turned out, trade dates and rolls: to be read, not edited."""

from django.contrib import admin

from thor_web.futuretrading.admin.editing import ReadOnlyAdmin
from thor_web.futuretrading.models import ContractRoll, MarketData, SignalGrade, TradingSignal

__all__ = ["MarketDataAdmin", "RollAdmin", "SignalAdmin"]


class GradeInline(admin.TabularInline):
    model = SignalGrade
    can_delete = False
    extra = 0
    max_num = 0


@admin.register(TradingSignal)
class SignalAdmin(ReadOnlyAdmin):
    """Every change of a signal, with its grades."""

    inlines = [GradeInline]
    list_display = ["at", "symbol", "signal", "previous", "change", "last", "source", "phase", "config_version"]
    list_filter = ["symbol", "signal", "source", "phase", "trade_date"]
    search_fields = ["symbol", "contract"]
    date_hierarchy = "at"


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
