"""The OpenAPI document: what ninja makes of the views, and what every path shares that no view says.

A request that cannot be answered gets a problem document (RFC 9457), whatever path it asked for.
"""

from typing import Any, Final

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from thor_web.accounts.interface import Role, need_of
from thor_web.problems import PROBLEM_TYPE

__all__ = ["Api"]

PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "title": "Problem",
    "description": "Why a request cannot be answered. `code` is stable, `detail` is for people.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
PROBLEM_ANSWER: Final[dict[str, Any]] = {
    "description": "A problem document",
    "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
SECURITY_SCHEMES: Final[dict[str, Any]] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "Of POST /api/login. To write also takes the cookie csrftoken's value as X-CSRFToken.",
    },
    "key": {"type": "http", "scheme": "bearer", "description": "A key of `thor key add`, with the scopes named."},
}
STREAM: Final = "/api/quotes/stream"


class Api(NinjaAPI):
    """Ninja's API with the answers that all of its paths share."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        """The document of every path."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        parts = schema.setdefault("components", {})
        parts.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        parts["securitySchemes"] = SECURITY_SCHEMES
        for path, methods in schema["paths"].items():
            for method, operation in methods.items():
                operation["security"] = _security(method, path)
                answers = operation["responses"]
                answers.setdefault("4XX", PROBLEM_ANSWER)
                answers.setdefault("5XX", PROBLEM_ANSWER)
                if path == STREAM:
                    answers[200] = {"description": "Events", "content": {"text/event-stream": {}}}
        return schema


def _security(method: str, path: str) -> list[dict[str, list[str]]]:
    """What an operation needs of its caller, as the gate asks it. Reading is open to this machine by default."""
    need = need_of(method.upper(), path)
    if need.role is Role.NOBODY:
        return []
    keys = [{"key": [scope]} for scope in sorted(need.scopes)]
    return [*([{}] if need.role is Role.READER and keys else []), {"session": []}, *keys]
