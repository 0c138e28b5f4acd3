"""A client of the HTTP interface, served in this process from a test's own Postgres and lake."""

import os
from collections.abc import AsyncIterator
from typing import Any

import django
import httpx
import pytest

from thor_web.thor_project.configuration import ServerSettings


@pytest.fixture
async def client(server_settings: ServerSettings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor_web.thor_project.settings")
    django.setup()
    from django.conf import settings
    from django.core.asgi import get_asgi_application

    monkeypatch.setattr(settings, "CONFIGURATION", server_settings, raising=False)
    app: Any = get_asgi_application()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/api/thordata") as connected:
        yield connected
