"""History over HTTP: ticks, quotes at an instant, bars, averages, what is kept where, quality and exports."""

import asyncio
import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import pyarrow as pa
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from ninja import Query, Router
from pydantic import BeforeValidator

from thor_fast import EventError, Ticks
from thor_web.problems import Problem
from thor_web.thordata.errors import StorageError
from thor_web.thordata.reading import aware as _aware
from thor_web.thordata.reading import read_in_turn as _read
from thor_web.thordata.schemas import AveragePrice, Coverage, ExportList, HistoryBars, HistoryTicks, QualityList
from thor_web.thordata.services import history, records, summaries, trades
from thor_web.thordata.services.formats import FORMATS, choose_codec, choose_format, json_row, write_table

__all__ = ["router"]

router = Router(tags=["history"])

MOST_ROWS: Final = 1_000_000
MOST_JSON_ROWS: Final = 50_000
USUAL_ROWS: Final = 10_000
LONGEST_SPAN: Final = timedelta(days=400)
MOST_SYMBOLS: Final = 500
MOST_BARS: Final = 200_000
SYMBOL_PATTERN: Final = r"^[A-Z0-9$][A-Z0-9.$_/-]{0,31}$"
DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
INTERVAL: Final = re.compile(r"(\d{1,6})(ms|s|m|h|d)")
UNITS_US: Final = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Symbol = Annotated[str, Query(pattern=SYMBOL_PATTERN, description="One symbol.")]


def _written_out(text: object) -> object:
    """A date as text only: pydantic takes a number for days or seconds since 1970 too."""
    if isinstance(text, str) and not DATE.fullmatch(text):
        raise ValueError("must look like 2025-01-31")
    return text


TradeDate = Annotated[date, BeforeValidator(_written_out)]
Start = Annotated[datetime, Query(description="First instant, ISO 8601 with a zone.")]
End = Annotated[datetime, Query(description="The instant behind the last, ISO 8601 with a zone.")]
Source = Annotated[str | None, Query(max_length=16, description="Only this source.")]
Form = Annotated[str, Query(alias="format", max_length=16, description=f"{', '.join(FORMATS)}; else by Accept.")]
Clean = Annotated[bool, Query(description="Leave out rows that a quality check spoils.")]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Most rows of a page.")]
Cursor = Annotated[str, Query(max_length=256, description="`next` of the page before.")]
Millisecond = Annotated[int, Query(ge=0, le=253_402_300_799_000)]
Interval = Annotated[str, Query(max_length=16, description="Such as 500ms, 1s, 5m, 1h, 1d; in UTC.")]


@router.get("/ticks", response=HistoryTicks, summary="Every tick of a symbol in a span, in order")
async def ticks(
    request: ASGIRequest,
    *,
    symbol: Symbol,
    start: Start,
    end: End,
    source: Source = None,
    limit: Limit = USUAL_ROWS,
    cursor: Cursor = "",
    clean: Clean = False,
    form: Form = "",
) -> HttpResponseBase:
    """JSON is `{"items": [canonical event, …], "next": cursor or null}`, at most 50,000 a page.

    CSV, Arrow and Parquet have the columns of the ticks table; the next page's cursor is in `Thor-Next` and `Link`.
    """
    wanted = _form(request, form)
    first, behind = _span(start, end)
    query = history.TickQuery(symbol, first, behind, source, _key(cursor), clean)
    most = min(limit, MOST_JSON_ROWS) if wanted == "json" else limit
    table, key = await _read(lambda: history.read_page(settings.CONFIGURATION, query, most))
    following = None if key is None else _cursor(key)
    if wanted == "json":
        return _json_page(await _read(lambda: _events(table)), following)
    return _table(request, table, wanted, following)


