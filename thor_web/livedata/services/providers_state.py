"""What the providers API needs, put into the ASGI state by the server."""

from dataclasses import dataclass
from typing import Final

from collectors.bus import Bus
from collectors.providers import Provider
from thor_web.livedata.services.source_mirror import SourceMirrors

__all__ = ["PROVIDERS_STATE", "ProvidersState"]

PROVIDERS_STATE: Final = "providers"
"""Name under which the server keeps it."""


@dataclass(frozen=True, slots=True)
class ProvidersState:
    """The door to Redis, the providers that the configuration names, and what each source says."""

    bus: Bus
    configured: tuple[Provider, ...]
    mirrors: SourceMirrors
