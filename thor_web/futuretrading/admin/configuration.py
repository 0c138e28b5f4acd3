"""The composite's boundaries, and the history of everything that decides a signal."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from thor_web.futuretrading.admin.editing import ConfigurationAdmin, ReadOnlyAdmin
from thor_web.futuretrading.models import ConfigurationChange, HbsThresholds
from thor_web.futuretrading.services.configuration import Bounds, ConfigurationError

__all__ = ["ChangeAdmin", "HbsThresholdsAdmin"]


class HbsThresholdsForm(forms.ModelForm):
    """Refuses bounds that do not fall."""

    class Meta:
        model = HbsThresholds
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        names = ("strong_buy", "buy", "sell", "strong_sell", "min_live_share")
        if all(cleaned.get(name) is not None for name in names):
            try:
                Bounds(*(cleaned[name] for name in names)).check()
            except ConfigurationError as error:
                self.add_error(error.field, str(error))
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        # Making a set active makes the one that was active inactive, so two active ones are no fault of the form.
        return {*super()._get_validation_exclusions(), "is_active"}  # type: ignore[misc]


@admin.register(HbsThresholds)
class HbsThresholdsAdmin(ConfigurationAdmin):
    """Sets of boundaries, one of them active."""

    form = HbsThresholdsForm
    list_display = ["name", "strong_buy", "buy", "sell", "strong_sell", "min_live_share", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name"]

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        if isinstance(obj, HbsThresholds) and obj.is_active:
            HbsThresholds.objects.filter(is_active=True).exclude(pk=obj.pk).update(is_active=False)
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The active set stays."""
        active = isinstance(obj, HbsThresholds) and obj.is_active
        return super().has_delete_permission(request, obj) and not active


@admin.register(ConfigurationChange)
class ChangeAdmin(ReadOnlyAdmin):
    """Who changed what, and when."""

    list_display = ["version", "changed_at", "changed_by", "table", "row", "difference"]
    list_filter = ["table", "changed_by", "changed_at"]
    search_fields = ["row", "changed_by"]
    date_hierarchy = "changed_at"

    @admin.display(description="change")
    def difference(self, change: ConfigurationChange) -> str:
        """The fields that differ, before and after."""
        before, after = change.before or {}, change.after or {}
        if not before or not after:
            return "added" if after else "removed"
        changed = [name for name in after if before.get(name) != after[name]]
        return ", ".join(f"{name}: {before.get(name)} → {after[name]}" for name in changed)
