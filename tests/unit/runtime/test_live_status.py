"""The live table tells states, rates and ages, and what cannot be reached."""

import io
import time

from rich.console import Console

from thor_web.runtime.live_status import live_table


def drawn(document: dict[str, object], before: dict[str, object] | None = None) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(live_table(document, before))
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def test_the_table_shows_what_changed() -> None:
    def document(added: int) -> dict[str, object]:
        return {
            "running": True,
            "pid": 7,
            "web_url": "http://127.0.0.1:8000",
            "rejects": 3,
            "ticks": {"rows": 28_003},
            "processes": {"ingestor": {"state": "ingesting", "events": "12", "time_ms": str(time.time() * 1_000)}},
            "streams": {
                # Trimmed at its other end, it grows by what is added.
                "quotes:stream:TOS": {
                    "length": 50,
                    "added": added,
                    "groups": {"quotes:cgrp:ingest": {"lag": 4, "pending": 1}},
                }
            },
            "symbols": {"ES": {"active_source": "TOS", "age_ms": 1_500}, "VX": {"active_source": None, "age_ms": None}},
            "faults": {"postgres": "it is away"},
        }

    text = drawn(document(110), document(100))
    for piece in (
        "pid 7",
        "28,003 ticks",
        "3 rejects",
        "ingesting",
        "+10",
        "ingest 4, 1",
        "1.5 s",
        "postgres: it is away",
    ):
        assert piece in text, piece
    assert "+0" in drawn(document(110))
