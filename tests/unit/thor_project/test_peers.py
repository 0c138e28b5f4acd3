"""Where a request comes from, whatever it says of itself."""

from typing import Any

import pytest

from thor_web.thor_project.peers import Peer, networks, peer_of

OWN = networks("10.0.0.0/8, 127.0.0.1")


def seen(client: str | None, *, proxies: Any = (), scheme: str = "http", **headers: str) -> Peer:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return peer_of({"client": (client, 1) if client else None, "scheme": scheme}, named, proxies)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (seen("127.0.0.1"), Peer("127.0.0.1", local=True, secure=False)),
        (seen("::1"), Peer("::1", local=True, secure=False)),
        (seen("::ffff:127.0.0.1"), Peer("::ffff:127.0.0.1", local=True, secure=False)),
        (seen(None), Peer("local", local=True, secure=False)),
        (seen("203.0.113.9", scheme="https"), Peer("203.0.113.9", local=False, secure=True)),
        # All addresses of one customer's network are one client.
        (seen("2001:db8:1:2:3:4:5:6"), Peer("2001:db8:1:2::", local=False, secure=False)),
        # Through a proxy that nobody has told us of: no longer this machine, and believed in nothing.
        (seen("127.0.0.1", x_forwarded_for="203.0.113.9"), Peer("127.0.0.1", local=False, secure=False)),
        (seen("127.0.0.1", via="1.1 proxy"), Peer("127.0.0.1", local=False, secure=False)),
        (seen("203.0.113.9", x_forwarded_proto="https"), Peer("203.0.113.9", local=False, secure=False)),
        # Through our own: the rightmost address that is not ours, whatever stands before it.
        (
            seen("10.0.0.2", proxies=OWN, x_forwarded_for="127.0.0.1, 203.0.113.9, 10.0.0.3"),
            Peer("203.0.113.9", local=False, secure=False),
        ),
        (
            seen("127.0.0.1", proxies=OWN, x_forwarded_for="203.0.113.9", x_forwarded_proto="https"),
            Peer("203.0.113.9", local=False, secure=True),
        ),
        (seen("127.0.0.1", proxies=OWN, x_forwarded_for="127.0.0.1"), Peer("127.0.0.1", local=False, secure=False)),
        (seen("10.0.0.2", proxies=OWN, x_forwarded_for="nonsense"), Peer("unknown", local=False, secure=False)),
    ],
)
def test_what_a_request_says_counts_only_from_our_own_proxies(peer: Peer, expected: Peer) -> None:
    assert peer == expected


def test_a_network_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        networks("10.0.0.0/8, elsewhere")
