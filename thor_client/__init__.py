"""A client of a running Thor, for scripts and notebooks: quotes, streams that resume, history as Polars, backtests.

    from thor_client import Thor

    with Thor("http://127.0.0.1:8000") as thor:
        for quote in thor.quotes("ES", "ZB"):
            print(quote["symbol"], quote["display"]["last"])

`AsyncThor` is the same with `async with`, `await` and `async for`. Nothing of the server is imported.
"""

from thor_client._asynchronous import AsyncThor
from thor_client._errors import StreamCut, ThorApiError, ThorUnreachable
from thor_client._events import StreamEvent
from thor_client._synchronous import Thor

__all__ = ["AsyncThor", "StreamCut", "StreamEvent", "Thor", "ThorApiError", "ThorUnreachable"]
