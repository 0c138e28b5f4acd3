"""What other rooms, and people in notebooks, may use of the store and the lake."""

from thor_web.thordata.errors import STORAGE_CODES, StorageError
from thor_web.thordata.export import due_dates, export_date
from thor_web.thordata.ingestor_metrics import INGESTOR_METRICS
from thor_web.thordata.lake import bars as lake_bars
from thor_web.thordata.lake import scan as scan_lake
from thor_web.thordata.retention import partitions as tick_partitions
from thor_web.thordata.settings import StorageSettings

__all__ = [
    "INGESTOR_METRICS",
    "STORAGE_CODES",
    "StorageError",
    "StorageSettings",
    "due_dates",
    "export_date",
    "lake_bars",
    "scan_lake",
    "tick_partitions",
]
