"""What operators write down, and what the clock writes: ledger, notifications, audit. Rules are in services."""

import re
from datetime import date
from typing import Any, ClassVar, Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils.timezone import now

from thor_web.timezones.interface import UnknownMarketError, market_of, world_clock
from thor_web.timezones.services.actions import ACTION_NAMES, SEVERITIES, checked_parameters
from thor_web.timezones.services.alert_conditions import COMPOSITE, KINDS, QUOTE_KINDS
from thor_web.timezones.services.calendar_file import DayException
from thor_web.timezones.services.delivering import CHANNELS
from thor_web.timezones.services.deployment import STATES, DeploymentState, Window, problem_with
from thor_web.timezones.services.occurrences import CONDITIONS, MISFIRES, Condition, Misfire, TriggerRule
from thor_web.timezones.services.phases import PHASES, HoursError, hours_from_text, hours_to_text

__all__ = [
    "AlertRule",
    "CalendarOverride",
    "Delivery",
    "DeploymentChange",
    "DeploymentWindow",
    "Halt",
    "MaintenanceWindow",
    "Notification",
    "QuietHours",
    "Trigger",
    "TriggerRun",
]

LONGEST_OFFSET_S: Final = 7 * 86_400
SIDES: Final = ("above", "below", "beyond")
SIGNALS: Final = ("STRONG_BUY", "BUY", "HOLD", "SELL", "STRONG_SELL")
MOST_LIMIT: Final = 9_000_000_000
"""Prices are 64 bits of 1e-9."""
SYMBOL: Final = re.compile(r"[A-Z0-9$][A-Z0-9.$_/-]{0,31}\Z")
RUN_STATES: Final = ("due", "running", "done", "failed", "missed")


def _market(word: str) -> str:
    try:
        return market_of(word)
    except UnknownMarketError as error:
        raise ValidationError({"market": str(error)}) from error


def every_day() -> list[int]:
    """All weekdays: Monday is 0."""
    return list(range(7))


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
        if cast("date | None", self.day) is None:
            return  # the field itself says so
        try:
            steps = hours_from_text(self.hours)
        except HoursError as error:
            raise ValidationError({"hours": str(error)}) from error
        self.hours = hours_to_text(steps)
        market = world_clock().market(self.market)
        calendar = market.calendar
        known = calendar.exceptions.get(self.day)
        if steps == (known.steps if known else calendar.ordinary_hours(self.day)):
            raise ValidationError(
                {"hours": "The calendar says exactly this already; an override would change nothing."}
            )
        wanted = DayException(self.day, steps, self.name, self.reason, is_override=True)
        neighbour = calendar.overlap(self.day, {**market.overrides, self.day: wanted})
        if neighbour is not None:
            raise ValidationError({"hours": f"These hours overlap with those of {neighbour}."})


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


