"""What Postgres remembers of exports and quality, for the admin and the APIs. Written by plain SQL in services.

Ticks have no model: nothing but COPY and set-wise SQL ever touches them.
"""

from typing import ClassVar

from django.db import models

__all__ = ["ExportRun", "LakeSpan", "QualityReport", "RetiredDay"]


class ExportRun(models.Model):
    """One export of a trade date: counts and the checksum of all its rows, or what went wrong."""

    trade_date = models.DateField()
    symbols = models.JSONField(null=True, help_text="Those that were asked for; null for all.")
    state = models.CharField(max_length=16)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    written = models.IntegerField(help_text="Partitions that had changed and were written.")
    unchanged = models.IntegerField(help_text="Partitions that were in the lake already.")
    checksum = models.CharField(max_length=32, help_text="Digest of all rows, the sum of the partitions' digests.")
    problem = models.TextField()
    partitions = models.JSONField()

    class Meta:
        db_table = "export_runs"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["trade_date", "-id"], name="export_runs_by_date")]

    def __str__(self) -> str:
        return f"{self.trade_date} {self.state}"


class LakeSpan(models.Model):
    """A span of instants of a trade date whose rows are in the lake as of a version (see tick_changes)."""

    trade_date = models.DateField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    version = models.BigIntegerField()
    exported_at = models.DateTimeField()

    class Meta:
        db_table = "lake_spans"
        ordering: ClassVar = ["-trade_date"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["trade_date", "starts_at", "ends_at"], name="lake_spans_key")
        ]

    def __str__(self) -> str:
        return f"{self.trade_date} as of {self.version}"


class RetiredDay(models.Model):
    """A UTC day whose partition was dropped after its rows were found in the lake."""

    day = models.DateField(primary_key=True)
    rows = models.BigIntegerField()
    digest = models.CharField(max_length=32)
    dropped_at = models.DateTimeField()

    class Meta:
        db_table = "retired_days"
        ordering: ClassVar = ["-day"]

    def __str__(self) -> str:
        return str(self.day)


class QualityReport(models.Model):
    """What the quality checks found in a partition of the lake, the newest check of each."""

    trade_date = models.DateField()
    symbol = models.TextField()
    rows = models.BigIntegerField()
    counts = models.JSONField(help_text="How often each check found something.")
    gaps = models.JSONField(help_text="The first silences, from and to.")
    checked_at = models.DateTimeField()

    class Meta:
        db_table = "quality_reports"
        ordering: ClassVar = ["-trade_date", "symbol"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["trade_date", "symbol"], name="quality_reports_key")]

    def __str__(self) -> str:
        return f"{self.trade_date} {self.symbol}"
