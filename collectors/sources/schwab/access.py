"""Everything that speaks to Schwab for one app, put together from the settings; and the login of a person."""

import hashlib
import secrets
import ssl
from collections.abc import Awaitable, Callable

import httpx

from collectors.errors import CollectorError
from collectors.settings import SchwabSettings
from collectors.sources.base import UnknownSourceError
from collectors.sources.schwab.callback import CallbackAddress, await_code, code_from_url
from collectors.sources.schwab.errors import LoginNeededError, SchwabUnavailableError
from collectors.sources.schwab.oauth import OAuth, TokenKeeper, authorize_url
from collectors.sources.schwab.rest import CallBudget, SchwabRest
from collectors.sources.schwab.tokens import Tokens, TokenStore, open_store

__all__ = ["SchwabAccess", "log_in"]

ANSWER_S = 15.0
LOGIN_WITHIN_S = 300.0


class SchwabAccess:
    """The HTTP client, the owner of the login and the REST calls of one app."""

    def __init__(
        self, settings: SchwabSettings, app_key: str, app_secret: str, store: TokenStore, context: ssl.SSLContext
    ) -> None:
        self.context = context
        self.store = store
        self.lease_name = f"schwab:{hashlib.sha256(app_key.encode()).hexdigest()[:12]}"
        self._http = httpx.AsyncClient(verify=context, timeout=ANSWER_S, follow_redirects=False)
        api_url = settings.schwab_api_url.rstrip("/")
        self.oauth = OAuth(self._http, api_url=api_url, app_key=app_key, app_secret=app_secret)
        self.keeper = TokenKeeper(store, self.oauth)
        self.rest = SchwabRest(self._http, self.keeper, api_url=api_url, budget=CallBudget())

    @classmethod
    def from_settings(cls, settings: SchwabSettings) -> "SchwabAccess":
        """Raises UnknownSourceError for what is missing or wrong in the settings."""
        app_key, app_secret = _app(settings)
        if not settings.schwab_api_url.startswith("https://"):
            raise UnknownSourceError(f"SCHWAB_API_URL must be https, was {settings.schwab_api_url}.")
        store = open_store(settings.schwab_tokens, state=settings.thor_state, app_key=app_key)
        return cls(settings, app_key, app_secret, store, _tls(settings))

    async def close(self) -> None:
        """Drop the connections."""
        await self._http.aclose()


async def log_in(
    settings: SchwabSettings,
    *,
    show: Callable[[str], None],
    pasted: Callable[[], Awaitable[str]] | None = None,
    within_s: float = LOGIN_WITHIN_S,
) -> Tokens:
    """Let a person log in and keep the login. `show` gets the address to open once the callback can be reached.

    `pasted` asks for the address that the browser was sent to, where the browser is on another machine. Raises
    CollectorError.
    """
    app_key, _ = _app(settings)
    address = CallbackAddress(settings.schwab_callback_url)
    state = secrets.token_urlsafe(24)
    api_url = settings.schwab_api_url.rstrip("/")
    url = authorize_url(api_url, app_key=app_key, callback_url=address.url, state=state)
    access = SchwabAccess.from_settings(settings)
    try:
        if pasted is None:
            code = await await_code(address, state, timeout_s=within_s, ready=lambda: show(url))
        else:
            show(url)
            code = code_from_url((await pasted()).strip(), state)
        tokens = await access.oauth.exchange(code, address.url)
    except (LoginNeededError, SchwabUnavailableError) as error:
        raise CollectorError(str(error)) from error
    finally:
        await access.close()
    access.store.save(tokens)
    return tokens


def _app(settings: SchwabSettings) -> tuple[str, str]:
    key, secret = settings.schwab_app_key, settings.schwab_app_secret
    if key is None or secret is None:
        raise UnknownSourceError(
            "schwab needs the key and the secret of an app of yours at developer.schwab.com: "
            "set SCHWAB_APP_KEY and SCHWAB_APP_SECRET."
        )
    return key.get_secret_value(), secret.get_secret_value()


def _tls(settings: SchwabSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.schwab_ca_file)
    except OSError as error:
        raise UnknownSourceError(f"SCHWAB_CA_FILE cannot be read: {error.strerror or error}.") from error
