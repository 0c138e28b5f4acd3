"""Instruments with what their changes say and what they count for.

Seeded from `collectors/instruments.toml` and editable in the admin. `seeded` holds what the file said last, so that a
later file changes what nobody has edited and nothing else.
"""

from decimal import Decimal
from typing import Any, Final

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

__all__ = ["ContractWeight", "InstrumentCategory", "SignalStatValue", "TradingInstrument", "signal_choices"]

DIGITS: Final[Any] = {"max_digits": 18, "decimal_places": 9}
SMALLEST: Final = Decimal("0.000000001")
signal_choices: Final = [
    ("STRONG_BUY", "strong buy"),
    ("BUY", "buy"),
    ("HOLD", "hold"),
    ("SELL", "sell"),
    ("STRONG_SELL", "strong sell"),
]


class InstrumentCategory(models.Model):
    """A heading under which instruments are kept."""

    name = models.CharField(max_length=60, unique=True)
    order = models.PositiveSmallIntegerField(default=0, help_text="Its place among the categories.")

    class Meta:
        ordering = ["order", "name"]
        verbose_name_plural = "instrument categories"

    def __str__(self) -> str:
        return self.name


class TradingInstrument(models.Model):
    """One tradable thing. Money in USD."""

    symbol = models.CharField(
        max_length=32,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9$][A-Z0-9.$_/-]{0,31}\Z", "must be in canonical form, such as ES")],
    )
    name = models.CharField(max_length=120)
    category = models.ForeignKey(InstrumentCategory, models.SET_NULL, null=True, blank=True, related_name="instruments")
    asset_class = models.CharField(
        max_length=10, choices=[(kind, kind) for kind in ("future", "index", "equity")], default="future"
    )
    exchange = models.CharField(max_length=20)
    market = models.CharField(max_length=20, help_text="The market whose hours and trade dates it follows.")
    tick = models.DecimalField(**DIGITS, validators=[MinValueValidator(SMALLEST)], help_text="Smallest price step.")
    tick_value = models.DecimalField(**DIGITS, validators=[MinValueValidator(SMALLEST)], help_text="Worth of a tick.")
    multiplier = models.DecimalField(**DIGITS, validators=[MinValueValidator(SMALLEST)], help_text="Worth of a point.")
    precision = models.PositiveSmallIntegerField(
        default=2, validators=[MaxValueValidator(9)], help_text="Decimal places, where no fraction is shown."
    )
    fraction = models.CharField(
        max_length=5, blank=True, default="", choices=[("", "decimals"), ("32nds", "32nds (118'10)")]
    )
    unit = models.CharField(
        max_length=8,
        default="points",
        choices=[("points", "points"), ("ticks", "ticks"), ("1/32", "1/32"), ("0.01", "0.01")],
        help_text="The unit of the stat values below.",
    )
    inverse = models.BooleanField(
        default=False, help_text="Rises when stocks fall: its signals count against the market in the composite."
    )
    target = models.DecimalField(
        **DIGITS,
        null=True,
        blank=True,
        validators=[MinValueValidator(SMALLEST)],
        help_text="Points a signal has to earn before it loses as many, to count as one that worked.",
    )
    preferred_source = models.CharField(
        max_length=16,
        blank=True,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9_]{0,15}\Z", "must be a source name in capitals")],
        help_text="Its quotes stand while it is live. Empty: the newest quote of any source stands.",
    )
    order = models.PositiveIntegerField(default=0, help_text="Its place on the page.")
    active = models.BooleanField(default=True, help_text="Shown, and part of the composite where it has stat values.")
    watchlist = models.BooleanField(default=True, help_text="On the page before anybody has chosen a list.")
    seeded = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ["order", "symbol"]

    def __str__(self) -> str:
        return self.symbol


class SignalStatValue(models.Model):
    """The threshold that a signal of an instrument stands for, in the instrument's unit."""

    instrument = models.ForeignKey(TradingInstrument, models.CASCADE, related_name="stat_values")
    signal = models.CharField(max_length=12, choices=signal_choices)
    value = models.DecimalField(**DIGITS)
    seeded = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ["instrument", "-value"]
        constraints = [models.UniqueConstraint(fields=["instrument", "signal"], name="one_stat_value_a_signal")]

    def __str__(self) -> str:
        return f"{self.instrument} {self.signal} {self.value.normalize():f}"


class ContractWeight(models.Model):
    """What an instrument counts for in the composite; below 0 only where the instrument is inverse."""

    instrument = models.OneToOneField(TradingInstrument, models.CASCADE, related_name="weight")
    weight = models.DecimalField(**DIGITS)
    seeded = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ["instrument"]

    def __str__(self) -> str:
        return f"{self.instrument} {self.weight.normalize():f}"
