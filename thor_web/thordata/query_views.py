"""Questions to the lake over HTTP: one SELECT, by whoever is logged in and may write, since it costs what it likes."""

import orjson
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from ninja import Router

from thor_web.accounts.interface import signed_in_async
from thor_web.problems import Problem
from thor_web.thordata.errors import STATUS_OF, StorageError
from thor_web.thordata.lake_questions import ask_lake
from thor_web.thordata.schemas import LakeAnswer, LakeQuestion

__all__ = ["router"]

router = Router(tags=["history"])


@router.post("/query", response=LakeAnswer, auth=signed_in_async, summary="One SELECT over the lake, in DuckDB")
async def lake_query(request: ASGIRequest, question: LakeQuestion) -> HttpResponse:
    """Sees the views `ticks` and `ticks_clean` and nothing else: no other file, no network, no settings.

    Values are texts as DuckDB writes them, instants in UTC; null where there is none.
    """
    try:
        found = await ask_lake(settings.CONFIGURATION, question.sql, limit=question.limit)
    except StorageError as error:
        raise Problem(STATUS_OF.get(error.code, 400), error.code, str(error)) from error
    return HttpResponse(orjson.dumps(found), content_type="application/json", headers={"Cache-Control": "no-store"})
