"""What every editable page shares: who edits is named, and what holds afterwards is published when it is committed."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import DecimalField, Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from thor_web.futuretrading.services.publication import edited_by, publish_on_commit

__all__ = ["PLAIN_NUMBERS", "ConfigurationAdmin", "ReadOnlyAdmin"]


class PlainDecimalField(forms.DecimalField):
    """Shows a number without the zeros that its column's scale puts behind it: 6 and 0, not 6.000000000 and 0E-9."""

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


PLAIN_NUMBERS: Final[Mapping[Any, Mapping[str, Any]]] = MappingProxyType(
    {DecimalField: {"form_class": PlainDecimalField}}
)


class ConfigurationAdmin(admin.ModelAdmin):
    """A table that decides signals. An edit takes effect in every process at once."""

    save_on_top = True
    formfield_overrides = PLAIN_NUMBERS

    def save_model(self, request: HttpRequest, obj: Model, form: ModelForm, change: bool) -> None:
        _note(request)
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        _note(request)
        super().save_formset(request, form, formset, change)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        _note(request)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> None:
        _note(request)
        super().delete_queryset(request, queryset)


class ReadOnlyAdmin(admin.ModelAdmin):
    """A table that Thor writes and people read."""

    def has_add_permission(self, request: HttpRequest, *_arguments: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _note(request: HttpRequest) -> None:
    edited_by(request.user.get_username())
    publish_on_commit()
