"""The database's side of the configuration for Django: read it, name who edits it, publish it once it is committed."""

import logging

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection, transaction

from collectors.bus import Bus, BusError
from thor_web.futuretrading.services.announcement import announce
from thor_web.futuretrading.services.configuration import Configuration
from thor_web.futuretrading.services.configuration_store import SNAPSHOT_SQL, configuration_of

__all__ = ["configuration_from_database", "edited_by", "publish_from_database", "publish_on_commit"]

log = logging.getLogger(__name__)


def configuration_from_database() -> Configuration | None:
    """The configuration as it is committed; None before the first seeding. Raises django.db.Error."""
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT_SQL)
        row = cursor.fetchone()
    return None if row is None else configuration_of(row[0])


def edited_by(user: str) -> None:
    """Name who makes the changes of this transaction, for the history of changes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('thor.user', %s, true)", [user])


def publish_on_commit() -> None:
    """Publish what holds once this transaction is committed; what is rolled back is never told."""
    transaction.on_commit(publish_from_database)


def publish_from_database() -> None:
    """Publish what holds now. Without Redis it is only logged: `thor signals` tells it later."""
    configuration = configuration_from_database()
    if configuration is not None:
        async_to_sync(_publish)(configuration)


async def _publish(configuration: Configuration) -> None:
    bus = Bus.from_url(settings.CONFIGURATION.redis_url.get_secret_value())
    try:
        await announce(bus, configuration)
    except BusError as error:
        log.warning("the configuration %d could not be published: %s", configuration.version, error)
    finally:
        await bus.close()
