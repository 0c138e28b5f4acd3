"""`manage.py seed_stat_values`: the instruments with thresholds, weights and units from the registry's file."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from collectors.instruments import InstrumentError, load_instruments
from thor_web.futuretrading.services.configuration import ConfigurationError
from thor_web.futuretrading.services.publication import publish_from_database
from thor_web.futuretrading.services.seeding import Seeded, UnknownInstrumentError, seed

__all__ = ["Command"]


class Command(BaseCommand):
    """Safe to repeat: what somebody has edited stays, unless --overwrite is given."""

    help = "Fill the instrument tables from collectors/instruments.toml. What was edited stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--create-instruments", action="store_true", help="add instruments that are not there yet")
        parser.add_argument("--overwrite", action="store_true", help="set edited values back to those of the file")

    def handle(self, *_arguments: Any, create_instruments: bool, overwrite: bool, **_options: Any) -> None:
        try:
            seeded = seed(load_instruments(), create_instruments=create_instruments, overwrite=overwrite)
        except (InstrumentError, ConfigurationError, UnknownInstrumentError) as error:
            field = getattr(error, "field", None)
            raise CommandError(f"{field}: {error}" if field else str(error)) from error
        except ValidationError as error:
            raise CommandError(
                "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
            ) from error
        publish_from_database()
        self.stdout.write(said(seeded))


def said(seeded: Seeded) -> str:
    """What was done, in a few lines."""
    lines = [f"{len(seeded.created)} rows created, {len(seeded.updated)} values updated"]
    if seeded.kept:
        lines.append(f"kept as edited: {', '.join(seeded.kept)}")
    return "\n".join(lines)
