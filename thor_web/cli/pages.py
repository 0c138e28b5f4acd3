"""The files that are made from tables in the code (pages of docs/, types of the dashboard), and whether they agree."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from thor_web.cli.dashboard_types import event_typescript, openapi_json
from thor_web.cli.error_table import errors_markdown
from thor_web.cli.settings_table import settings_markdown

__all__ = ["PAGES", "outdated_pages", "write_pages"]

PAGES: Final[dict[str, Callable[[], str]]] = {
    "docs/errors.md": errors_markdown,
    "docs/settings.md": settings_markdown,
    "frontend/openapi.json": openapi_json,
    "frontend/src/domain/event.ts": event_typescript,
}


def outdated_pages(root: Path) -> list[str]:
    """Names of the pages that are missing or differ."""
    return [name for name, make in PAGES.items() if _text(root / name) != make()]


def write_pages(root: Path) -> list[str]:
    """Write those that differ, and name them."""
    outdated = outdated_pages(root)
    for name in outdated:
        (root / name).write_text(PAGES[name](), encoding="utf-8")
    return outdated


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8") if page.is_file() else ""
