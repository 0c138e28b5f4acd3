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
    email_backend: str = Field(
        "django.core.mail.backends.smtp.EmailBackend", description="Django's e-mail backend, by its Python path."
    )
    email_host: str = Field("", description="SMTP server that sends e-mail. Empty: no e-mail is sent.")
    email_port: int = Field(587, ge=1, le=65_535, description="Port of the SMTP server.")
    email_user: str = Field("", description="User at the SMTP server.")
    email_password: SecretStr = Field(SecretStr(""), description="Password at the SMTP server.")
    email_tls: bool = Field(True, description="Speak STARTTLS with the SMTP server.")
    email_from: str = Field("thor@localhost", description="Sender of Thor's e-mail.")
    webhook_secret: SecretStr = Field(
        SecretStr(""), description="Secret under which webhooks are signed. Without one none is sent."
    )
