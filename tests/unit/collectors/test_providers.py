"""Providers: chosen by configuration, told from the heartbeats, missing ones included."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.provider_health import read_providers
from collectors.providers import Provider, ProviderChoiceError, parse_providers

NOW = datetime(2025, 11, 26, 22, 0, 10, tzinfo=UTC)
TOS = {
    "state": "running",
    "kind": "excel_live",
    "mode": "live",
    "pid": "77",
    "events": "120",
    "rate": "11.5",
    "rejects": "2",
    "rejects_by_code": '{"bad_type": 2}',
    "last_event_ts": "2025-11-26T22:00:08.000000Z",
    "last_published_at": "2025-11-26T22:00:08.250000Z",
    "problem": "",
}
SCHWAB = {"state": "running", "kind": "schwab", "mode": "live", "problem": "The Schwab login expires in 2 h."}
PARTICULARS = {
    "state": "streaming",
    "login_expires_at": "2025-11-27T00:00:10.000Z",
    "connections": "3",
    "unknown": "/XX",
}


@pytest.mark.parametrize(
    ("text", "providers"),
    [
        ("", ()),
        ("none", ()),
        ("mock", (Provider("mock"),)),
        ("excel_live, schwab", (Provider("excel_live"), Provider("schwab"))),
        ("excel_live:RTD_TOS.xlsm", (Provider("excel_live", Path("RTD_TOS.xlsm")),)),
        ("replay:day.jsonl.gz", (Provider("replay", Path("day.jsonl.gz")),)),
        ("json:C:/quotes.json", (Provider("json", Path("C:/quotes.json")),)),
    ],
)
def test_the_configuration_names_providers(text: str, providers: tuple[Provider, ...]) -> None:
    assert parse_providers(text) == providers


@pytest.mark.parametrize("text", ["radio", "replay", "replay:", "schwab:x", "mock:x", "mock,mock", "excel_live:"])
def test_what_names_no_provider_is_refused(text: str) -> None:
    with pytest.raises(ProviderChoiceError):
        parse_providers(text)


def test_a_provider_tells_status_lag_rate_rejects_and_login() -> None:
    health = {"collector:TOS": TOS, "collector:SCHWAB": SCHWAB, "source:SCHWAB": PARTICULARS, "merger": {"state": "x"}}
    schwab, tos = read_providers(health, parse_providers("schwab,excel_live"), NOW)
    assert (tos.source, tos.kind, tos.status, tos.configured) == ("TOS", "excel_live", "live", True)
    assert (tos.lag_ms, tos.age_ms, tos.rate, tos.events) == (250, 1_750, 11.5, 120)
    assert (tos.rejects, tos.rejects_by_code, tos.problem) == (2, {"bad_type": 2}, None)
    assert (tos.login_expires_at, tos.login_expires_in_s) == (None, None)
    assert (schwab.login_expires_in_s, schwab.connections, schwab.unknown_symbols) == (7_200, 3, ["/XX"])
    assert schwab.problem == "The Schwab login expires in 2 h."


@pytest.mark.parametrize(
    ("fields", "own", "status"),
    [
        ({"state": "running", "last_published_at": "2025-11-26T22:00:08.000000Z"}, {}, "live"),
        ({"state": "running", "last_published_at": "2025-11-26T21:59:08.000000Z"}, {}, "quiet"),
        ({"state": "running"}, {}, "quiet"),
        ({"state": "waiting_for_redis"}, {}, "waiting_for_redis"),
        ({"state": "finished"}, {}, "finished"),
        ({"state": "running"}, {"state": "standby"}, "standby"),
        ({"state": "running"}, {"state": "login_needed"}, "login_needed"),
        ({}, {}, "missing"),
    ],
)
def test_the_status_is_one_word(fields: dict[str, str], own: dict[str, str], status: str) -> None:
    (found,) = read_providers({"collector:X": fields, "source:X": own}, (), NOW)
    assert (found.status, found.configured) == (status, False)


def test_a_configured_provider_without_a_heartbeat_is_missing_not_absent() -> None:
    tos, schwab = read_providers({"collector:TOS": TOS}, parse_providers("excel_live,schwab"), NOW)
    assert (tos.status, schwab.status, schwab.source) == ("live", "missing", "SCHWAB")


def test_figures_that_cannot_be_read_are_unknown() -> None:
    broken = {"state": "running", "events": "many", "rate": "x", "rejects_by_code": "{", "last_event_ts": "yesterday"}
    (found,) = read_providers({"collector:X": broken}, (), NOW)
    assert (found.events, found.rate, found.rejects_by_code, found.lag_ms) == (None, None, None, None)
