"""The clock process put together: what its triggers may do comes from all rooms, as commands of their own processes."""

import asyncio
import os

import django
import httpx

from collectors.bus import Bus
from thor_web.futuretrading.interface import CompositeWatch
from thor_web.runtime.composition import thor_command
from thor_web.thor_project.configuration import ServerSettings
from thor_web.timezones.email_channel import email_channel
from thor_web.timezones.interface import command_action, webhook_action
from thor_web.timezones.worldclock import run_world_clock

__all__ = ["run_clock"]


async def run_clock(settings: ServerSettings) -> None:
    """Run one copy of the clock until cancelled."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor_web.thor_project.settings")
    django.setup()  # for its e-mail backends
    by_command = command_action(thor_command())
    async with httpx.AsyncClient() as client:
        actions = {
            "export": by_command,
            "backtest": by_command,
            "retention": by_command,
            "command": by_command,
            "webhook": webhook_action(client, settings.webhook_secret.get_secret_value()),
        }
        bus = Bus.from_url(settings.redis_url.get_secret_value())
        composite = CompositeWatch(bus, stale_after_ms=settings.stale_after_ms)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(composite.run())
                channels = {"email": email_channel()}
                await run_world_clock(settings, settings.conninfo(), actions, channels, composite.feeds)
        finally:
            await bus.close()
