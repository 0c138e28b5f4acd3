"""A market of 500 symbols behind the dashboard's paths, for measuring what a browser makes of it.

It stands for Thor's server and costs next to nothing: records are the real ones' bytes with other numbers, made before.
The first symbol's price is the time of its event in milliseconds, so that whoever reads the page sees how old what it
draws is, whatever the page is made of.
"""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

__all__ = ["CLOCK_MS", "PROBE", "Market", "serve"]

SYMBOLS: Final = [f"S{number:03d}" for number in range(500)]
PROBE: Final = SYMBOLS[0]
CLOCK_MS: Final = 10_000_000
"""The probe's price is the time modulo this."""
PRICES: Final = [str(6000 + turn / 4) for turn in range(997)]
FLUSH_S: Final = 0.005
"""Messages of single events leave in pieces of this length, as Thor's own do under load."""
CONTENT: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


class Market:
    """Events by symbol. The form of each symbol is made before; an event fills in what changes."""

    def __init__(self, events_per_s: int) -> None:
        self.events_per_s = events_per_s
        self._turn = 0
        self._enriched = _forms(_record("@SYMBOL"))
        self._plain = _forms(_event("@SYMBOL"))

    def record(self, symbol: str, at: float, instant: str, *, enrich: bool = True) -> str:
        """The symbol's event of an instant, seconds since 1970 and as text, with or without what is derived of it."""
        self._turn += 1
        price = PRICES[self._turn % len(PRICES)]
        values = {
            "at": instant,
            "id": f"{int(at * 1000)}-{self._turn}",
            "last": str(int(at * 1000) % CLOCK_MS) if symbol == PROBE else price,
            "price": price,
        }
        return (self._enriched if enrich else self._plain)[symbol] % values

    def newest(self, until: float) -> list[str]:
        """The newest record of every symbol at an instant, as a conflated client gets it."""
        gap = len(SYMBOLS) / self.events_per_s
        instant = _instant(until)
        return [
            self.record(symbol, until - gap * place / len(SYMBOLS), instant) for place, symbol in enumerate(SYMBOLS)
        ]

    def events(self, since: float, until: float, *, enrich: bool, symbols: Sequence[str] = SYMBOLS) -> list[str]:
        """Every event of a span, one symbol after the other."""
        first, behind = round(since * self.events_per_s), round(until * self.events_per_s)
        instant = _instant(until)
        return [
            self.record(symbols[step % len(symbols)], step / self.events_per_s, instant, enrich=enrich)
            for step in range(first, behind)
        ]

    def instruments(self) -> list[dict[str, Any]]:
        """The registry."""
        return [
            {"symbol": symbol, "name": f"Future {symbol}", "category": "Bench", "asset_class": "future",
             "exchange": "CME", "market": "GLOBEX", "tick": "0.25", "tick_value": "12.5", "multiplier": "50",
             "display": 2, "preferred_source": "TOS", "order": place, "watchlist": True, "unit": "points",
             "inverse": False, "weight": "1", "target": None, "stat_values": {}}
            for place, symbol in enumerate(SYMBOLS)
        ]  # fmt: skip


def _record(symbol: str) -> str:
    """A record as Thor writes it, with places for what changes."""
    price = 6710.25
    figures = {"open": 6701.5, "high": 6719.25, "low": 6001.25, "close": 6699.25}
    record = {
        "v": 1, "symbol": symbol, "ts": "@AT", "source": "TOS", "last": price, "bid": price, "ask": price + 0.25,
        "lastSize": 1, "bidSize": 125, "askSize": 20, "seq": 473, "condition": None, "venue": "CME",
        "meta": figures | {"precision": 2, "volume": 673604, "netChange": 11.0, "high52": 6953.75, "low52": 4832},
        "active_source": "TOS", "updated_at": "@AT", "id": "@ID", "stale_after_ms": 5000, "marks": [],
        "display": {"last": "@LAST"} | dict.fromkeys(
            ("bid", "ask", "change", "change_percent", "mark", "open_change", "open_change_percent"), "6710.25")
        | dict.fromkeys(
            ("spread", "open", "high", "low", "close", "vwap", "vwap_30m", "session_high", "session_low",
             "session_range", "high_24h", "low_24h", "range_24h", "high_52w", "low_52w"), "6701.50"),
        "change": 11.0, "signal": "BUY", "stat_value": 1.0, "contract_weight": 1.0, "signal_weight": 1,
        "change_percent": 0.16, "open_change": 6.0, "open_change_percent": 0.09, "range_position": 0.3, "spread": 0.25,
        "spread_ticks": 1.0, "spread_percent": 0.0037, "mark": price, "tick_value": 12.5, "contract_value": 335537.5,
        "contract": None, "config_version": 1,
        "session": {"trade_date": "2026-11-24", "since": "@AT", "as_of": "@AT", "volume": 417, "vwap": 6701.5,
                    "vwap_30m": 6701.5, "high_24h": 6719.25, "low_24h": 6001.25, "roll": None, "bar": None} | figures,
        "week52": {"origin": "source", "high": 6953.75, "low": 4832.0, "above_low": 1878.75, "below_high": 243.0},
    }  # fmt: skip
    return json.dumps(record, separators=(",", ":"))


