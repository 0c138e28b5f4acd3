"""What is asked of a Thor, and what its answers mean; shared by the two clients. No I/O."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import httpx

from thor_client._errors import ThorApiError, ThorUnreachable

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "ARROW",
    "PAGE_ROWS",
    "checked",
    "frame_of",
    "headers_of",
    "history_query",
    "joined",
    "run_body",
    "stream_query",
]

ARROW: Final = "application/vnd.apache.arrow.stream; codecs=lz4"
PAGE_ROWS: Final = 500_000


def headers_of(key: str | None) -> dict[str, str]:
    """The headers of every request; a key is made by `thor key add`."""
    return {"User-Agent": "thor-client"} | ({"Authorization": f"Bearer {key}"} if key else {})


def checked(answer: httpx.Response) -> httpx.Response:
    """The answer, when it is a good one. Raises ThorApiError; the body must have been read."""
    if answer.is_success:
        return answer
    after = answer.headers.get("retry-after", "")
    try:
        problem = answer.json()
        code, detail = str(problem["code"]), str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        code, detail = "no_problem_document", f"{answer.request.url.path} answered {answer.status_code}"
    raise ThorApiError(answer.status_code, code, detail, int(after) if after.isdigit() else None)


def stream_query(symbols: Sequence[str], conflate: float | None, *, enrich: bool) -> dict[str, str]:
    """The query of a stream."""
    query = {"symbols": ",".join(symbols)} if symbols else {}
    if conflate is not None:
        query["conflate"] = f"{conflate:g}"
    return query | ({"enrich": "1"} if enrich else {})


def history_query(
    symbol: str, start: datetime, end: datetime, source: str | None, cursor: str | None, *, clean: bool
) -> dict[str, str]:
    """The query of a page of ticks. Raises ValueError for an instant without a zone."""
    for name, at in (("start", start), ("end", end)):
        if at.tzinfo is None:
            raise ValueError(f"{name}: an instant needs a zone, such as datetime(2025, 6, 10, tzinfo=UTC)")
    query = {
        "symbol": symbol,
        "start": start.astimezone(UTC).isoformat(),
        "end": end.astimezone(UTC).isoformat(),
        "limit": str(PAGE_ROWS),
    }
    optional = {"source": source, "cursor": cursor, "clean": "1" if clean else None}
    return query | {name: value for name, value in optional.items() if value is not None}


def frame_of(body: bytes) -> "pl.DataFrame":
    """A page in Arrow as a frame. Raises ThorUnreachable for half a page."""
    import polars as pl  # noqa: PLC0415 - only history needs it, and a collector's host has none

    try:
        return pl.read_ipc_stream(io.BytesIO(body))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise ThorUnreachable(f"a page of history came in half: {error}") from error


def joined(pages: Sequence["pl.DataFrame"]) -> "pl.DataFrame":
    """Pages as one frame."""
    import polars as pl  # noqa: PLC0415 - as in frame_of

    return pl.concat(pages, rechunk=False)


def run_body(
    strategy: str,
    symbols: Sequence[str],
    dates: tuple[date, date],
    parameters: Mapping[str, Any] | None,
    options: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The body that asks for a backtest."""
    return {
        "strategy": strategy,
        "symbols": list(symbols),
        "start": dates[0].isoformat(),
        "end": dates[1].isoformat(),
        "parameters": dict(parameters or {}),
        "options": dict(options or {}),
    }
