"""The clock in the admin. Overrides and halts hold at once; triggers show what ran, is due, and was missed and why."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.timezone import now

from thor_web.timezones.interface import world_clock
from thor_web.timezones.models import CalendarOverride, Halt, Trigger, TriggerRun
from thor_web.timezones.services.instants import seconds, utc_text
from thor_web.timezones.services.occurrences import next_occurrence

__all__ = ["CalendarOverrideAdmin", "HaltAdmin", "TriggerAdmin", "TriggerRunAdmin"]

if TYPE_CHECKING:
    ModelAdmin: TypeAlias = admin.ModelAdmin[Any]
    AnyForm: TypeAlias = ModelForm[Any]
else:  # Django's own classes take no parameters
    ModelAdmin, AnyForm = admin.ModelAdmin, ModelForm


class SignedAdmin(ModelAdmin):
    """Notes who wrote a row."""

    def save_model(self, request: HttpRequest, obj: Model, form: AnyForm, change: bool) -> None:
        obj.author = request.user.get_username()  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)


@admin.register(CalendarOverride)
class CalendarOverrideAdmin(SignedAdmin):
    """Dates on which an operator knows better than the calendar."""

    list_display = ("day", "market", "hours", "name", "reason", "author", "changed_at")
    list_filter = ("market",)
    search_fields = ("market", "name", "reason")
    readonly_fields = ("author", "changed_at")


@admin.register(Halt)
class HaltAdmin(SignedAdmin):
    """Unscheduled halts."""

    list_display = ("market", "starts_at", "ends_at", "reason", "author")
    list_filter = ("market",)
    readonly_fields = ("author", "changed_at")


@admin.register(Trigger)
class TriggerAdmin(SignedAdmin):
    """What happens when; with the next occurrence by the calendar in force."""

    list_display = ("name", "enabled", "market", "condition", "offset_s", "action", "next_due", "last_run")
    list_filter = ("enabled", "market", "action", "condition")
    search_fields = ("name",)
    readonly_fields = ("next_due", "last_run", "watermark", "author", "changed_at")

    @admin.display(description="next due")
    def next_due(self, trigger: Trigger) -> str:
        if not trigger.pk or not trigger.enabled:
            return "-"
        found = next_occurrence(world_clock().market(trigger.market), trigger.rule(), seconds(now()))
        return "none within 40 days" if found is None else f"{utc_text(found.due_at)} (of {found.session_date})"

    @admin.display(description="last run")
    def last_run(self, trigger: Trigger) -> str:
        run = trigger.runs.first() if trigger.pk else None
        return "-" if run is None else f"{run.state}, due {run.due_at:%Y-%m-%d %H:%M:%S}Z {run.reason}".strip()


@admin.register(TriggerRun)
class TriggerRunAdmin(ModelAdmin):
    """The ledger, to look at."""

    list_display = ("due_at", "trigger", "state", "session_date", "attempts", "finished_at", "reason")
    list_filter = ("state", "trigger")
    date_hierarchy = "due_at"
    list_select_related = ("trigger",)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: TriggerRun | None = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: TriggerRun | None = None) -> bool:
        return False
