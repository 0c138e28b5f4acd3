"""The client that waits."""

import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

from thor_client import _requests as ask
from thor_client._errors import StreamCut, ThorApiError, ThorUnreachable
from thor_client._events import EventReader, StreamEvent

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Thor"]

SILENCE_S: Final = 30.0
"""The server sends a heartbeat every 10 s: a stream that is silent for longer is cut."""
RUN_ASKED_S: Final = 0.5


class Thor:
    """A running Thor at `url`. `key` is a key of `thor key add`, needed where strangers are turned away."""

    def __init__(self, url: str = "http://127.0.0.1:8000", *, key: str | None = None, timeout_s: float = 30.0) -> None:
        self._client = httpx.Client(base_url=url, headers=ask.headers_of(key), timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def quotes(self, *symbols: str) -> list[dict[str, Any]]:
        """The newest quote of each symbol, of all where none is named, in display order, with age and signal."""
        found: list[dict[str, Any]] = self._get("/api/quotes", {"symbols": ",".join(symbols)} if symbols else {}).json()
        return found

    def session(self, market: str = "") -> dict[str, Any]:
        """What a market (or the market of a symbol) is doing now."""
        found: dict[str, Any] = self._get("/api/session", {"market": market} if market else {}).json()
        return found

    def stream(
        self,
        *symbols: str,
        after: str | None = None,
        conflate: float | None = None,
        enrich: bool = False,
        patience_s: float = 60.0,
    ) -> Iterator[StreamEvent]:
        """Every event as it comes, without end; after a cut it goes on behind the last one, each event once.

        `after` is the id of an event that is known already. Raises StreamCut when the server stays away longer than
        `patience_s`, ThorApiError when it refuses for good.
        """
        query = ask.stream_query(symbols, conflate, enrich=enrich)
        reader, seen_at = EventReader(), time.monotonic()
        while True:
            wait_s = reader.retry_s
            try:
                for event in self._follow(query, after, reader := EventReader()):
                    after, seen_at = event.id or after, time.monotonic()
                    yield event
            except ThorApiError as error:
                if error.status not in {429, 502, 503, 504}:
                    raise
                wait_s = float(error.retry_after_s or wait_s)
            except httpx.TransportError:
                pass
            if time.monotonic() - seen_at > patience_s:
                raise StreamCut(f"the stream could not be taken up again within {patience_s:g} s")
            time.sleep(wait_s)

    def history(
        self, symbol: str, start: datetime, end: datetime, *, source: str | None = None, clean: bool = False
    ) -> "pl.DataFrame":
        """Every tick of a symbol in [start, end) as a frame with the columns of the ticks table, in order, by Arrow.

        Instants need a zone. `clean` leaves out what a quality check spoils.
        """
        pages, cursor = [], None
        while True:
            query = ask.history_query(symbol, start, end, source, cursor, clean=clean)
            answer = self._get("/api/thordata/ticks", query, accept=ask.ARROW)
            pages.append(ask.frame_of(answer.content))
            cursor = answer.headers.get("thor-next")
            if cursor is None:
                return ask.joined(pages)

    def backtest(
        self,
        strategy: str,
        *,
        symbols: tuple[str, ...] | list[str],
        start: date,
        end: date,
        parameters: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        patience_s: float = 3_600.0,
    ) -> dict[str, Any]:
        """Ask for a run, wait for it, and give its whole result. Needs a key with the scopes read and backtest.

        Raises ThorApiError with the run's own code where it fails, TimeoutError when it takes longer than `patience_s`.
        """
        body = ask.run_body(strategy, symbols, (start, end), parameters, options)
        run = self._checked(self._client.post("/api/thordata/backtest/runs", json=body)).json()
        path = f"/api/thordata/backtest/runs/{run['id']}"
        deadline = time.monotonic() + patience_s
        while run["finished_at"] is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"run {run['id']} is {run['state']} after {patience_s:g} s")
            time.sleep(RUN_ASKED_S)
            run = self._get(path).json()
        result: dict[str, Any] = self._get(f"{path}/result").json()
        return result

    def _follow(self, query: dict[str, str], after: str | None, reader: EventReader) -> Iterator[StreamEvent]:
        headers = {"Last-Event-ID": after} if after else {}
        limits = httpx.Timeout(10.0, read=SILENCE_S)
        with self._client.stream("GET", "/api/quotes/stream", params=query, headers=headers, timeout=limits) as answer:
            if not answer.is_success:
                answer.read()
            ask.checked(answer)
            for piece in answer.iter_raw():
                yield from reader.feed(piece)

    def _get(
        self, path: str, query: Mapping[str, str] | None = None, *, accept: str = "application/json"
    ) -> httpx.Response:
        try:
            return self._checked(self._client.get(path, params=query, headers={"Accept": accept}))
        except httpx.TransportError as error:
            raise ThorUnreachable(f"no Thor answers at {self._client.base_url}: {error}") from error

    @staticmethod
    def _checked(answer: httpx.Response) -> httpx.Response:
        return ask.checked(answer)
