"""Recorded signals and how they turned out, written by `thor signals`."""

from typing import Any, Final

from django.db import models

from thor_web.futuretrading.models.instruments import signal_choices

__all__ = ["SignalGrade", "TradingSignal"]

PRICE: Final[Any] = {"max_digits": 24, "decimal_places": 9}


class TradingSignal(models.Model):
    """A signal that differs from the one before it, with everything it was computed from."""

    symbol = models.CharField(max_length=32, help_text="TOTAL for the composite.")
    at = models.DateTimeField(help_text="When the event that made it happened.")
    signal = models.CharField(max_length=12, choices=signal_choices)
    previous = models.CharField(max_length=12, blank=True)
    change = models.DecimalField(**PRICE, null=True)
    last = models.DecimalField(**PRICE, null=True)
    bid = models.DecimalField(**PRICE, null=True)
    ask = models.DecimalField(**PRICE, null=True)
    stat_value = models.DecimalField(**PRICE, help_text="The threshold it stands for; the composite's score.")
    contract_weight = models.DecimalField(**PRICE)
    signal_weight = models.SmallIntegerField(help_text="Turned around for inverse instruments; the composite's sum.")
    source = models.CharField(max_length=16)
    contract = models.CharField(max_length=32, blank=True)
    trade_date = models.DateField()
    phase = models.CharField(max_length=20, help_text="What the market was doing.")
    config_version = models.BigIntegerField()
    stream_ms = models.BigIntegerField()
    stream_number = models.BigIntegerField()

    class Meta:
        ordering = ["-stream_ms", "-stream_number"]
        constraints = [
            models.UniqueConstraint(fields=["symbol", "stream_ms", "stream_number"], name="one_signal_an_event")
        ]
        indexes = [models.Index(fields=["symbol", "-id"], name="signals_of_a_symbol")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.signal} {self.at:%Y-%m-%d %H:%M:%S}"


class SignalGrade(models.Model):
    """How one signal turned out, by one measure: after a fixed time, or by which side of its target came first.

    `move` is in points and in the signal's favour: what one would have earned who entered at the first quote after the
    signal, a buyer at the ask and a seller at the bid, and left at the other side.
    """

    signal = models.ForeignKey(TradingSignal, models.CASCADE, related_name="grades")
    measure = models.CharField(max_length=12, help_text="1m, 5m, 15m, 1h, or target.")
    traded = models.CharField(max_length=32, help_text="What was traded: the composite trades YM.")
    entered_at = models.DateTimeField()
    entry = models.DecimalField(**PRICE)
    graded_at = models.DateTimeField()
    exit = models.DecimalField(**PRICE)
    move = models.DecimalField(**PRICE)
    outcome = models.CharField(
        max_length=12,
        choices=[(it, it.lower().replace("_", " ")) for it in ("WORKED", "DIDNT_WORK", "NEUTRAL")],
    )

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["signal", "measure"], name="one_grade_a_measure")]

    def __str__(self) -> str:
        return f"{self.signal} {self.measure}: {self.outcome}"