def _event(symbol: str) -> str:
    """A canonical event as the stream has it without enrichment."""
    record = json.loads(_record(symbol))
    last = list(record).index("active_source")
    return json.dumps(dict(list(record.items())[: last + 1]) | {"last": "@LAST"}, separators=(",", ":")).replace(
        '"@LAST"', "@LAST"
    )


def _forms(form: str) -> dict[str, str]:
    """For each symbol a text with `%(…)s` where something changes."""
    named = {"@AT": "%(at)s", "@ID": "%(id)s", "@LAST": "%(last)s", "6710.25": "%(price)s"}
    for mark, name in named.items():
        form = form.replace(mark, name)
    return {symbol: form.replace("@SYMBOL", symbol) for symbol in SYMBOLS}


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def serve(market: Market, folders: dict[str, Path], port: int) -> None:
    """Answer until cancelled: files below the prefixes of `folders`, and the dashboard's API."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                target = line.split()[1].decode()
                while (await reader.readline()).strip():
                    pass
                if target.startswith("/api/quotes/stream"):
                    await _stream(market, writer, parse_qs(target.partition("?")[2]))
                else:
                    _send(writer, *_content(market, folders, target.partition("?")[0]))
                    await writer.drain()
        except (ConnectionError, IndexError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def _content(market: Market, folders: dict[str, Path], path: str) -> tuple[str, bytes]:
    answers: dict[str, Callable[[], Any]] = {
        "/api/instruments": market.instruments,
        "/api/quotes": lambda: json.loads(f"[{','.join(market.newest(time.time()))}]"),
        "/api/session": lambda: [
            {"is_open": True, "market": "GLOBEX", "title": "CME Globex", "now": _instant(time.time()),
             "next_transition_at": None, "holiday": None, "phase": "open", "trade_date": "2026-11-24"}
        ],
        "/api/bars": lambda: {"bars": [], "before": None},
        "/api/signals/history": lambda: {"items": [], "next": None},
        "/api/markets/GLOBEX/calendar": lambda: {"market": "GLOBEX", "time_zone": "America/Chicago", "days": []},
    }  # fmt: skip
    if path.startswith("/api/"):
        return "application/json", json.dumps(answers.get(path, list)()).encode()
    for prefix, folder in folders.items():
        file = folder / path.removeprefix(prefix)
        if path.startswith(prefix) and file.is_file():
            return CONTENT.get(file.suffix, "application/octet-stream"), file.read_bytes()
    return CONTENT[".html"], (folders["/static/"] / "index.html").read_bytes()


def _send(writer: asyncio.StreamWriter, kind: str, body: bytes) -> None:
    writer.write(
        b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n" % (kind.encode(), len(body)) + body
    )


async def _stream(market: Market, writer: asyncio.StreamWriter, query: dict[str, list[str]]) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
    conflated, enrich = "conflate" in query, "enrich" in query
    symbols = query.get("symbols", [""])[0].split(",") if "symbols" in query else SYMBOLS
    period = 0.05 if conflated else FLUSH_S
    told = time.time()
    while True:
        await asyncio.sleep(max(0.0, told + period - time.time()))
        now = time.time()
        if conflated:
            text = f"event: quotes\nid: {int(now * 1000)}-0\ndata: [{','.join(market.newest(now))}]\n\n"
        else:
            events = market.events(told, now, enrich=enrich, symbols=symbols)
            text = "".join(f"event: quote\ndata: {event}\n\n" for event in events)
        told = now
        writer.write(text.encode())
        await writer.drain()
