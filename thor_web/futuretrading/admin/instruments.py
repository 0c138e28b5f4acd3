"""Instruments with their stat values and weight on one page, refused with the field named where they make no sense."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from thor_web.futuretrading.admin.editing import PLAIN_NUMBERS, ConfigurationAdmin
from thor_web.futuretrading.models import ContractWeight, InstrumentCategory, SignalStatValue, TradingInstrument
from thor_web.futuretrading.services.configuration import ConfigurationError, check_stat_values, check_weight
from thor_web.timezones.interface import market_names

__all__ = ["CategoryAdmin", "InstrumentAdmin"]


class InstrumentForm(forms.ModelForm):
    """Checks what one field cannot know of another."""

    class Meta:
        model = TradingInstrument
        fields = "__all__"

    def clean_market(self) -> str:
        market: str = self.cleaned_data["market"]
        if market not in market_names():
            raise ValidationError(f"There is no market {market}; known are {', '.join(market_names())}.")
        return market

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        tick, multiplier, value = (cleaned.get(name) for name in ("tick", "multiplier", "tick_value"))
        if tick and multiplier and value and tick * multiplier != value:
            self.add_error("tick_value", f"must be tick x multiplier, {(tick * multiplier).normalize():f}")
        return cleaned


class StatValuesFormset(forms.BaseInlineFormSet):
    """The stat values of one instrument as a set."""

    def clean(self) -> None:
        super().clean()
        values: dict[str, Decimal] = {}
        for form in self.forms:
            row = getattr(form, "cleaned_data", {})
            if row and not row.get("DELETE") and row.get("value") is not None:
                values[row["signal"]] = row["value"]
        try:
            check_stat_values(values)
        except ConfigurationError as error:
            at = error.field.rpartition(".")[2]
            for form in self.forms:
                if getattr(form, "cleaned_data", {}).get("signal") == at:
                    form.add_error("value", str(error))
                    return
            raise ValidationError(str(error)) from error


class StatValuesInline(admin.TabularInline):
    model = SignalStatValue
    formset = StatValuesFormset
    formfield_overrides = PLAIN_NUMBERS
    extra = 0
    max_num = 5


class WeightFormset(forms.BaseInlineFormSet):
    """The weight of one instrument, which may be below 0 only where the form above says inverse."""

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            weight = getattr(form, "cleaned_data", {}).get("weight")
            if weight is None or form.cleaned_data.get("DELETE"):
                continue
            try:
                check_weight(weight, inverse=self.instance.inverse)
            except ConfigurationError as error:
                form.add_error("weight", str(error))


class WeightInline(admin.TabularInline):
    model = ContractWeight
    formset = WeightFormset
    formfield_overrides = PLAIN_NUMBERS
    extra = 0
    max_num = 1


@admin.register(TradingInstrument)
class InstrumentAdmin(ConfigurationAdmin):
    """One instrument, everything that decides its signal beside it."""

    form = InstrumentForm
    inlines = [StatValuesInline, WeightInline]
    list_display = [
        "symbol",
        "name",
        "category",
        "market",
        "thresholds",
        "counts_for",
        "inverse",
        "preferred_source",
        "order",
        "active",
        "watchlist",
    ]
    list_editable = ["order", "active", "watchlist"]
    list_filter = ["active", "category", "asset_class", "market", "inverse", "preferred_source"]
    list_select_related = ["category", "weight"]
    search_fields = ["symbol", "name", "exchange"]
    autocomplete_fields = ["category"]
    fieldsets = [
        (None, {"fields": ["symbol", "name", "category", "active", "watchlist", "order"]}),
        ("Contract", {"fields": ["asset_class", "exchange", "market", "tick", "tick_value", "multiplier"]}),
        ("Display", {"fields": ["precision", "fraction"]}),
        ("Signal", {"fields": ["unit", "inverse", "target", "preferred_source"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request)
        return found.prefetch_related("stat_values")

    @admin.display(description="buy / strong buy")
    def thresholds(self, instrument: TradingInstrument) -> str:
        """The buy side at a glance."""
        values = {row.signal: row.value for row in instrument.stat_values.all()}
        if "BUY" not in values or "STRONG_BUY" not in values:
            return "-"
        unit = "" if instrument.unit == "points" else f" x {instrument.unit}"
        return f"{values['BUY'].normalize():f} / {values['STRONG_BUY'].normalize():f}{unit}"

    @admin.display(description="weight", ordering="weight__weight")
    def counts_for(self, instrument: TradingInstrument) -> str:
        """The weight, a dash where there is none."""
        weight = getattr(instrument, "weight", None)
        return "-" if weight is None else f"{weight.weight.normalize():f}"


@admin.register(InstrumentCategory)
class CategoryAdmin(ConfigurationAdmin):
    """Headings."""

    list_display = ["name", "order", "instruments_in_it"]
    list_editable = ["order"]
    search_fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request).annotate(number=Count("instruments"))
        return found

    @admin.display(description="instruments", ordering="number")
    def instruments_in_it(self, category: InstrumentCategory) -> int:
        """How many there are."""
        number: int = getattr(category, "number", 0)
        return number
