"""Server-sent events as values: bytes in, messages out. No I/O."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["EventReader", "StreamEvent"]


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One message of a stream.

    `event` is `quote` (data: one canonical event), `quotes` (a list of them, of a conflated stream), `session`,
    `total`, `reset` (what was asked for is no longer kept: read the snapshot), `conflated` or `degraded`. `id` is where
    to go on, empty for messages that have no place in the stream.
    """

    event: str
    id: str
    data: Any


class EventReader:
    """Takes pieces of a stream in any cut and gives its messages."""

    def __init__(self) -> None:
        self._rest = b""
        self.retry_s = 1.0
        """How long to wait before coming back, as the server says."""

    def feed(self, piece: bytes) -> Iterator[StreamEvent]:
        """The messages that are whole with this piece."""
        *blocks, self._rest = (self._rest + piece).split(b"\n\n")
        for block in blocks:
            message = self._message(block.decode())
            if message is not None:
                yield message

    def _message(self, block: str) -> StreamEvent | None:
        fields: dict[str, list[str]] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            if name:
                fields.setdefault(name, []).append(value.removeprefix(" "))
        if "retry" in fields and fields["retry"][0].isdigit():
            self.retry_s = int(fields["retry"][0]) / 1_000
        if "data" not in fields:
            return None
        data = json.loads("\n".join(fields["data"]))
        return StreamEvent(fields.get("event", ["message"])[0], fields.get("id", [""])[0], data)
