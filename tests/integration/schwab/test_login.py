"""The login of a person: the browser's way through a local Schwab and back to the callback over https."""

import asyncio
import socket
import ssl
import urllib.parse
from pathlib import Path

import httpx
import pytest

from collectors.errors import CollectorError
from collectors.settings import SchwabSettings
from collectors.sources.schwab.access import log_in
from collectors.sources.schwab.callback import CallbackAddress, code_from_url
from collectors.sources.schwab.tokens import FileTokenStore
from tests.schwab_server import APP_KEY, LocalSchwab


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def callback(schwab: LocalSchwab, settings: SchwabSettings) -> SchwabSettings:
    schwab.callback_url = f"https://127.0.0.1:{free_port()}/"
    return settings.model_copy(update={"schwab_callback_url": schwab.callback_url})


def browser() -> httpx.AsyncClient:
    """A browser whose person has clicked the warning of the self-signed certificate away."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return httpx.AsyncClient(verify=context)


async def test_a_login_through_the_callback_keeps_tokens(
    schwab: LocalSchwab, callback: SchwabSettings, tmp_path: Path
) -> None:
    shown: asyncio.Queue[str] = asyncio.Queue()
    login = asyncio.ensure_future(log_in(callback, show=shown.put_nowait, within_s=20))
    url = await shown.get()
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    assert url.startswith(f"{schwab.api_url}/v1/oauth/authorize?")
    assert (query["client_id"], query["redirect_uri"]) == (APP_KEY, schwab.callback_url)
    async with browser() as visitor:
        wrong = await visitor.get(schwab.callback_url, params={"code": schwab.code, "state": "of somebody else"})
        stray = await visitor.get(f"{schwab.callback_url}favicon.ico")
        posted = await visitor.post(schwab.callback_url)
        right = await visitor.get(schwab.callback_url, params={"code": schwab.code, "state": query["state"]})
    assert (wrong.status_code, stray.status_code, posted.status_code, right.status_code) == (400, 404, 405, 200)
    assert schwab.code not in right.text
    tokens = await login
    assert FileTokenStore(tmp_path / "schwab-tokens.json").load() == tokens


async def test_a_login_on_another_machine_is_pasted(schwab: LocalSchwab, callback: SchwabSettings) -> None:
    shown: list[str] = []

    async def pasted() -> str:
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(shown[0]).query))
        return f" {schwab.callback_url}?{urllib.parse.urlencode({'code': schwab.code, 'state': query['state']})}\n"

    tokens = await log_in(callback, show=shown.append, pasted=pasted)
    assert tokens.access_token in schwab.access_tokens


async def test_a_code_that_schwab_does_not_take_is_told_without_it(
    schwab: LocalSchwab, callback: SchwabSettings
) -> None:
    shown: list[str] = []

    async def pasted() -> str:
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(shown[0]).query))
        return f"{schwab.callback_url}?code=a-wrong-code&state={query['state']}"

    with pytest.raises(CollectorError, match="400 invalid_grant") as failure:
        await log_in(callback, show=shown.append, pasted=pasted)
    assert "a-wrong-code" not in str(failure.value)


async def test_nobody_logging_in_ends_the_wait(callback: SchwabSettings) -> None:
    with pytest.raises(CollectorError, match="Nobody logged in"):
        await log_in(callback, show=lambda _: None, within_s=0.05)


async def test_a_callback_port_that_is_taken_is_told(callback: SchwabSettings) -> None:
    port = CallbackAddress(callback.schwab_callback_url).port
    with socket.create_server(("127.0.0.1", port)), pytest.raises(CollectorError, match=f"127.0.0.1:{port}"):
        await log_in(callback, show=lambda _: None, within_s=1)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8182/", "https://example.com/", "https://192.168.1.2:8182/", "https://127.0.0.1:99999/"]
)
def test_the_callback_is_https_on_this_machine_alone(url: str) -> None:
    with pytest.raises(CollectorError, match="SCHWAB_CALLBACK_URL"):
        CallbackAddress(url)


@pytest.mark.parametrize("query", ["", "?code=c", "?code=c&state=x", "?state=s"])
def test_an_answer_of_another_login_or_without_a_code_is_refused(query: str) -> None:
    with pytest.raises(CollectorError):
        code_from_url(f"https://127.0.0.1:8182/{query}", "s")