class AlertRule(models.Model):
    """What somebody wants to be told, and how. Every change is another version, which knows nothing of before."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=16, choices=[(word, word.replace("_", " ")) for word in KINDS])
    severity = models.CharField(max_length=8, default="info", choices=[(word, word) for word in SEVERITIES])
    markets = ArrayField(
        models.CharField(max_length=32),
        default=list,
        blank=True,
        help_text="Separated by commas; those of the instruments.",
    )
    symbols = ArrayField(
        models.CharField(max_length=32),
        default=list,
        blank=True,
        help_text="For stale feeds, changes and signals (all when empty) and thresholds; TOTAL is the composite.",
    )
    sources = ArrayField(
        models.CharField(max_length=16),
        default=list,
        blank=True,
        db_default=[],
        help_text="For lost sources; all that are heard when empty.",
    )
    limit_value = models.DecimalField(
        "limit",
        max_digits=20,
        decimal_places=9,
        null=True,
        blank=True,
        help_text="The price of a threshold, of TOTAL its signal weight sum; the percent of a change; for a stale feed"
        " (30 when empty) and a lost source (10) the seconds of silence.",
    )
    side = models.CharField(
        max_length=6,
        default="above",
        choices=[(word, word) for word in SIDES],
        help_text="Where a crossing leads; `beyond` is either way from zero, for changes.",
    )
    signals = ArrayField(
        models.CharField(max_length=12, choices=[(word, word) for word in SIGNALS]),
        default=list,
        blank=True,
        db_default=[],
        help_text="What a signal becomes.",
    )
    rearm = models.DecimalField(
        max_digits=20,
        decimal_places=9,
        default=0,
        db_default=0,
        help_text="How far back behind the limit before another crossing counts.",
    )
    cooldown_s = models.PositiveIntegerField(
        "cool-down in seconds", default=0, db_default=0, help_text="How long none is told of a symbol after one."
    )
    once = models.BooleanField(default=False, db_default=False, help_text="It switches itself off when it was told.")
    channels = ArrayField(
        models.CharField(max_length=8, choices=[(word, word) for word in CHANNELS]),
        default=list,
        blank=True,
        help_text="email, webhook, beside the dashboard, which is always told.",
    )
    emails = models.CharField(max_length=500, blank=True, default="", help_text="Addresses, separated by commas.")
    webhook_url = models.URLField(max_length=500, blank=True, default="")
    enabled = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    sides = models.JSONField(default=dict, editable=False)
    author = models.CharField(max_length=150, editable=False, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *arguments: Any, **options: Any) -> None:
        """Keep it as another version; where its prices stood is forgotten."""
        if self.pk is not None:
            self.version += 1
            self.sides = {}
        super().save(*arguments, **options)

    def clean(self) -> None:
        """Refuse what contradicts itself, with the reason."""
        self.markets = [_market(word) for word in self.markets or []]
        self.symbols = list(dict.fromkeys(word.strip().upper() for word in self.symbols or []))
        self.sources = list(dict.fromkeys(word.strip().upper() for word in self.sources or []))
        for word in self.symbols:
            if not SYMBOL.match(word):
                raise ValidationError({"symbols": f"{word[:32]!r} is no symbol in canonical form, such as ES."})
        self._check_limit()
        if self.kind == "signal" and not self.signals:
            raise ValidationError({"signals": "Name at least one signal that it may become."})
        if COMPOSITE in self.symbols and self.kind not in {"threshold", "signal"}:
            raise ValidationError({"symbols": f"{COMPOSITE} is no feed: only a threshold or a signal can name it."})
        if self.kind not in QUOTE_KINDS and (self.once or self.cooldown_s or self.rearm):
            raise ValidationError("Once, cool-down and re-arming belong to thresholds, changes and signals.")
        if "email" in self.channels:
            for address in self.emails.split(","):
                validate_email(address.strip())
        if "webhook" in self.channels and not self.webhook_url.startswith(("https://", "http://")):
            raise ValidationError({"webhook_url": "The channel webhook needs an address."})

    def _check_limit(self) -> None:
        limit = self.limit_value
        if self.kind == "threshold" and (limit is None or not self.symbols):
            raise ValidationError({"limit_value": "A threshold needs a limit and at least one symbol."})
        if self.kind == "change" and limit is None:
            raise ValidationError({"limit_value": "A change needs a limit in percent."})
        if limit is not None and abs(limit) > MOST_LIMIT:
            raise ValidationError({"limit_value": f"A limit is {MOST_LIMIT} at most."})
        if self.kind in {"stale_feed", "source_lost"} and limit is not None and limit <= 0:
            raise ValidationError({"limit_value": "Seconds of silence are more than 0."})
        if self.side == "beyond" and (self.kind != "change" or (limit is not None and limit <= 0)):
            raise ValidationError({"side": "`beyond` is for changes, with a limit above 0."})
        if not 0 <= self.rearm <= MOST_LIMIT:
            raise ValidationError({"rearm": "The way back is not below 0."})


class QuietHours(models.Model):
    """When e-mail and webhooks wait; critical ones do not."""

    market = models.CharField(max_length=32, blank=True, default="", help_text="Empty: every market.")
    time_zone = models.CharField(max_length=64, default="UTC", help_text="The clock these hours are on.")
    begins = models.TimeField()
    ends = models.TimeField(help_text="Before the beginning: on the next day.")
    days = ArrayField(
        models.PositiveSmallIntegerField(), default=every_day, help_text="Weekdays of the beginning: Monday is 0."
    )
    author = models.CharField(max_length=150, editable=False, default="")

    class Meta:
        verbose_name_plural = "quiet hours"

    def __str__(self) -> str:
        return f"{self.market or 'all'} {self.begins:%H:%M}-{self.ends:%H:%M} {self.time_zone}"

    def clean(self) -> None:
        """Refuse what contradicts itself, with the reason."""
        self.market = _market(self.market) if self.market else ""
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValidationError({"time_zone": f"There is no time zone {self.time_zone!r}."}) from error
        if any(day not in range(7) for day in self.days):
            raise ValidationError({"days": "Weekdays are 0 (Monday) to 6."})


class Notification(models.Model):
    """Something somebody was told. The clock and `thor signals` write it; acknowledging is all that can be done to one.

    `rule_version`, `event_id` (of the unified stream), `value` and `mark` say what a rule on quotes saw.
    """

    rule = models.ForeignKey(AlertRule, on_delete=models.SET_NULL, null=True, related_name="notifications")
    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=16)
    severity = models.CharField(max_length=8)
    market = models.CharField(max_length=32, default="")
    symbol = models.CharField(max_length=32, default="")
    title = models.CharField(max_length=300)
    text = models.TextField(default="")
    created_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, default="")
    rule_version = models.PositiveIntegerField(null=True)
    event_id = models.CharField(max_length=48, default="", db_default="")
    value = models.DecimalField(max_digits=24, decimal_places=9, null=True)
    mark = models.CharField(max_length=40, default="", db_default="")

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """A notification on its way through one channel."""

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=8)
    state = models.CharField(max_length=8, choices=[(word, word) for word in ("waiting", "sent", "failed")])
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["notification", "channel"], name="one_delivery_a_channel")
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_try_at"], name="waiting_deliveries", condition=models.Q(state="waiting"))
        ]


class MaintenanceWindow(models.Model):
    """A time in which work goes on: a banner is shown, alerts may be paused. In UTC: no change of a clock bends it."""

    title = models.CharField(max_length=200, help_text="What the banner says.")
    starts_at = models.DateTimeField(help_text="UTC.")
    ends_at = models.DateTimeField(help_text="UTC.")
    markets = ArrayField(
        models.CharField(max_length=32), default=list, blank=True, help_text="Whose alerts are paused; all when empty."
    )
    pauses_alerts = models.BooleanField(default=True)
    shows_banner = models.BooleanField(default=True)
    author = models.CharField(max_length=150, editable=False, default="")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["-starts_at"]

    def __str__(self) -> str:
        return f"{self.title} ({self.starts_at:%Y-%m-%d %H:%M}Z)"

    def clean(self) -> None:
        """Refuse what contradicts itself, with the reason."""
        self.markets = [_market(word) for word in self.markets or []]
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "The window would end before it begins."})


class DeploymentWindow(models.Model):
    """When a feature may be switched on, what must hold, and by when it is switched off again unless proved healthy."""

    feature = models.SlugField(
        max_length=64, help_text="A flag with the condition `deployment` and this value follows it."
    )
    opens_at = models.DateTimeField(help_text="UTC.")
    closes_at = models.DateTimeField(help_text="UTC: behind it nothing is activated any more.")
    markets = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    required_state = models.CharField(
        max_length=10,
        default="all_closed",
        choices=[("all_closed", "all closed"), ("all_quiet", "closed, and no pre or post"), ("any", "any")],
    )
    quiet_minutes = models.PositiveIntegerField(default=30, help_text="How long after activation no market may open.")
    bake_minutes = models.PositiveIntegerField(default=15, help_text="How long it must be healthy to be done.")
    rollback_deadline = models.DateTimeField(help_text="UTC: not proved healthy by then, it is rolled back.")
    health_url = models.URLField(max_length=300, default="http://127.0.0.1:8000/readyz", help_text="Must answer 2xx.")
    state = models.CharField(
        max_length=12, default="planned", editable=False, choices=[(word, word.replace("_", " ")) for word in STATES]
    )
    reason = models.TextField(default="", editable=False)
    since = models.DateTimeField(default=now, editable=False)
    armed = models.BooleanField(default=False, editable=False)
    killed = models.BooleanField(default=False, editable=False)
    confirmed = models.BooleanField(default=False, editable=False)
    author = models.CharField(max_length=150, editable=False, default="")

    class Meta:
        ordering: ClassVar = ["-opens_at"]

    def __str__(self) -> str:
        return f"{self.feature} {self.opens_at:%Y-%m-%d %H:%M}Z ({self.state})"

    def clean(self) -> None:
        """Refuse what contradicts itself, with the reason."""
        self.markets = [_market(word) for word in self.markets or []]
        if self.opens_at and self.closes_at and self.rollback_deadline:
            fault = problem_with(self.plan(), world_clock())
            if fault:
                raise ValidationError(fault)

    def plan(self) -> Window:
        """The window as its state machine sees it."""
        return Window(
            feature=self.feature,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            markets=tuple(self.markets),
            required_state=self.required_state,
            quiet_s=60 * self.quiet_minutes,
            bake_s=60 * self.bake_minutes,
            rollback_deadline=self.rollback_deadline,
            state=cast("DeploymentState", self.state),
            since=self.since,
            armed=self.armed,
            killed=self.killed,
            confirmed=self.confirmed,
        )


class DeploymentChange(models.Model):
    """One step of a deployment window: who or what took it, and why. Never changed."""

    window = models.ForeignKey(DeploymentWindow, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    from_state = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    reason = models.TextField()
    author = models.CharField(max_length=150)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S}Z {self.from_state} → {self.to_state}"
