"""What other rooms may use of the live path."""

from collections.abc import Mapping
from typing import Any, Final

from thor_web.livedata.provider_factory import Provider, ProviderChoiceError, parse_providers
from thor_web.livedata.services.hub import Hub
from thor_web.livedata.services.providers import ProviderHealth, read_providers
from thor_web.livedata.services.providers_state import PROVIDERS_STATE, ProvidersState
from thor_web.livedata.services.ring import Frame, Position
from thor_web.livedata.services.streams import StreamRequest, stream

__all__ = [
    "HUB_STATE",
    "PROVIDERS_STATE",
    "Frame",
    "Hub",
    "Position",
    "Provider",
    "ProviderChoiceError",
    "ProviderHealth",
    "ProvidersState",
    "StreamRequest",
    "hub_of",
    "parse_providers",
    "read_providers",
    "stream",
]

HUB_STATE: Final = "hub"
"""Name under which the server keeps the hub in the ASGI state."""


def hub_of(scope: Mapping[str, Any]) -> Hub:
    """The hub of the process that serves a request."""
    hub: Hub = scope["state"][HUB_STATE]
    return hub
