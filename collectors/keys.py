"""The names of everything Thor keeps in Redis. Nothing else spells a key."""

from typing import Final

UNIFIED_STREAM: Final = "quotes:stream:unified"
REJECTS_STREAM: Final = "quotes:rejects"
SOURCES_SET: Final = "quotes:sources"
"""Names of the sources that have ever published here; the merger and the ingestor read their streams."""

CONFIGURATION_STREAM: Final = "config:instruments"
"""The configuration behind the signals as JSON, the newest entry being the one that holds."""

MARKET_STATE: Final = "market:state"
"""What `thor signals` has seen of the market, with which a web process starts."""

STORED_POSITIONS: Final = "quotes:stored"
"""Hash by stream: the newest entry whose rows are in Postgres. Publishers trim nothing behind it."""

INGEST_GROUP: Final = "quotes:cgrp:ingest"
MERGE_GROUP: Final = "quotes:cgrp:merge"


def source_stream(source: str) -> str:
    """Stream of one source's canonical events."""
    return f"quotes:stream:{source}"


def source_of(stream: str) -> str:
    """The source whose stream it is: what `source_stream` was given."""
    return stream.removeprefix(source_stream(""))


def desired(component: str) -> str:
    """Hash that says whether a component is wanted now: field `state`, `run` or `stop`. No such key: it is."""
    return f"desired:{component}"


def latest(symbol: str) -> str:
    """Hash of the last merged event of a symbol."""
    return f"quotes:latest:{symbol}"


def health(component: str) -> str:
    """Hash with expiry: liveness and counters of one process."""
    return f"health:{component}"


def session(market: str) -> str:
    """Hash of what the world clock says of a market."""
    return f"session:{market}"


def lease(name: str) -> str:
    """Key that the single owner of a duty holds."""
    return f"lease:{name}"
