"""What other rooms may use of the live path."""

from thor_web.livedata.services.client import HANDOVER
from thor_web.livedata.services.fanout import Counts, Fanout, TooManyStreams
from thor_web.livedata.services.hub import Hub, id_of
from thor_web.livedata.services.merger_metrics import MERGER_METRICS
from thor_web.livedata.services.messages import StreamRequest
from thor_web.livedata.services.providers_state import PROVIDERS_STATE, ProvidersState
from thor_web.livedata.services.ring import Enrich, Frame, Position
from thor_web.livedata.services.source_mirror import SourceMirrors

__all__ = [
    "HANDOVER",
    "MERGER_METRICS",
    "PROVIDERS_STATE",
    "Counts",
    "Enrich",
    "Fanout",
    "Frame",
    "Hub",
    "Position",
    "ProvidersState",
    "SourceMirrors",
    "StreamRequest",
    "TooManyStreams",
    "id_of",
]
