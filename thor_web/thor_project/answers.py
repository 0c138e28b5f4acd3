"""A problem as an HTTP answer."""

import orjson
from django.http import HttpResponse

from thor_web.problems import PROBLEM_TYPE, Problem

__all__ = ["problem_response"]


def problem_response(problem: Problem) -> HttpResponse:
    """A problem as its HTTP answer."""
    headers = {"Cache-Control": "no-store"}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    return HttpResponse(
        orjson.dumps(problem.to_json()), status=problem.status, content_type=PROBLEM_TYPE, headers=headers
    )
