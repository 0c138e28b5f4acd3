"""The whole table of settings: what collectors and storage need, and what the web server adds.

`thor settings` prints it with secrets masked; docs/settings.md is generated from it.
"""

import secrets
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from thor_web.thor_project.peers import Networks, is_loopback, networks
from thor_web.thordata.settings import StorageSettings
from thor_web.timezones.interface import ClockSettings

__all__ = ["ServerSettings"]


class ServerSettings(StorageSettings, ClockSettings):
    """Every setting of Thor."""

    thor_bind: str = Field("127.0.0.1", description="Address the web server listens on.")
    thor_port: int = Field(8000, ge=1, le=65_535, description="Port the web server listens on.")
    thor_hosts: str = Field(
        "127.0.0.1,localhost,[::1]", description="Host names the web server answers to, separated by commas."
    )
    thor_secret_key_file: Path | None = Field(
        None, description="File with Django's secret key. Without one a new key is made at each start."
    )
    thor_debug: bool = Field(False, description="Show tracebacks. Never where others can reach the server.")
    thor_login: Literal["auto", "always"] = Field(
        "auto",
        description=(
            "Who must log in to read. auto: nobody on this machine while THOR_BIND, THOR_HOSTS and THOR_PROXIES "
            "name nothing else, else everybody. always: everybody."
        ),
    )
    thor_proxies: str = Field(
        "",
        description="Addresses and networks of your own proxies, separated by commas; their X-Forwarded-* is believed.",
    )
    thor_tls: bool = Field(
        False, description="Reached by TLS only, which a proxy ends: Secure cookies, HSTS, nothing answered without."
    )
    session_hours: int = Field(168, ge=1, le=8_760, description="Hours without a request after which a login ends.")
    rate_limit: float = Field(
        50.0, gt=0, description="Requests a second of one client, on average; more get 429. None on this machine."
    )
    rate_burst: int = Field(200, ge=1, description="Requests one client may make at once.")
    body_limit_kib: int = Field(1_024, ge=1, le=102_400, description="Largest body of a request, in KiB.")
    otel_endpoint: str = Field(
        "",
        description="OTLP endpoint (HTTP) that gets a span of each request, such as http://collector:4318/v1/traces.",
    )
    web_workers: int = Field(
        1, ge=1, le=64, description="Web processes of `thor web` that share its port. `--workers` comes first."
    )
    thor_worker: str | None = Field(
        None, description="Name of this web process among several. `thor web --workers` sets it."
    )
    stream_clients: int = Field(
        10_000, ge=1, description="Most event streams one web process serves at a time; more get 503."
    )
    stream_clients_each: int = Field(
        200, ge=1, description="Most event streams one web process serves to one user or address; more get 503."
    )
    stream_ring: int = Field(
        20_000, ge=100, description="Events a web process keeps for its streams; older ones come from Redis."
    )

    second_bars_days: int = Field(
        7, ge=1, description="Days that bars of one second are kept; longer bars are kept for good."
    )

    @cached_property
    def secret_key(self) -> str:
        """Django's secret key, from its file or fresh."""
        if self.thor_secret_key_file is None:
            return secrets.token_urlsafe(48)
        return self.thor_secret_key_file.read_text().strip()

    @property
    def hosts(self) -> list[str]:
        """Host names the web server answers to."""
        return [host.strip() for host in self.thor_hosts.split(",") if host.strip()]

    @cached_property
    def proxies(self) -> Networks:
        """The networks of THOR_PROXIES."""
        return networks(self.thor_proxies)

    @property
    def open_reading(self) -> bool:
        """Whether somebody on this machine reads without a login: nothing says that others can reach the server."""
        private = is_loopback(self.thor_bind) and not self.thor_proxies and all(map(is_loopback, self.hosts))
        return private and self.thor_login == "auto"

    @field_validator("thor_proxies")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        networks(text)
        return text
