"""A seeded database that Django of this process speaks to, and a Redis beside it."""

from collections.abc import Iterator
from typing import Any

import django
import pytest

from tests.servers import Database
from thor_web.thor_project.configuration import ServerSettings


@pytest.fixture
def django_on(database: Database, server_settings: ServerSettings) -> Iterator[Any]:
    """Django in this process, on the test's own Postgres and Redis."""
    django.setup()
    from django.conf import settings
    from django.db import connections
    from django.test.utils import setup_test_environment, teardown_test_environment

    before = dict(connections.databases["default"]), settings.CONFIGURATION
    setup_test_environment()
    connections["default"].close()
    connections.databases["default"].update(
        HOST=database.host, PORT=str(database.port), NAME=database.name, USER=database.user, PASSWORD=""
    )
    connections["default"].settings_dict.update(connections.databases["default"])
    settings.CONFIGURATION = server_settings
    yield settings
    teardown_test_environment()
    connections["default"].close()
    connections.databases["default"].update(before[0])
    connections["default"].settings_dict.update(before[0])
    settings.CONFIGURATION = before[1]


@pytest.fixture
def seeded(django_on: Any) -> Any:
    """The same, with the shipped instruments in it."""
    from django.core.management import call_command

    call_command("seed_stat_values", "--create-instruments", verbosity=0, stdout=Discarded())
    return django_on


class Discarded:
    """Where a command may write to."""

    def write(self, _text: str) -> None:
        """Nothing."""