@router.get("/trades.arrow", summary="Flowsurface: trades with their side, as an Arrow stream")
async def trades_arrow(
    request: ASGIRequest,
    *,
    venue: Annotated[str, Query(min_length=1, max_length=16, description="A source, such as `tos`.")],
    symbol: Annotated[str, Query(min_length=1, max_length=32, description="One symbol, in any case.")],
    first: Annotated[Millisecond, Query(alias="from", description="First millisecond since 1970, UTC.")],
    last: Annotated[Millisecond, Query(alias="to", description="Last millisecond, itself included.")],
    market: Annotated[str, Query(max_length=32, description="Not looked at: a symbol has one market.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="About how many ticks are read.")] = 400_000,
) -> HttpResponseBase:
    """Columns `ts` (ms), `price`, `qty`, `is_sell`, which is inferred; a page never ends within a millisecond.

    Where the answer has no row there is nothing more: until then ask again from a millisecond behind the last one.
    """
    name = symbol.upper()
    if not re.match(SYMBOL_PATTERN, name):
        raise Problem(400, "bad_symbol", f"{symbol!r} is not a symbol.")
    span = _span(EPOCH + timedelta(milliseconds=first), EPOCH + timedelta(milliseconds=last + 1))
    query = history.TickQuery(name, *span, venue.upper())
    table = await _read(lambda: trades.read_trades(settings.CONFIGURATION, query, limit))
    return _table(request, table, "arrow", None)


@router.get("/asof", response=HistoryTicks, summary="The quote of each symbol as it was at an instant")
async def as_of(
    request: ASGIRequest,
    *,
    symbols: Annotated[str, Query(min_length=1, max_length=8_192, description="Symbols, separated by commas.")],
    at: Annotated[datetime, Query(description="The instant, ISO 8601 with a zone.")],
    source: Source = None,
    form: Form = "",
) -> HttpResponseBase:
    """The last tick at or before the instant, at most 40 days before it; symbols without one are not in the answer."""
    wanted = _form(request, form)
    names = [name for name in symbols.split(",") if name]
    if len(names) > MOST_SYMBOLS:
        raise Problem(400, "too_many_symbols", f"At most {MOST_SYMBOLS} symbols can be asked for at once.")
    for name in names:
        if not re.match(SYMBOL_PATTERN, name):
            raise Problem(400, "bad_symbol", f"{name[:40]!r} is not a symbol.")
    instant = _aware("at", at)

    def read() -> pa.Table:
        found = [history.as_of(settings.CONFIGURATION, name, instant, source) for name in names]
        return pa.concat_tables(found) if found else history.HISTORY_SCHEMA.empty_table()

    table = await _read(read)
    if wanted == "json":
        return _json_page(await _read(lambda: _events(table)), None)
    return _table(request, table, wanted, None)


@router.get("/bars", response=HistoryBars, summary="Open, high, low, close, volume and average by interval")
async def bars(
    request: ASGIRequest,
    *,
    symbol: Symbol,
    start: Start,
    end: End,
    interval: Interval = "1m",
    source: Source = None,
    clean: Clean = False,
    form: Form = "",
) -> HttpResponseBase:
    """Bars of every tick with a last. The first and the last may be parts of one, as the span cuts them."""
    wanted = _form(request, form)
    query = history.TickQuery(symbol, *_span(start, end), source, None, clean)
    interval_us = _interval(interval)
    if (query.end - query.start) / timedelta(microseconds=interval_us) > MOST_BARS:
        raise Problem(
            400, "too_many_bars", f"At most {MOST_BARS} bars can be asked for at once: a longer interval, or less."
        )
    table = await _read(lambda: summaries.bars(settings.CONFIGURATION, query, interval_us))
    return _rows(request, table, wanted)


@router.get("/vwap", response=AveragePrice, summary="The volume-weighted average price of a span")
async def vwap(
    request: ASGIRequest,
    *,
    symbol: Symbol,
    start: Start,
    end: End,
    source: Source = None,
    clean: Clean = False,
) -> HttpResponseBase:
    """One number over the whole span, with the volume and events behind it; null where nothing was traded."""
    query = history.TickQuery(symbol, *_span(start, end), source, None, clean)
    return _document(await _read(lambda: summaries.vwap(settings.CONFIGURATION, query)))


@router.get("/coverage", response=Coverage, summary="Which dates of which symbols are kept, and where")
async def coverage(
    request: ASGIRequest,
    *,
    symbol: Annotated[str | None, Query(pattern=SYMBOL_PATTERN, description="Only this symbol.")] = None,
    first: Annotated[TradeDate | None, Query(alias="from", description="First trade date.")] = None,
    last: Annotated[TradeDate | None, Query(alias="to", description="Last trade date.")] = None,
    form: Form = "",
) -> HttpResponseBase:
    """A row a partition of the lake, and one a date that has ticks in Postgres which the lake has not as they are."""
    wanted = _form(request, form)
    table = await _read(lambda: summaries.coverage(settings.CONFIGURATION, symbol, first, last))
    return _rows(request, table, wanted)


@router.get("/quality", response=QualityList, summary="What the quality checks found")
async def quality(
    request: ASGIRequest,
    *,
    symbol: Annotated[str | None, Query(pattern=SYMBOL_PATTERN, description="Only this symbol.")] = None,
    first: Annotated[TradeDate | None, Query(alias="from", description="First trade date.")] = None,
    last: Annotated[TradeDate | None, Query(alias="to", description="Last trade date.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Most reports of a page.")] = 100,
    cursor: Cursor = "",
) -> HttpResponseBase:
    """Reports, newest trade date first: rows, a count for each check, and the first silences."""
    items, following = await _read(
        lambda: records.quality_page(
            settings.CONFIGURATION, symbol=symbol, first=first, last=last, limit=limit, after=_place(cursor)
        )
    )
    return _document({"items": items, "next": following})


@router.get("/exports", response=ExportList, summary="Exports, newest first")
async def exports(
    request: ASGIRequest,
    *,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Most runs of a page.")] = 100,
    cursor: Cursor = "",
) -> HttpResponseBase:
    """Each run with its counts and checksum, or with what went wrong."""
    items, following = await _read(
        lambda: records.exports_page(settings.CONFIGURATION, limit=limit, after=_place(cursor))
    )
    return _document({"items": items, "next": following})


def _events(table: pa.Table) -> list[bytes]:
    """Each row as a canonical event."""
    try:
        return Ticks.from_arrow(table).to_events().to_json()
    except EventError as error:
        raise StorageError("bad_query", f"a stored row is no event ({error}): ask for csv, arrow or parquet") from error


def _json_page(items: list[bytes], following: str | None) -> HttpResponseBase:
    def pieces() -> Iterator[bytes]:
        yield b'{"items":['
        for at in range(0, len(items), 2_000):
            yield (b"," if at else b"") + b",".join(items[at : at + 2_000])
        yield b'],"next":%b}' % json.dumps(following).encode()

    return _streamed(pieces(), FORMATS["json"], following)


def _rows(request: ASGIRequest, table: pa.Table, form: str) -> HttpResponseBase:
    if form == "json":
        return _json_page([json_row(row) for row in table.to_pylist()], None)
    return _table(request, table, form, None)


def _table(request: ASGIRequest, table: pa.Table, form: str, following: str | None) -> HttpResponseBase:
    codec = choose_codec(request.headers.get("Accept", "")) if form == "arrow" else None
    content_type = FORMATS[form] if codec is None else f"{FORMATS[form]}; codecs={codec}"
    answer = _streamed(write_table(table, form, codec), content_type, following)
    if following is not None:
        query = urlencode({**request.GET.dict(), "cursor": following})
        answer["Link"] = f'<{request.path}?{query}>; rel="next"'
    return answer


def _streamed(pieces: Iterator[bytes], content_type: str, following: str | None) -> StreamingHttpResponse:
    async def body() -> AsyncIterator[bytes]:
        # Made in a thread, for a piece takes some milliseconds.
        while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
            yield piece

    answer = StreamingHttpResponse(body(), content_type=content_type, headers={"Cache-Control": "no-store"})
    answer["Vary"] = "Accept"
    if following is not None:
        answer["Thor-Next"] = following
    return answer


def _document(document: Any) -> HttpResponse:
    return HttpResponse(json_row(document), content_type=FORMATS["json"], headers={"Cache-Control": "no-store"})


def _form(request: ASGIRequest, named: str) -> str:
    found = choose_format(request.headers.get("Accept", ""), named)
    if found is None:
        raise Problem(406, "not_acceptable", f"There is JSON, CSV, Arrow and Parquet: {', '.join(FORMATS.values())}.")
    return found


def _span(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    first, behind = _aware("start", start), _aware("end", end)
    if first >= behind:
        raise Problem(400, "bad_span", "The end must lie behind the start.")
    if behind - first > LONGEST_SPAN:
        raise Problem(400, "bad_span", f"At most {LONGEST_SPAN.days} days can be asked for at once.")
    return first, behind


def _interval(text: str) -> int:
    found = INTERVAL.fullmatch(text)
    if found is None or int(found[1]) == 0:
        raise Problem(400, "bad_interval", f"{text!r} is no interval: a number and ms, s, m, h or d.")
    return int(found[1]) * UNITS_US[found[2]]


def _cursor(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place, default=str).encode()).decode().rstrip("=")


def _place(cursor: str) -> list[Any] | None:
    """What a cursor holds. Raises Problem for one that was not given out."""
    if not cursor:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        place = None
    if not isinstance(place, list):
        raise Problem(400, "bad_cursor", "This cursor was not given out here.")
    return place


def _key(cursor: str) -> history.Key | None:
    match _place(cursor):
        case None:
            return None
        case [str() as ts, int() | None as seq, str() as source]:
            try:
                return _aware("cursor", datetime.fromisoformat(ts)), seq, source
            except ValueError:
                pass
    raise Problem(400, "bad_cursor", "This cursor was not given out here.")
