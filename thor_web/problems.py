"""Errors of the HTTP interface as data (RFC 9457 problem details), raised anywhere below a view."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

__all__ = ["PROBLEM_TYPE", "Problem"]

PROBLEM_TYPE: Final = "application/problem+json"


@dataclass(frozen=True)
class Problem(Exception):  # noqa: N818 - the RFC's own word
    """A request that cannot be answered. `code` is stable; `detail` is one plain sentence."""

    status: int
    code: str
    detail: str
    retry_after_s: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The members of the problem document."""
        return {
            "type": f"urn:thor:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
