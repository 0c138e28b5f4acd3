"""The settings of the world clock, beside what every process needs."""

from pathlib import Path

from pydantic import Field, SecretStr

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
    session_lead_s: int = Field(
        300, ge=0, le=86_400, description="Quotes are wanted from this many seconds before a market's session."
    )
    session_lag_s: int = Field(
        900, ge=0, le=86_400, description="Quotes are wanted until this many seconds after a market's session."
    )
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="Secret under which webhooks are signed. Without one none is sent."
    )
