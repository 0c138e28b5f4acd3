"""What other rooms may use of the live path."""

from thor_web.livedata.services.client import HANDOVER
from thor_web.livedata.services.fanout import Counts, Fanout, TooManyStreams
from thor_web.livedata.services.hub import Hub, id_of
from thor_web.livedata.services.latency import BOUNDS_MS
from thor_web.livedata.services.messages import StreamRequest
from thor_web.livedata.services.ring import Frame, Position

__all__ = [
    "BOUNDS_MS",
    "HANDOVER",
    "Counts",
    "Fanout",
    "Frame",
    "Hub",
    "Position",
    "StreamRequest",
    "TooManyStreams",
    "id_of",
]
