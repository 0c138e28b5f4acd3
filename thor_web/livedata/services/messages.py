"""What frames look like to a client: each by itself or the newest of each symbol together, gzip or not, chunked or not.

Everything here is made once for all clients that want the same.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from thor_web.livedata.services.ring import Enrich, Frame

__all__ = ["CONFLATED", "HEARTBEAT", "RESET", "StreamRequest", "retry"]

HEARTBEAT: Final = b": heartbeat\n\n"
RESET: Final = b"event: reset\ndata: {}\n\n"
CONFLATED: Final = b'event: conflated\ndata: {"reason":"too_slow"}\n\n'
GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
WINDOW_BITS: Final = -15
LEVEL: Final = 4


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What a client asked for; clients with an equal request share their messages. `symbols` None means all.

    `bars` are the numbers of the intervals whose bars are wanted before each event. `chunked`: the body is in chunks,
    as HTTP/1.1 has it, so that a client can tell an end from a cut.
    """

    symbols: frozenset[str] | None = None
    conflate_hz: float | None = None
    enrich: Enrich | None = None
    bars: tuple[int, ...] = ()
    gzip: bool = False
    chunked: bool = False

    def wants(self, frame: Frame) -> bool:
        """Notices are for everybody."""
        return self.symbols is None or frame.symbol is None or frame.symbol in self.symbols

    def each(self, frames: Sequence[Frame]) -> bytes:
        """Every wanted frame as a message of its own. Empty when none is wanted."""
        wanted = frames if self.symbols is None else [frame for frame in frames if self.wants(frame)]
        return self.encoded(b"".join([self._one(frame) for frame in wanted]))

    def together(self, notices: Sequence[Frame], frames: Sequence[Frame]) -> bytes:
        """Notices, and frames of different symbols in stream order as one message; its id is the newest of them."""
        wanted = [frame for frame in frames if self.wants(frame)]
        message = b"".join([frame.sse for frame in notices])
        if wanted:
            enrich = self.enrich
            bars = b",".join([bar for frame in wanted for bar in self._bars(frame)])
            if bars:
                message += b"event: bars\ndata: [%b]\n\n" % bars
            data = b",".join([frame.data if enrich is None else frame.record(enrich) for frame in wanted])
            message += b"id: %b\nevent: quotes\ndata: [%b]\n\n" % (wanted[-1].id.encode(), data)
        return self.encoded(message)

    def encoded(self, message: bytes) -> bytes:
        """The message as this kind of client gets it on the wire."""
        if not message:
            return b""
        return self._framed(gzip_part(message) if self.gzip else message)

    def opening(self, head: bytes) -> bytes:
        """What goes before the first message: the head of the answer, and what its encoding begins with."""
        return head + self._framed(GZIP_HEADER) if self.gzip else head

    def ending(self) -> bytes:
        """What goes behind the last message of a stream that ends in good order."""
        return b"0\r\n\r\n" if self.chunked else b""

    def _framed(self, part: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(part), part) if self.chunked else part

    def _one(self, frame: Frame) -> bytes:
        message = frame.sse
        if self.enrich is not None and frame.symbol is not None:
            message = b"id: %b\nevent: quote\ndata: %b\n\n" % (frame.id.encode(), frame.record(self.enrich))
        if self.bars and frame.bars:
            # Before the event, whose id a client resumes behind: a cut between them loses nothing.
            message = b"".join([b"event: bar\ndata: %b\n\n" % bar for bar in self._bars(frame)]) + message
        return message

    def _bars(self, frame: Frame) -> list[bytes]:
        """The wanted bars that a frame has."""
        return [frame.bars[place] for place in self.bars if frame.bars and frame.bars[place]]


def retry(milliseconds: int) -> bytes:
    """Tells a client how long to wait before it connects again."""
    return b"retry: %d\n\n" % milliseconds


def gzip_part(message: bytes) -> bytes:
    """A part of a gzip stream that refers to nothing before it and ends at a byte.

    So one part serves every client, wherever in its own stream each of them is: behind one another, parts are one
    deflate stream. What is lost is the window: a part is compressed by itself.
    """
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW_BITS)
    return compressor.compress(message) + compressor.flush(zlib.Z_FULL_FLUSH)
