"""One connection to Schwab's streamer: log in, subscribe, hand out frames. When to try again is reconnect.py's.

A frame's text goes to the core as it is; nothing here parses it. Silence is a fault: heartbeats come when quotes do
not, so a socket without either is dead.
"""

import asyncio
import json
import logging
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from collectors.sources.schwab.errors import SchwabDeniedError, SchwabUnavailableError
from collectors.sources.schwab.reconnect import NOT_SERVED, OK_CODES, SYMBOL_LIMIT, Pace
from collectors.sources.schwab.rest import StreamerInfo
from thor_fast import SchwabFrame, SchwabFrames

__all__ = ["StreamerConnection", "open_streamer"]

LARGEST_FRAME: Final = 8 * 1024 * 1024
ADMIN: Final = "ADMIN"

log = logging.getLogger(__name__)


class StreamerConnection:
    """A connection that is logged in."""

    def __init__(self, socket: ClientConnection, info: StreamerInfo, frames: SchwabFrames, pace: Pace) -> None:
        self.refused: dict[str, int] = {}
        """Services that Schwab does not serve us, with its code."""
        self._socket = socket
        self._info = info
        self._frames = frames
        self._pace = pace
        self._requests = 0
        self._keys: Mapping[str, Sequence[str]] = {}
        self._unanswered: dict[str, tuple[str, float]] = {}
        self._heard = time.monotonic()

    async def log_in(self, access_token: str) -> None:
        """Raises SchwabDeniedError, SchwabUnavailableError."""
        await self._request(
            ADMIN,
            "LOGIN",
            {
                "Authorization": access_token,
                "SchwabClientChannel": self._info.channel,
                "SchwabClientFunctionId": self._info.function_id,
            },
        )
        while self._unanswered:
            frame = await self._receive(self._pace.answer_s)
            if frame is not None:
                self._answered(frame)

    async def subscribe(self, keys: Mapping[str, Sequence[str]]) -> None:
        """Ask each service for its keys, in place of those of before. `frames` looks after the answers."""
        self._keys = keys
        for service, names in keys.items():
            if names and service not in self.refused:
                parameters = {"keys": ",".join(names), "fields": SchwabFrames.fields(service)}
                await self._request(service, "SUBS", parameters)

    async def frames(self, *, tick_s: float) -> AsyncIterator[SchwabFrame | None]:
        """Every frame, None when none came for so long.

        A frame that cannot be read is answered by asking for everything anew, on the same connection. Raises
        SchwabDeniedError for what Schwab ends the connection with, SchwabUnavailableError for the rest.
        """
        asked_anew: float | None = None
        while True:
            try:
                frame = await self._receive(tick_s)
            except ValueError as error:
                log.warning("a frame of Schwab's streamer cannot be read (%s): asking for everything anew", error)
                if asked_anew is not None and time.monotonic() - asked_anew < self._pace.answer_s:
                    raise SchwabUnavailableError("Schwab's streamer keeps sending what cannot be read.") from error
                asked_anew = time.monotonic()
                await self.subscribe(self._keys)
                continue
            if frame is not None:
                self._answered(frame)
            yield frame

    async def _request(self, service: str, command: str, parameters: dict[str, str]) -> None:
        request_id = str(self._requests)
        self._requests += 1
        request = {
            "service": service,
            "command": command,
            "requestid": request_id,
            "SchwabClientCustomerId": self._info.customer_id,
            "SchwabClientCorrelId": self._info.correlation_id,
            "parameters": parameters,
        }
        self._unanswered[request_id] = service, time.monotonic()
        try:
            await self._socket.send(json.dumps({"requests": [request]}))
        except (WebSocketException, OSError) as error:
            raise SchwabUnavailableError("The connection to Schwab's streamer broke.") from error

    async def _receive(self, within_s: float) -> SchwabFrame | None:
        """The next frame, None where none came in time. Raises ValueError for one that cannot be read."""
        try:
            async with asyncio.timeout(within_s):
                text = await self._socket.recv(decode=False)
        except TimeoutError:
            self._check_silence(time.monotonic())
            return None
        except (WebSocketException, OSError) as error:
            raise SchwabUnavailableError("The connection to Schwab's streamer broke.") from error
        self._heard = time.monotonic()
        if self._unanswered:
            self._check_silence(self._heard)
        return self._frames.read(text, time.time_ns() // 1_000)

    def _check_silence(self, now: float) -> None:
        if now - self._heard >= self._pace.silence_s:
            raise SchwabUnavailableError(
                f"Schwab's streamer has been silent, without a heartbeat, for {now - self._heard:.0f} s."
            )
        for service, asked in self._unanswered.values():
            if now - asked >= self._pace.answer_s:
                raise SchwabUnavailableError(f"Schwab's streamer did not answer a request to {service}.")

    def _answered(self, frame: SchwabFrame) -> None:
        for service, _command, request_id, code, message in frame.responses:
            self._unanswered.pop(request_id, None)
            if code in OK_CODES:
                continue
            if code in {NOT_SERVED, SYMBOL_LIMIT} and service != ADMIN:
                # The rest of what we asked for is served all the same.
                self.refused[service] = code
                continue
            raise SchwabDeniedError(code, message)


@asynccontextmanager
async def open_streamer(
    info: StreamerInfo, access_token: str, frames: SchwabFrames, *, context: ssl.SSLContext, pace: Pace
) -> AsyncIterator[StreamerConnection]:
    """Connect and log in. Raises SchwabDeniedError, SchwabUnavailableError."""
    if not info.url.startswith("wss:"):
        raise SchwabUnavailableError("Schwab's streamer is named with an address that is not wss.")
    try:
        socket = await connect(
            info.url,
            ssl=context,
            compression=None,
            max_size=LARGEST_FRAME,
            open_timeout=pace.answer_s,
            close_timeout=1,
        )
    except (WebSocketException, OSError, TimeoutError) as error:
        raise SchwabUnavailableError(f"Schwab's streamer cannot be reached: {type(error).__name__}.") from error
    try:
        connection = StreamerConnection(socket, info, frames, pace)
        await connection.log_in(access_token)
        yield connection
    finally:
        await socket.close()
