"""Where a request comes from: its address, whether that is this machine, whether it came by TLS. Pure.

What a header says of it is believed only when it comes from a proxy that THOR_PROXIES names. A request that bears such
a header and comes from elsewhere is taken for one that came through a proxy nobody told us of: not local.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final

__all__ = ["Networks", "Peer", "is_loopback", "networks", "peer_of"]

FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-real-ip", b"forwarded", b"via", b"x-forwarded-host"})
Networks = tuple[IPv4Network | IPv6Network, ...]


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end. `name` is an address; `local` is this machine without a proxy between."""

    name: str
    local: bool
    secure: bool


def networks(text: str) -> Networks:
    """Addresses and networks, separated by commas. Raises ValueError."""
    return tuple(ip_network(word.strip(), strict=False) for word in text.split(",") if word.strip())


@lru_cache(maxsize=4_096)
def is_loopback(host: str) -> bool:
    """Whether an address or a host's name is this machine's own."""
    try:
        found = ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def peer_of(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], proxies: Networks) -> Peer:
    """The peer of a request. A Unix socket is local."""
    client = scope.get("client")
    address = str(client[0]) if client else "local"
    secure = scope["scheme"] == "https"
    if FORWARDED.isdisjoint(headers):
        return _direct(address, secure=secure)
    if not client or not _within(address, proxies):
        return Peer(address, local=False, secure=secure)
    told = headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")
    secure = secure or headers.get(b"x-forwarded-proto", b"").strip().lower() == b"https"
    # From the right: what our own proxies have added, until one that is not ours.
    for word in reversed([word.strip() for word in told if word.strip()]):
        address = word
        if not _within(word, proxies):
            break
    return Peer(_plain(address), local=False, secure=secure)


@lru_cache(maxsize=4_096)
def _direct(address: str, *, secure: bool) -> Peer:
    local = address == "local" or is_loopback(address)
    return Peer(address if local else _plain(address), local, secure)


@lru_cache(maxsize=4_096)
def _within(address: str, proxies: Networks) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in proxies)


def _plain(address: str) -> str:
    """An address as it is counted: of IPv6 the network of one customer, of nonsense nothing that grows."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False).network_address)
