"""Importing files of other programs into ticks: through the same validation as live events, with a report.

A file is stored in pieces, each in a transaction of its own; an import that was broken off is simply done again, since
the keys are the same. Rows that are refused are counted by code, and the first of them told with their place.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from thor_fast import parse_batch, register_source, registered_sources
from thor_web.thordata.services.import_files import ImportOptions, candidates
from thor_web.thordata.services.tick_store import TickStore
from thor_web.thordata.settings import StorageSettings

__all__ = ["ImportOptions", "ImportReport", "import_file"]

FIRST_REJECTS: Final = 20


@dataclass(slots=True)
class ImportReport:
    """What became of a file. `rows` is all it had; of rows with one key the last stands, so fewer may be stored."""

    file: str
    rows: int = 0
    stored: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    first_rejects: list[dict[str, Any]] = field(default_factory=list)
    symbols: Counter[str] = field(default_factory=Counter)
    first_ts: datetime | None = None
    last_ts: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "file": self.file,
            "rows": self.rows,
            "stored": self.stored,
            "rejected": dict(sorted(self.rejected.items())),
            "first_rejects": self.first_rejects,
            "symbols": dict(sorted(self.symbols.items())),
            "first_ts": self.first_ts and self.first_ts.isoformat().replace("+00:00", "Z"),
            "last_ts": self.last_ts and self.last_ts.isoformat().replace("+00:00", "Z"),
        }


async def import_file(settings: StorageSettings, path: Path, options: ImportOptions) -> ImportReport:
    """Store the rows of a file as ticks. Raises StorageError `bad_import`, or psycopg.OperationalError."""
    if options.source not in registered_sources():
        register_source(options.source)
    report = ImportReport(str(path))
    stream = f"import:{path.name}"
    store = await TickStore.connect(settings.conninfo())
    try:
        for number, lines in enumerate(candidates(path, options), 1):
            batch, rejects = parse_batch(lines)
            for reject in rejects:
                report.rejected[reject.code] += 1
                if len(report.first_rejects) < FIRST_REJECTS:
                    place = {"row": report.rows + reject.position + 1, "code": reject.code, "field": reject.field}
                    report.first_rejects.append(place | {"message": reject.message})
            standing = batch.last_per_key()
            await store.store(stream, standing, (0, number))
            report.rows += len(lines)
            report.stored += len(standing)
            report.symbols.update(standing.symbols())
            _span(report, standing.ts_us())
    finally:
        await store.close()
    return report


def _span(report: ImportReport, instants_us: list[int]) -> None:
    if not instants_us:
        return
    first, last = (datetime.fromtimestamp(us / 1e6, UTC) for us in (min(instants_us), max(instants_us)))
    report.first_ts = first if report.first_ts is None else min(first, report.first_ts)
    report.last_ts = last if report.last_ts is None else max(last, report.last_ts)
