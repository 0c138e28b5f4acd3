"""The clock in the admin. Overrides and halts hold at once; triggers show what ran, is due, and was missed and why."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.timezone import now
from flags.models import FlagState

from thor_web.timezones.flag_admin import FlagForm
from thor_web.timezones.interface import world_clock
from thor_web.timezones.models import (
    AlertRule,
    CalendarOverride,
    Delivery,
    DeploymentChange,
    DeploymentWindow,
    Halt,
    MaintenanceWindow,
    Notification,
    QuietHours,
    Trigger,
    TriggerRun,
)
from thor_web.timezones.services.instants import seconds, utc_text
from thor_web.timezones.services.occurrences import next_occurrence

__all__ = [
    "AlertRuleAdmin",
    "CalendarOverrideAdmin",
    "DeploymentWindowAdmin",
    "FlagAdmin",
    "HaltAdmin",
    "MaintenanceWindowAdmin",
    "NotificationAdmin",
    "QuietHoursAdmin",
    "TriggerAdmin",
    "TriggerRunAdmin",
]

if TYPE_CHECKING:
    ModelAdmin: TypeAlias = admin.ModelAdmin[Any]
    TabularInline: TypeAlias = admin.TabularInline[Any, Any]
    AnyForm: TypeAlias = ModelForm[Any]
else:  # Django's own classes take no parameters
    ModelAdmin, TabularInline, AnyForm = admin.ModelAdmin, admin.TabularInline, ModelForm

Notifications: TypeAlias = "QuerySet[Notification]"
Windows: TypeAlias = "QuerySet[DeploymentWindow]"


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

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """A trigger takes its ledger with it, which the page says; nobody deletes a run of one that stays."""
        objects, counts, needed, protected = super().get_deleted_objects(objs, request)
        return objects, counts, needed - {TriggerRun._meta.verbose_name}, protected

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


@admin.register(AlertRule)
class AlertRuleAdmin(SignedAdmin):
    """Who is told what."""

    list_display = (
        *("name", "enabled", "kind", "severity", "markets", "symbols", "limit_value", "side", "signals", "once"),
        "channels",
    )
    list_filter = ("enabled", "kind", "severity")
    search_fields = ("name",)
    readonly_fields = ("version", "author", "changed_at")


@admin.register(QuietHours)
class QuietHoursAdmin(SignedAdmin):
    """When e-mail and webhooks wait."""

    list_display = ("market", "time_zone", "begins", "ends", "days", "author")
    readonly_fields = ("author",)


class ReadOnlyInline(TabularInline):
    """Rows that are only looked at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False


class DeliveryInline(ReadOnlyInline):
    """How a notification went out."""

    model = Delivery
    fields = ("channel", "state", "attempts", "next_try_at", "sent_at", "error")
    readonly_fields = fields


@admin.register(Notification)
class NotificationAdmin(ModelAdmin):
    """What was told, to acknowledge."""

    list_display = ("created_at", "severity", "kind", "market", "symbol", "title", "mark", "acknowledged_by")
    list_filter = (("acknowledged_at", admin.EmptyFieldListFilter), "severity", "kind", "market")
    search_fields = ("title", "text")
    inlines = (DeliveryInline,)
    actions = ("acknowledge",)

    @admin.action(description="Acknowledge the chosen notifications")
    def acknowledge(self, request: HttpRequest, chosen: Notifications) -> None:
        count = chosen.filter(acknowledged_at=None).update(
            acknowledged_at=now(), acknowledged_by=request.user.get_username()
        )
        self.message_user(request, f"{count} acknowledged.")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, _request: HttpRequest, _obj: Notification | None = None) -> list[str]:
        return [field.name for field in Notification._meta.fields]


@admin.register(MaintenanceWindow)
class MaintenanceWindowAdmin(SignedAdmin):
    """When work goes on."""

    list_display = ("title", "starts_at", "ends_at", "markets", "pauses_alerts", "shows_banner", "author")
    readonly_fields = ("author", "changed_at")


class DeploymentChangeInline(ReadOnlyInline):
    """What became of a window."""

    model = DeploymentChange
    fields = ("at", "from_state", "to_state", "reason", "author")
    readonly_fields = fields


@admin.register(DeploymentWindow)
class DeploymentWindowAdmin(SignedAdmin):
    """Deployment windows. Arming, confirming and the kill switch are actions; the clock does the rest."""

    list_display = ("feature", "state", "opens_at", "closes_at", "rollback_deadline", "markets", "reason")
    list_filter = ("state",)
    readonly_fields = ("state", "reason", "since", "armed", "killed", "confirmed", "author")
    inlines = (DeploymentChangeInline,)
    actions = ("arm", "confirm_healthy", "kill")

    @admin.action(description="Arm: the clock activates them when their window opens")
    def arm(self, request: HttpRequest, chosen: Windows) -> None:
        self._note(request, chosen.filter(state="planned", armed=False), "armed", armed=True)

    @admin.action(description="Confirm healthy: stands for a passed health check")
    def confirm_healthy(self, request: HttpRequest, chosen: Windows) -> None:
        self._note(request, chosen.filter(state__in=["active", "baking"]), "confirmed healthy", confirmed=True)

    @admin.action(description="KILL SWITCH: roll back what is live, call off what is not")
    def kill(self, request: HttpRequest, chosen: Windows) -> None:
        self._note(request, chosen.exclude(state__in=["rolled_back", "expired"]), "kill switch", killed=True)

    def _note(self, request: HttpRequest, windows: Windows, what: str, **fields: bool) -> None:
        """Write the wish down with its author; the clock acts on it within a second or two."""
        author = request.user.get_username()
        with transaction.atomic():
            found = list(windows.select_for_update())
            for window in found:
                DeploymentChange.objects.create(
                    window=window,
                    at=now(),
                    from_state=window.state,
                    to_state=window.state,
                    reason=f"{what} by an operator",
                    author=author,
                )
            DeploymentWindow.objects.filter(pk__in=[window.pk for window in found]).update(**fields)
        self.message_user(request, f"{len(found)} {what}.")


admin.site.unregister(FlagState)


@admin.register(FlagState)
class FlagAdmin(ModelAdmin):
    """Feature flags; a change is in force in every process when it is saved."""

    form = FlagForm
    list_display = ("name", "condition", "value", "required")
    list_filter = ("name", "condition")
