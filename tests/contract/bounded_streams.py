"""A hook of schemathesis: an event stream has no end, so each is asked for a short one."""

from typing import Any, Final

import schemathesis

from thor_web.futuretrading.services.stream_parameters import LEAST_S, MOST_S

STREAM: Final = "/api/quotes/stream"


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Ask for a tenth of a second, unless it is tried how what makes no sense is refused."""
    if case.path != STREAM:
        return
    query = dict(case.query or {})
    if _is_long(query.get("for_s")):
        case.query = query | {"for_s": "0.1"}


def _is_long(seconds: Any) -> bool:
    """Whether a stream of so many seconds would be served."""
    if seconds is None:
        return True
    try:
        return LEAST_S <= float(seconds) <= MOST_S
    except (TypeError, ValueError):
        return False
