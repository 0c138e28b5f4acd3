"""The settings table as rows for a person, and as the page docs/settings.md. Secrets are never shown."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from collectors.settings import CollectorSettings

__all__ = ["SettingRow", "settings_markdown", "settings_rows"]

MASK: Final = "********"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting, by the name of its environment variable."""

    name: str
    value: str
    default: str
    description: str
    secret: bool

    def cells(self) -> tuple[str, str, str, str]:
        return self.name, self.value, self.default, self.description

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def settings_rows() -> list[SettingRow]:
    """Every setting as it is in force in this environment."""
    table = _table()
    settings = table()
    return [
        SettingRow(
            name=name.upper(),
            value=_text(getattr(settings, name)),
            default=_text(field.default),
            description=field.description or "",
            secret=isinstance(field.default, SecretStr),
        )
        for name, field in table.model_fields.items()
    ]


def settings_markdown() -> str:
    """The page docs/settings.md. It depends on the table alone, never on this environment."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable. `thor settings` shows the values in force, secrets masked.",
        "A secret may lie in a file instead: `NAME_FILE`, such as `DB_PASSWORD_FILE`, names it.",
        "This page is made by `thor docs`; `thor check` compares it.",
        "",
        "| variable | default | what it does |",
        "|---|---|---|",
    ]
    for name, field in _table().model_fields.items():
        default = field.default
        shown = "" if default is None or default is PydanticUndefined else _plain(default)
        description = (field.description or "").replace("|", "\\|")
        lines.append(f"| `{name.upper()}` | {f'`{shown}`' if shown else ''} | {description} |")
    return "\n".join(lines) + "\n"


def _table() -> type[CollectorSettings]:
    """The whole table, or a collector's own on a host without the server's packages."""
    try:
        from thor_web.thor_project.configuration import ServerSettings
    except ModuleNotFoundError:
        return CollectorSettings
    return ServerSettings


def _plain(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return MASK if value.get_secret_value() else ""
    return "" if value is None or value is PydanticUndefined else str(value)
