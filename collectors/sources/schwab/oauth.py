"""OAuth 2 with Schwab: the address to log in at, a code for tokens, a refresh token for a new access token.

One process owns a login: two that refresh the same one break each other. Nothing of a token is ever in a message.
"""

import asyncio
import time
import urllib.parse
from collections.abc import Callable
from typing import Any, Final

import httpx

from collectors.sources.schwab.errors import LoginNeededError, SchwabUnavailableError
from collectors.sources.schwab.tokens import Tokens, TokenStore

__all__ = ["OAuth", "TokenKeeper", "authorize_url"]

REFRESHED_EARLY_S: Final = 300.0
LOGIN_AGAIN: Final = "run thor schwab login"
_FINAL: Final = frozenset({400, 401, 403})


def authorize_url(api_url: str, *, app_key: str, callback_url: str, state: str) -> str:
    """Where the person logs in; Schwab then sends the browser to the callback with `code` and our `state`."""
    query = {"response_type": "code", "client_id": app_key, "redirect_uri": callback_url, "state": state}
    return f"{api_url}/v1/oauth/authorize?{urllib.parse.urlencode(query)}"


class OAuth:
    """The token endpoint."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        api_url: str,
        app_key: str,
        app_secret: str,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._http = http
        self._url = f"{api_url}/v1/oauth/token"
        self._auth = httpx.BasicAuth(app_key, app_secret)
        self._clock_s = clock_s

    async def exchange(self, code: str, callback_url: str) -> Tokens:
        """Tokens for the code of a login. Raises LoginNeededError, SchwabUnavailableError."""
        answer = await self._post({"grant_type": "authorization_code", "code": code, "redirect_uri": callback_url})
        return self._read(lambda: Tokens.from_login(answer, self._clock_s()))

    async def refresh(self, tokens: Tokens) -> Tokens:
        """A new access token. Raises LoginNeededError where the login is over, SchwabUnavailableError."""
        answer = await self._post({"grant_type": "refresh_token", "refresh_token": tokens.refresh_token})
        return self._read(lambda: tokens.refreshed(answer, self._clock_s()))

    async def _post(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            response = await self._http.post(self._url, data=form, auth=self._auth)
        except httpx.HTTPError as error:
            raise SchwabUnavailableError(f"Schwab's login cannot be reached: {type(error).__name__}.") from error
        if response.status_code in _FINAL:
            raise LoginNeededError(f"Schwab does not take the login ({_reason(response)}): {LOGIN_AGAIN}.")
        if response.status_code != 200:
            raise SchwabUnavailableError(f"Schwab's login answered {response.status_code}.")
        answer = _json(response)
        if not isinstance(answer, dict):
            raise SchwabUnavailableError("Schwab's login gave an answer that is no JSON object.")
        return answer

    @staticmethod
    def _read(make: Callable[[], Tokens]) -> Tokens:
        try:
            return make()
        except (KeyError, TypeError, ValueError):
            raise SchwabUnavailableError("Schwab's login gave an answer without tokens.") from None


class TokenKeeper:
    """The one owner of a login in this process: gives out an access token that is good, refreshing it in time."""

    def __init__(self, store: TokenStore, oauth: OAuth, *, clock_s: Callable[[], float] = time.time) -> None:
        self._store = store
        self._oauth = oauth
        self._clock_s = clock_s
        self._tokens: Tokens | None = None
        self._lock = asyncio.Lock()

    @property
    def login_expires_at(self) -> float | None:
        """When a person must log in again, in seconds since 1970; None before there is a login."""
        return None if self._tokens is None else self._tokens.login_expires_at

    def reload(self) -> bool:
        """Look at the store again. True where it holds another login than the one in use. Raises CollectorError."""
        found = self._store.load()
        is_new = found is not None and (self._tokens is None or found.created_at != self._tokens.created_at)
        if is_new:
            self._tokens = found
        return is_new

    async def access_token(self, *, fresh: bool = False) -> str:
        """A good access token; `fresh` refreshes it in any case. Raises LoginNeededError, SchwabUnavailableError."""
        async with self._lock:
            if self._tokens is None:
                self.reload()
            tokens = self._tokens
            if tokens is None:
                raise LoginNeededError(f"There is no Schwab login: {LOGIN_AGAIN}.")
            # Somebody may have logged in anew meanwhile, and that login must not be overwritten.
            if self._is_due(tokens, fresh=fresh) and self.reload() and self._tokens is not None:
                tokens, fresh = self._tokens, False
            if self._clock_s() >= tokens.login_expires_at:
                raise LoginNeededError(f"The Schwab login has expired after seven days: {LOGIN_AGAIN}.")
            if self._is_due(tokens, fresh=fresh):
                tokens = self._tokens = await self._oauth.refresh(tokens)
                self._store.save(tokens)
            return tokens.access_token

    def _is_due(self, tokens: Tokens, *, fresh: bool) -> bool:
        return fresh or self._clock_s() >= tokens.access_expires_at - REFRESHED_EARLY_S


def _reason(response: httpx.Response) -> str:
    """Schwab's own short word for what is wrong; never more of the answer, which may repeat what was sent."""
    answer = _json(response)
    word = answer.get("error") if isinstance(answer, dict) else None
    plain = isinstance(word, str) and len(word) <= 60 and word.replace("_", "").isalnum()
    return f"{response.status_code} {word}" if plain else str(response.status_code)


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
