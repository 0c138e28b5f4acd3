"""The event's one table, in Rust, against everything else that names its fields."""

import re
from pathlib import Path

from thor_fast import ERROR_CODES, EVENT_FIELDS, QuoteEvent
from thor_web.futuretrading.schemas import QuoteRecord
from thor_web.thordata.services.lake_files import TICK_SCHEMA

ROOT = Path(__file__).parents[2]
NAMES = [name for name, *_ in EVENT_FIELDS]
COLUMNS = {"lastSize": "last_size", "bidSize": "bid_size", "askSize": "ask_size", "condition": "cond"}
IN_EXTRA = {"v", "venue", "meta"}
"""Fields without a column: the version is always 1, the others are in `extra`."""


def test_the_docs_name_every_field_once() -> None:
    section = (ROOT / "docs" / "contract.md").read_text().split("## 1.")[1].split("## 2.")[0]
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\|", section, flags=re.MULTILINE)
    documented = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(documented) == sorted(NAMES)


def test_a_record_begins_with_the_event() -> None:
    assert list(QuoteRecord.model_fields)[: len(NAMES)] == NAMES


def test_every_field_has_its_place_in_the_store() -> None:
    stored = {COLUMNS.get(name, name) for name in NAMES if name not in IN_EXTRA} | {"extra"}
    assert set(TICK_SCHEMA.names) == stored


def test_the_canonical_form_holds_every_field_in_order() -> None:
    body = QuoteEvent(symbol="ES", ts_us=0, source="TOS").to_json().decode()
    assert re.findall(r'"(\w+)":', body) == NAMES


def test_the_contract_s_error_codes_are_the_core_s() -> None:
    assert set(ERROR_CODES) == {
        "bad_json",
        "missing_field",
        "bad_type",
        "out_of_range",
        "bad_symbol",
        "bad_timestamp",
        "unknown_source",
        "unsupported_version",
        "duplicate_field",
        "too_large",
    }
