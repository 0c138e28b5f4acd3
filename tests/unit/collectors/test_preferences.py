"""PREFERRED_SOURCES: which source stands for a symbol by configuration."""

import pytest

from collectors.instruments import Instruments
from collectors.preferences import PreferenceError, override_preferred

ROWS = {"ES": "TOS", "NQ": "TOS", "VX": "TOS", "DX": "TOS"}


def chosen(text: str, instruments: Instruments) -> dict[str, str]:
    return {symbol: source for symbol, source in override_preferred(ROWS, text, instruments).items() if symbol in ROWS}


@pytest.mark.parametrize("text", ["", "  ", ",,"])
def test_without_a_word_the_rows_stand(instruments: Instruments, text: str) -> None:
    assert override_preferred(ROWS, text, instruments) == ROWS


def test_a_source_alone_is_meant_for_every_symbol_that_it_has(instruments: Instruments) -> None:
    assert chosen("SCHWAB", instruments) == {"ES": "SCHWAB", "NQ": "SCHWAB", "VX": "TOS", "DX": "TOS"}


def test_a_source_that_calls_symbols_as_we_do_is_meant_for_all(instruments: Instruments) -> None:
    assert set(chosen("JSON", instruments).values()) == {"JSON"}


def test_a_symbol_s_own_word_comes_before_a_source_alone(instruments: Instruments) -> None:
    found = chosen("nq=tos, schwab, vx=json", instruments)
    assert found == {"ES": "SCHWAB", "NQ": "TOS", "VX": "JSON", "DX": "TOS"}


def test_a_symbol_beyond_the_registry_may_be_named(instruments: Instruments) -> None:
    assert override_preferred(ROWS, "BRK.B=SCHWAB", instruments)["BRK.B"] == "SCHWAB"


@pytest.mark.parametrize("text", ["ES=", "=SCHWAB", "ES:SCHWAB", "ES=SCH WAB", "ES=SCHWAB=TOS", "1", "é"])
def test_what_cannot_be_read_is_told_with_how_it_is_written(instruments: Instruments, text: str) -> None:
    with pytest.raises(PreferenceError, match="is written like"):
        override_preferred(ROWS, text, instruments)


@pytest.mark.parametrize("text", ["ES=SCHWAB,ES=TOS", "SCHWAB,TOS"])
def test_two_sources_for_one_symbol_are_refused(instruments: Instruments, text: str) -> None:
    with pytest.raises(PreferenceError, match="names both"):
        override_preferred(ROWS, text, instruments)
