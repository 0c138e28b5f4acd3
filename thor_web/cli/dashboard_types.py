"""What the dashboard's types are made from: the OpenAPI document, and the event's table as TypeScript."""

import json
import os
from typing import Final

__all__ = ["event_typescript", "openapi_json"]

TYPES: Final = {"text": "string", "raw JSON": "Readonly<Record<string, unknown>>", "-": "1"}
"""How what the core holds is written in an event; every number of the core's is a number there."""


def openapi_json() -> str:
    """The document of every path, as `/api/openapi.json` has it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thor_web.thor_project.settings")
    import django

    django.setup()
    from thor_web.thor_project.api import api

    return json.dumps(api.get_openapi_schema(path_prefix="/api/"), indent=1, ensure_ascii=False) + "\n"


def event_typescript() -> str:
    """The canonical event as a TypeScript interface."""
    from thor_fast import EVENT_FIELDS

    lines = [
        "// The canonical quote event. Made by `./thor docs` from the core's table of fields; not edited by hand.",
        "",
        "export interface QuoteEvent {",
    ]
    for name, _, need, held, accepted in EVENT_FIELDS:
        kind = TYPES.get(held, "number")
        unsaid = "" if need == "required" or kind == "1" else " | null"
        text = "string" if name == "ts" else kind
        lines += [f"  /** {accepted[0].upper()}{accepted[1:]}. */", f"  readonly {name}: {text}{unsaid};"]
    return "\n".join([*lines, "}", ""])
