"""Checking the lake: every partition's doubtful rows, flagged beside it, and the report of each in Postgres."""

from collections.abc import Iterator, Sequence
from datetime import date

import psycopg

from thor_web.thordata.services.lake_files import lake_dates
from thor_web.thordata.services.quality import QualityReport, quality_of_date, record_report
from thor_web.thordata.settings import StorageSettings

__all__ = ["QualityReport", "check_lake"]


def check_lake(
    settings: StorageSettings, dates: Sequence[date] | None = None, symbols: Sequence[str] | None = None
) -> Iterator[QualityReport]:
    """Check dates of the lake, or all of it, and keep what was found. Raises StorageError `bad_lake_file`."""
    with psycopg.connect(settings.conninfo(), application_name="thor quality", autocommit=True) as connection:
        for trade_date in dates if dates is not None else lake_dates(settings.lake_folder()):
            for report in quality_of_date(settings, trade_date, symbols):
                record_report(connection, report)
                yield report
