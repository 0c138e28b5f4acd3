"""The settings of everything that keeps data: Postgres and the lake, beside what every process needs."""

from pathlib import Path

from psycopg.conninfo import make_conninfo
from pydantic import Field, SecretStr

from collectors.settings import CollectorSettings
from thor_web.thordata.services.lake_place import lake_place

__all__ = ["StorageSettings"]


class StorageSettings(CollectorSettings):
    """Where ticks go and how."""

    db_host: str = Field("127.0.0.1", description="Postgres host, or the folder of its socket.")
    db_port: int = Field(5432, ge=1, le=65_535, description="Postgres port.")
    db_name: str = Field("thor", description="Postgres database.")
    db_user: str = Field("thor", description="Postgres user.")
    db_password: SecretStr = Field(SecretStr(""), description="Password of the Postgres user.")
    db_read_host: str = Field(
        "",
        description="Read replica that answers questions about history; same port, database and user. Empty: DB_HOST.",
    )
    ingest_batch: int = Field(
        5_000, ge=1, le=50_000, description="Most stream entries the ingestor stores in one transaction."
    )
    ingest_interval_ms: int = Field(
        200,
        ge=0,
        le=10_000,
        description="How long the ingestor gathers entries while little comes in, in ms.",
    )
    ticks_kept_days: int = Field(
        0,
        ge=0,
        description="Days that ticks stay in Postgres; older ones are dropped once they are in the lake. 0: for ever.",
    )
    lake_dir: str | None = Field(
        None, description="Folder of the Parquet lake, or s3://BUCKET/PREFIX. Default: `lake` in the state folder."
    )
    lake_sql_time_s: int = Field(60, ge=1, le=3_600, description="Longest time a question to the lake may take, in s.")
    lake_query_time_s: int = Field(
        20, ge=1, le=600, description="Longest time a question to the lake that comes over HTTP may take, in s."
    )
    lake_query_memory_mib: int = Field(
        512, ge=64, le=65_536, description="Most memory the process that answers such a question may use, in MiB."
    )

    backtest_time_s: int = Field(3_600, ge=1, description="Longest time a queued backtest may take, in seconds.")
    backtest_memory_mib: int = Field(4_096, ge=256, description="Most memory a queued backtest may use, in MiB.")

    def conninfo(self) -> str:
        """The libpq connection string. Holds the password: never log it."""
        return make_conninfo(
            host=self.db_host,
            port=self.db_port,
            dbname=self.db_name,
            user=self.db_user,
            password=self.db_password.get_secret_value() or None,
            connect_timeout=5,
        )

    def reading(self) -> str:
        """The libpq connection string for questions that may be answered by a replica, a little behind."""
        return make_conninfo(self.conninfo(), host=self.db_read_host or self.db_host)

    def lake_folder(self) -> Path:
        """Where the Parquet files are. Raises StorageError `no_object_store`."""
        return (self.thor_state or Path()) / "lake" if self.lake_dir is None else lake_place(self.lake_dir)
