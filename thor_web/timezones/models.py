"""What operators write down (overrides, halts, triggers) and the ledger of what ran. Rules are in services."""

from typing import ClassVar, Final, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.timezone import now

from thor_web.timezones.interface import UnknownMarketError, market_of, world_clock
from thor_web.timezones.services.actions import ACTION_NAMES, checked_parameters
from thor_web.timezones.services.occurrences import CONDITIONS, MISFIRES, Condition, Misfire, TriggerRule
from thor_web.timezones.services.phases import PHASES, HoursError, hours_from_text, hours_to_text

__all__ = ["CalendarOverride", "Halt", "Trigger", "TriggerRun"]

LONGEST_OFFSET_S: Final = 7 * 86_400
RUN_STATES: Final = ("due", "running", "done", "failed", "missed")


def _market(word: str) -> str:
    try:
        return market_of(word)
    except UnknownMarketError as error:
        raise ValidationError({"market": str(error)}) from error


class CalendarOverride(models.Model):
    """One date on which an operator knows better than the calendar file."""

    market = models.CharField(max_length=32, help_text="A market or a symbol: NYSE, GLOBEX_EQUITY, ES …")
    day = models.DateField(help_text="The trade date.")
    hours = models.CharField(
        max_length=200,
        help_text="`closed`, or local times: `09:30 regular 13:00 closed`; `-` is the evening before.",
    )
    name = models.CharField(max_length=100, help_text="What the day is called: shown as the holiday.")
    reason = models.CharField(max_length=300, help_text="Where this is known from.")
    author = models.CharField(max_length=150, editable=False, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["-day", "market"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["market", "day"], name="one_override_a_day")]

    def __str__(self) -> str:
        return f"{self.market} {self.day}: {self.hours}"

    def clean(self) -> None:
        """Refuse what contradicts itself, with the reason."""
        self.market = _market(self.market)
        try:
            steps = hours_from_text(self.hours)
        except HoursError as error:
            raise ValidationError({"hours": str(error)}) from error
        self.hours = hours_to_text(steps)
        calendar = world_clock().market(self.market).calendar
        known = calendar.exceptions.get(self.day)
        if steps == (known.steps if known else calendar.ordinary_hours(self.day)):
            raise ValidationError(
                {"hours": "The calendar says exactly this already; an override would change nothing."}
            )


class Halt(models.Model):
    """Trading is stopped although the calendar says otherwise."""

    market = models.CharField(max_length=32, help_text="A market or a symbol: NYSE, GLOBEX_EQUITY, ES …")
    starts_at = models.DateTimeField(help_text="UTC.")
    ends_at = models.DateTimeField(null=True, blank=True, help_text="UTC; empty while nobody knows.")
    reason = models.CharField(max_length=300)
    author = models.CharField(max_length=150, editable=False, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["-starts_at"]

    def __str__(self) -> str:
        return f"{self.market} from {self.starts_at:%Y-%m-%d %H:%M}Z"

    def clean(self) -> None:
        """Refuse what contradicts itself, with the reason."""
        self.market = _market(self.market)
        if self.ends_at is not None and self.starts_at is not None and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "The halt would end before it begins."})


class Trigger(models.Model):
    """Something that happens because of a market."""

    name = models.CharField(max_length=100, unique=True)
    market = models.CharField(max_length=32, help_text="A market or a symbol: NYSE, GLOBEX_EQUITY, ES …")
    condition = models.CharField(max_length=16, choices=[(word, word.replace("_", " ")) for word in CONDITIONS])
    phase = models.CharField(
        max_length=16, blank=True, default="", choices=[(word, word) for word in PHASES], help_text="For `phase` alone."
    )
    offset_s = models.IntegerField(
        "offset in seconds", default=0, help_text="After the moment; negative before it, by at most a week."
    )
    local_time = models.TimeField(
        null=True, blank=True, help_text="For `local time`: on each trade date, on the market's own clock."
    )
    action = models.CharField(max_length=16, choices=[(word, word) for word in ACTION_NAMES])
    parameters = models.JSONField(
        default=dict, blank=True, help_text='As the action needs: {"symbols": ["ES"]}, {"url": "https://…"}, …'
    )
    grace_s = models.PositiveIntegerField(
        "grace in seconds", default=60, help_text="An occurrence found later than this is late."
    )
    misfire = models.CharField(
        max_length=16,
        default="run_once",
        choices=[(word, word.replace("_", " ")) for word in MISFIRES],
        help_text="What becomes of late ones: the newest runs, none runs, all run.",
    )
    max_attempts = models.PositiveSmallIntegerField(default=3)
    timeout_s = models.PositiveIntegerField("longest run in seconds", default=600)
    enabled = models.BooleanField(default=True)
    valid_from = models.DateField(null=True, blank=True, help_text="First trade date.")
    valid_to = models.DateField(null=True, blank=True, help_text="Last trade date.")
    watermark = models.DateTimeField(default=now, editable=False, help_text="Occurrences up to here are in the ledger.")
    author = models.CharField(max_length=150, editable=False, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what contradicts itself, with the reason."""
        self.market = _market(self.market)
        if (self.condition == "phase") != bool(self.phase):
            raise ValidationError({"phase": "A phase belongs to the condition `phase`, and to no other."})
        if (self.condition == "local_time") != (self.local_time is not None):
            raise ValidationError(
                {"local_time": "A local time belongs to the condition `local time`, and to no other."}
            )
        if abs(self.offset_s or 0) > LONGEST_OFFSET_S:
            raise ValidationError({"offset_s": "The offset is a week at most."})
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValidationError({"valid_to": "The trigger would end before it begins."})
        if not self.max_attempts or not self.timeout_s:
            raise ValidationError("At least one attempt and one second are needed.")
        fault = checked_parameters(self.action, self.parameters)
        if fault:
            raise ValidationError({"parameters": fault})

    def rule(self) -> TriggerRule:
        """The rule that the planner goes by."""
        return TriggerRule(
            id=self.pk or 0,
            name=self.name,
            market=self.market,
            condition=cast("Condition", self.condition),
            action=self.action,
            phase=self.phase,
            offset_s=self.offset_s,
            local_time=self.local_time,
            grace_s=self.grace_s,
            misfire=cast("Misfire", self.misfire),
            max_attempts=self.max_attempts,
            timeout_s=self.timeout_s,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
        )


class TriggerRun(models.Model):
    """One occurrence of a trigger: the ledger. Rows are written by the clock alone."""

    trigger = models.ForeignKey(Trigger, on_delete=models.CASCADE, related_name="runs")
    due_at = models.DateTimeField()
    session_date = models.DateField()
    state = models.CharField(max_length=8, choices=[(word, word) for word in RUN_STATES])
    reason = models.TextField(default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    result = models.TextField(default="")
    planned_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=100, default="")

    class Meta:
        ordering: ClassVar = ["-due_at"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["trigger", "due_at"], name="one_run_an_occurrence")]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="runs_at_work", condition=models.Q(state__in=["due", "running"]))
        ]

    def __str__(self) -> str:
        return f"{self.trigger} due {self.due_at:%Y-%m-%d %H:%M:%S}Z"
