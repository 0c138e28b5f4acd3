"""Secrets from files: where a setting is a secret, NAME_FILE may name the file that holds it.

So a password needs to be in no environment and no unit file: container engines and systemd hand secrets over as files.
"""

import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

__all__ = ["EnvironmentSettings"]


class _SecretFiles(PydanticBaseSettingsSource):
    """The secrets of a table that lie in files. A file that cannot be read is a fault, never an empty secret."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        named = os.environ.get(f"{field_name.upper()}_FILE") if _is_secret(field) else None
        if not named:
            return None, field_name, False
        try:
            return Path(named).read_text(encoding="utf-8").strip(), field_name, False
        except OSError as error:
            raise ValueError(f"{field_name.upper()}_FILE: {named} cannot be read: {error.strerror}") from error

    def __call__(self) -> dict[str, Any]:
        found = {}
        for name, field in self.settings_cls.model_fields.items():
            value, _, _ = self.get_field_value(field, name)
            if value is not None:
                found[name] = value
        return found


class EnvironmentSettings(BaseSettings):
    """A table of settings from the environment, secrets from files too. The environment comes first."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, files."""
        return init_settings, env_settings, _SecretFiles(settings_cls)


def _is_secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation) or field.annotation is SecretStr
