"""The settings of the world clock, beside what every process needs."""

from pathlib import Path

from pydantic import Field

from collectors.settings import CollectorSettings

__all__ = ["ClockSettings"]


class ClockSettings(CollectorSettings):
    """Which calendars are in force and who is told what."""

    default_market: str = Field(
        "GLOBEX_EQUITY", description="Market that `/api/session` answers for when none is named."
    )
    calendars_dir: Path | None = Field(
        None, description="Folder of calendar files of your own; one there replaces the shipped one of its name."
    )
