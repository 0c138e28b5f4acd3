"""What the providers API needs, put into the ASGI state by the server."""

from dataclasses import dataclass
from typing import Final

from collectors.bus import Bus
from collectors.providers import Provider

__all__ = ["PROVIDERS_STATE", "ProvidersState"]

PROVIDERS_STATE: Final = "providers"
"""Name under which the server keeps it."""


@dataclass(frozen=True, slots=True)
class ProvidersState:
    """The door to Redis, and the providers that the configuration names."""

    bus: Bus
    configured: tuple[Provider, ...]
