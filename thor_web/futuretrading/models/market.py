"""What the market did: bars, trade dates and rolls, written by `thor signals`.

`mock` is part of every key: a made-up market and a real one never stand in one row. The extra columns of a bar say
which event opened and closed it, so that an event that comes late changes what it would have changed in time.
"""

from typing import Any, Final

from django.db import models

__all__ = ["Bar", "ContractRoll", "MarketData", "RecorderState"]

PRICE: Final[Any] = {"max_digits": 24, "decimal_places": 9}


class Bar(models.Model):
    """Open, high, low, close and volume of a symbol in one interval."""

    pk = models.CompositePrimaryKey("symbol", "interval", "mock", "start")
    symbol = models.CharField(max_length=32)
    interval = models.CharField(max_length=3)
    mock = models.BooleanField()
    start = models.DateTimeField()
    open = models.DecimalField(**PRICE)
    high = models.DecimalField(**PRICE)
    low = models.DecimalField(**PRICE)
    close = models.DecimalField(**PRICE)
    volume = models.BigIntegerField()
    events = models.BigIntegerField()
    opened_us = models.BigIntegerField()
    opened_seq = models.BigIntegerField()
    closed_us = models.BigIntegerField()
    closed_seq = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.symbol} {self.interval} {self.start:%Y-%m-%d %H:%M:%S}"


class MarketData(models.Model):
    """A trade date of a symbol, from what was seen of it since `since`."""

    symbol = models.CharField(max_length=32)
    trade_date = models.DateField()
    mock = models.BooleanField(default=False)
    contract = models.CharField(max_length=32, blank=True)
    since = models.DateTimeField()
    open = models.DecimalField(**PRICE, null=True)
    high = models.DecimalField(**PRICE, null=True)
    low = models.DecimalField(**PRICE, null=True)
    close = models.DecimalField(**PRICE, null=True)
    volume = models.BigIntegerField(default=0)
    vwap = models.DecimalField(**PRICE, null=True)
    high_52w = models.DecimalField(**PRICE, null=True, help_text="Of our own trade dates up to and with this one.")
    low_52w = models.DecimalField(**PRICE, null=True, help_text="Of our own trade dates up to and with this one.")

    class Meta:
        ordering = ["-trade_date", "symbol"]
        verbose_name = verbose_name_plural = "market data"
        constraints = [
            models.UniqueConstraint(fields=["symbol", "trade_date", "mock"], name="one_market_data_a_trade_date")
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.trade_date}"


class ContractRoll(models.Model):
    """A change of the contract month behind a continuous symbol: what stands before and after it is not comparable."""

    symbol = models.CharField(max_length=32)
    at = models.DateTimeField()
    from_contract = models.CharField(max_length=32)
    to_contract = models.CharField(max_length=32)

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["symbol", "at"], name="one_roll_at_a_time")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.from_contract} -> {self.to_contract}"


class RecorderState(models.Model):
    """The one row with what `thor signals` has seen, and up to which entry; moved together with what it writes."""

    stream_ms = models.BigIntegerField(default=0)
    stream_number = models.BigIntegerField(default=0)
    state = models.BinaryField(default=b"")
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.stream_ms}-{self.stream_number}"
