"""The settings a collector needs, as one typed table read from the environment.

The server's table extends this one; `thor settings` prints both, and docs/settings.md is made from them.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr

from collectors.secret_files import EnvironmentSettings

__all__ = ["CollectorSettings", "ExcelSettings", "SchwabSettings"]


class ExcelSettings(EnvironmentSettings):
    """Which sheet of which workbook `excel_live` reads, and how."""

    excel_data_file: Path | None = Field(
        None, description="Workbook that `excel_live` reads: a path, or the name of an open workbook."
    )
    excel_sheet_name: str | None = Field(
        None, description="Its sheet. Default: LiveData, else Futures, else the first sheet."
    )
    excel_live_range: str = Field("A1:P40", description="Cells that are read at each poll, headers included.")
    excel_live_require_open: bool = Field(
        True,
        description="False: while the workbook is closed, look at its saved values too. They are stale, and no events.",
    )
    excel_live_poll_ms: int = Field(200, ge=20, le=60_000, description="Pause between two reads of the sheet, in ms.")
    excel_rtd_throttle_ms: int | None = Field(
        None,
        ge=0,
        le=60_000,
        description="Set Excel's own pause between RTD updates, in ms. Excel keeps it. Default: only report it.",
    )
    repeat_unchanged_ms: int = Field(
        2_000,
        ge=100,
        description="A live source says an unchanged quote again after this many ms, to show that it is there.",
    )


class SchwabSettings(EnvironmentSettings):
    """The app at developer.schwab.com that `schwab` uses, and what it streams."""

    thor_state: Path | None = Field(
        None, description="Folder of a `thor up`: its servers, logs and spool. Named by `--state` too."
    )
    schwab_app_key: SecretStr | None = Field(None, description="Key of your app at developer.schwab.com.")
    schwab_app_secret: SecretStr | None = Field(None, description="Its secret.")
    schwab_callback_url: str = Field(
        "https://127.0.0.1:8182/", description="Callback of the app, exactly as its page there has it. Loopback only."
    )
    schwab_tokens: str | None = Field(
        None,
        description="File that keeps the Schwab login, or `keyring`. Default: schwab-tokens.json in the state folder.",
    )
    schwab_symbols: str = Field(
        "", description="Stocks and indices to stream beside the registry's instruments: AAPL,BRK/B,$SPX."
    )
    schwab_api_url: str = Field("https://api.schwabapi.com", description="Where Schwab's API is.")
    schwab_ca_file: Path | None = Field(
        None, description="Certificates to trust for Schwab instead of the system's, such as a proxy's."
    )


class CollectorSettings(ExcelSettings, SchwabSettings):
    """What every process that speaks to Redis shares."""

    thor_log_format: Literal["text", "json"] = Field("text", description="Form of a log line.")
    thor_log_level: str = Field("INFO", description="Least level of what is logged: DEBUG, INFO, WARNING or ERROR.")
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description=(
            "Redis or Valkey: redis://, rediss:// (TLS) or unix://, or one node of a cluster: redis+cluster://, "
            "rediss+cluster://. May carry a user and a password."
        ),
    )
    stream_retention_s: int = Field(
        86_400,
        ge=60,
        description="Age in seconds after which entries are trimmed from the quote streams.",
    )
    rejects_kept: int = Field(10_000, ge=100, description="How many refused inputs the stream `quotes:rejects` keeps.")
    stale_after_ms: int = Field(
        5_000,
        ge=100,
        description="A source that sends nothing for a symbol this long is no longer live for it, in ms.",
    )
    data_provider: str = Field(
        "",
        description="Providers that `thor up` starts and `thor providers` expects: excel_live,schwab or replay:FILE.",
    )
    preferred_sources: str = Field(
        "",
        description=(
            "Sources that stand for symbols in place of those in the symbols' rows: SCHWAB for all that it has, "
            "or ES=SCHWAB,NQ=TOS."
        ),
    )
    publish_batch: int = Field(500, ge=1, le=5_000, description="Most events a collector sends at once.")
    spool_memory_events: int = Field(
        50_000, ge=0, description="Events a collector holds in memory while Redis is away."
    )
    spool_disk_mib: int = Field(
        256,
        ge=0,
        description="Size of a collector's spool on disk in MiB, used once its memory is full. 0: none.",
    )
    follow_sessions: bool = Field(
        False,
        description="Collect and store live quotes of a symbol only while its market is open or about to be.",
    )
