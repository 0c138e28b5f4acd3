"""Schwab's REST calls that a collector needs, within Schwab's budget of 120 a minute."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from collectors.sources.schwab.errors import LoginNeededError, SchwabUnavailableError
from collectors.sources.schwab.oauth import TokenKeeper

__all__ = ["CallBudget", "SchwabRest", "StreamerInfo"]

CALLS_A_MINUTE: Final = 120
TOO_MANY_PAUSE_S: Final = 60.0
LONGEST_PAUSE_S: Final = 300.0
SYMBOLS_A_CALL: Final = 200


class CallBudget:
    """At most so many calls in any minute, and none before a pause that Schwab asked for is over."""

    def __init__(
        self,
        calls: int = CALLS_A_MINUTE,
        *,
        window_s: float = 60.0,
        clock_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._calls = calls
        self._window_s = window_s
        self._clock_s = clock_s
        self._sleep = sleep
        self._made: deque[float] = deque()
        self._not_before = 0.0
        self._lock = asyncio.Lock()

    async def take(self) -> None:
        """Wait until a call may be made, and count it."""
        async with self._lock:
            while (wait := self._wait_s()) > 0:
                await self._sleep(wait)
            self._made.append(self._clock_s())

    def pause(self, seconds: float) -> None:
        """No call for so long."""
        self._not_before = max(self._not_before, self._clock_s() + min(seconds, LONGEST_PAUSE_S))

    def _wait_s(self) -> float:
        now = self._clock_s()
        while self._made and now - self._made[0] >= self._window_s:
            self._made.popleft()
        full = self._made[0] + self._window_s - now if len(self._made) >= self._calls else 0.0
        return max(full, self._not_before - now)


@dataclass(frozen=True, slots=True)
class StreamerInfo:
    """Where the streamer is and who we are there."""

    url: str
    customer_id: str
    correlation_id: str
    channel: str
    function_id: str


class SchwabRest:
    """The calls, each with a good access token."""

    def __init__(self, http: httpx.AsyncClient, keeper: TokenKeeper, *, api_url: str, budget: CallBudget) -> None:
        self._http = http
        self._keeper = keeper
        self._api_url = api_url
        self._budget = budget

    async def streamer_info(self) -> StreamerInfo:
        """What a connection to the streamer needs. Raises LoginNeededError, SchwabUnavailableError."""
        answer = await self._get("/trader/v1/userPreference", {})
        try:
            info = answer["streamerInfo"][0]
            return StreamerInfo(
                url=str(info["streamerSocketUrl"]),
                customer_id=str(info["schwabClientCustomerId"]),
                correlation_id=str(info["schwabClientCorrelId"]),
                channel=str(info["schwabClientChannel"]),
                function_id=str(info["schwabClientFunctionId"]),
            )
        except (KeyError, IndexError, TypeError) as error:
            raise SchwabUnavailableError("Schwab's user preferences name no streamer.") from error

    async def quotes(self, symbols: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Schwab's quote objects by symbol. A symbol that Schwab does not know is simply not among them."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(symbols), SYMBOLS_A_CALL):
            chunk = symbols[start : start + SYMBOLS_A_CALL]
            answer = await self._get("/marketdata/v1/quotes", {"symbols": ",".join(chunk), "fields": "quote,reference"})
            if isinstance(answer, dict):
                found |= {key: value for key, value in answer.items() if key in chunk and isinstance(value, dict)}
        return found

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        response = await self._call(path, query, fresh=False)
        if response.status_code == 401:
            # The token may have been revoked before its time; a new one is tried once.
            response = await self._call(path, query, fresh=True)
        if response.status_code == 401:
            raise LoginNeededError("Schwab does not accept the login: run thor schwab login.")
        if response.status_code == 429:
            pause = _retry_after(response)
            self._budget.pause(pause)
            raise SchwabUnavailableError("Schwab says that it was asked too often (429).", retry_after_s=pause)
        if response.status_code != 200:
            raise SchwabUnavailableError(f"Schwab answered {response.status_code} to {path}.")
        try:
            return response.json()
        except ValueError as error:
            raise SchwabUnavailableError(f"Schwab's answer to {path} is no JSON.") from error

    async def _call(self, path: str, query: dict[str, str], *, fresh: bool) -> httpx.Response:
        token = await self._keeper.access_token(fresh=fresh)
        await self._budget.take()
        try:
            return await self._http.get(
                f"{self._api_url}{path}", params=query, headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.HTTPError as error:
            raise SchwabUnavailableError(f"Schwab cannot be reached: {type(error).__name__}.") from error


def _retry_after(response: httpx.Response) -> float:
    try:
        return max(1.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return TOO_MANY_PAUSE_S
